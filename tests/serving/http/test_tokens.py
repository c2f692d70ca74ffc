"""Tokens: kept as digests, for what they permit, and without effect once revoked."""

import json
import os
import stat

import pytest
from raw_client import predict, request

from interplane.errors import StorageError, UnknownName, UsageError
from interplane.serving.tokens import FORMAT, TokenFile, TokenWatch

NOW = "2026-11-25T10:00:00.000000Z"


@pytest.fixture
def file(tmp_path):
    """Return a file of tokens, without one yet."""
    return TokenFile(tmp_path / "tokens.json", now=lambda: NOW)


def bearer(token):
    return f"Bearer {token}".encode()


def test_a_token_permits_what_it_is_for(file):
    """And nothing else; all if nothing is said."""
    every, some = file.add("every"), file.add("some", may=["read", "push"])
    watch = TokenWatch(file.path)
    for permission, permitted in (("predict", False), ("push", True), ("read", True)):
        assert watch.permits(bearer(every), permission) is True
        assert watch.permits(bearer(some), permission) is permitted
    assert [("predict", "push", "read"), ("push", "read")] == [item.may for item in file.list()]


def test_the_file_holds_no_token_and_is_its_owners(file):
    """Only a digest, which the token cannot be found from."""
    token = file.add("ci")
    assert token.startswith("ipt_")
    assert len(token.split("_", 2)[2]) >= 20
    text = file.path.read_text()
    assert token not in text
    assert token.split("_", 2)[2] not in text
    assert 0o600 == stat.S_IMODE(file.path.stat().st_mode)
    assert [] == [path for path in file.path.parent.iterdir() if path.suffix == ".new"]


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token[:-1],
        lambda token: token + "x",
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: token.upper(),
        lambda token: "",
        lambda token: f"{token} {token}",
        lambda token: token[:16],
        lambda token: "ipt_000000000000_" + token[17:],
    ],
)
def test_what_is_not_the_whole_token_is_none(change, file):
    """Not by one character."""
    changed = change(file.add("ci"))
    assert TokenWatch(file.path).permits(bearer(changed), "read") is None


@pytest.mark.parametrize(
    "form", ["{}", "Basic {}", "Bearer", "Token {}", "", "Bearer\t{}", "Bearer{}"]
)
def test_a_header_that_is_no_bearer_is_no_token(form, file):
    """Whatever else is in it."""
    header = form.format(file.add("ci")).encode()
    assert TokenWatch(file.path).permits(header, "read") is None
    assert TokenWatch(file.path).permits(None, "read") is None


def test_a_revoked_token_has_no_effect_after_the_next_look(file):
    """It stays in the list; its name may be used again."""
    old = file.add("ci")
    watch = TokenWatch(file.path)
    assert watch.permits(bearer(old), "read")
    assert NOW == file.revoke("ci").revoked
    assert watch.refresh() is None
    assert watch.permits(bearer(old), "read") is None
    new = file.add("ci")
    assert watch.refresh() is None
    assert watch.permits(bearer(old), "read") is None
    assert watch.permits(bearer(new), "read")
    assert [NOW, None] == [item.revoked for item in file.list()]


def test_a_name_has_one_token_with_effect(file):
    """Otherwise nobody knew which one to revoke."""
    file.add("ci")
    with pytest.raises(UsageError, match="there is a token 'ci' already"):
        file.add("ci")
    with pytest.raises(UsageError, match="cannot name a token"):
        file.add("../ci")
    with pytest.raises(UsageError, match="would permit nothing"):
        file.add("other", may=[])


def test_revoking_what_is_not_there_names_what_is(file):
    """A revoked one is not there."""
    file.add("nightly")
    file.add("old")
    file.revoke("old")
    with pytest.raises(UnknownName, match="Did you mean 'nightly'"):
        file.revoke("nihgtly")
    with pytest.raises(UnknownName, match="Known: nightly"):
        file.revoke("old")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "damaged"),
        ("{}", "damaged"),
        ('{"format": 1, "tokens": [{"id": 1}]}', "damaged"),
        (f'{{"format": {FORMAT + 1}, "tokens": []}}', "newer Interplane"),
    ],
)
def test_a_file_that_cannot_be_read_lets_nobody_in(text, word, file):
    """And says so once, not at every look."""
    token = file.add("ci")
    watch = TokenWatch(file.path)
    file.path.write_text(text)
    os.utime(file.path, ns=(1, 1))
    assert word in watch.refresh()
    assert watch.refresh() is None
    assert watch.permits(bearer(token), "read") is None
    with pytest.raises(StorageError, match=word):
        file.list()


def test_a_file_that_is_removed_lets_nobody_in(file):
    """It is a way to revoke everything."""
    token = file.add("ci")
    watch = TokenWatch(file.path)
    file.path.unlink()
    assert "No such file" in watch.refresh()
    assert watch.refresh() is None
    assert watch.permits(bearer(token), "read") is None
    assert () == file.list()


def test_a_server_that_asks_for_tokens_answers_nobody_else(start, tmp_path, wait_until):
    """Except whether it lives and is ready. A revoked token has no effect on open connections."""
    file = TokenFile(tmp_path / "tokens.json", now=lambda: NOW)
    token, reader = file.add("ci"), file.add("reader", may=["read"])
    server = start(require_token=True, tokens=str(file.path))
    assert server.said["needs_token"] is True
    with_token = [("Authorization", f"Bearer {token}")]
    for path in ("/livez", "/readyz"):
        assert 200 == server.get(path).status
    for path in ("/metrics", "/v1/models", "/v1/models/flights", "/openapi.json"):
        refused = server.get(path)
        assert (401, "token") == (refused.status, refused.code)
        assert "Bearer" == refused.fields["www-authenticate"]
        assert 200 == server.get(path, fields=with_token).status
    # Whether there is such a model is not for everybody to know.
    for model in ("flights", "nothing"):
        assert 401 == server.ask(predict(path=f"/v1/models/{model}/predict")).status
    forbidden = server.ask(predict(fields=[("Authorization", f"Bearer {reader}")]))
    assert (403, "forbidden") == (forbidden.status, forbidden.code)
    pushed = request("POST", "/v1/sources/s/events", b"[]", fields=with_token)
    assert 200 == server.ask(pushed).status
    with server.connect() as client:
        assert 200 == client.ask(predict(fields=with_token)).status
        file.revoke("ci")
        wait_until(lambda: server.ask(predict(fields=with_token)).status == 401, what="no effect")
        assert 401 == client.ask(predict(fields=with_token)).status
    later = [("Authorization", f"Bearer {file.add('later')}")]
    wait_until(lambda: server.ask(predict(fields=later)).status == 200, what="the new token")
    file.path.write_text("?")
    wait_until(lambda: server.ask(predict(fields=later)).status == 401, what="nobody let in")
    wait_until(lambda: server.log("tokens-unreadable"), what="a word about it")


@pytest.mark.parametrize("options", [{"require_token": True}, {"host": "0.0.0.0"}])
def test_a_server_that_needs_a_token_and_has_none_does_not_start(options, start):
    """It says how to make one."""
    server = start(**options)
    assert 2 == server.wait()
    error = server.said["error"]
    assert "usage" == error["code"]
    assert error["do"].startswith('Make one with "interplane token add NAME"')


def test_a_server_of_every_address_answers_for_addresses_and_names_that_it_was_told(
    start, tmp_path
):
    """With a token; a name that it was not told may be another site's."""
    file = TokenFile(tmp_path / "tokens.json", now=lambda: NOW)
    fields = [("Authorization", f"Bearer {file.add('ci')}")]
    server = start(host="0.0.0.0", tokens=str(file.path), allow_hosts=("models.example",))
    assert 401 == server.ask(predict()).status
    for host, status in (("10.1.2.3:80", 200), ("models.example", 200), ("evil.example", 421)):
        raw = request("GET", "/v1/models", host=host, fields=fields)
        assert status == server.ask(raw).status


def test_tokens_are_listed_as_json_without_their_digests(file):
    """The file has a form of its own, with a number."""
    file.add("ci")
    assert FORMAT == json.loads(file.path.read_text())["format"]
