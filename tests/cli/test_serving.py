"""`interplane serve` and `interplane token`: from a live crossing to an answer over HTTP."""

import http.client
import json
import signal
import stat
from contextlib import contextmanager

import pytest

from interplane.cli.serve import server_settings
from interplane.project.project import Project


@contextmanager
def serving(folder, *words, as_json=True):
    """Serve a project at a free port; yield what it says and a function that asks."""
    words = ("serve", "--port", "0", "--grace-s", "0", *words, *(["--json"] if as_json else []))
    process = folder.begin(*words)
    try:
        line = process.stdout.readline()
        said = json.loads(line) if as_json and line else line

        def ask(method, path, body=None, **fields):
            connection = http.client.HTTPConnection("127.0.0.1", said["port"], timeout=20)
            headers = {"Content-Type": "application/json", **fields}
            connection.request(method, path, json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            text = answer.read()
            connection.close()
            return answer.status, json.loads(text)

        yield said, ask
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(40), process.stderr.read()
    finally:
        process.kill()
        process.communicate()


ROW = {
    "ride": "r1",
    "began_at": "2026-01-05T10:00:00Z",
    "zone": "north",
    "miles": 2.5,
    "payment": "card",
}


def test_what_is_live_answers_over_http(finished):
    """It says where it listens and what is live, and ends when it is told to."""
    with serving(finished) as (said, ask):
        assert f"http://127.0.0.1:{said['port']}" == said["url"]
        live = said["models"]["rides"]
        assert "rides@1" == live["name"]
        assert (200, {"ready": True}) == ask("GET", "/readyz")
        status, schema = ask("GET", "/v1/models/rides/schema")
        assert 200 == status
        row = {name: ROW[name] for name in schema["properties"] if name in ROW}
        status, answer = ask("POST", "/v1/models/rides/predict", {"row": row})
        assert 200 == status, answer
        assert ("rides@1", live["crossing"]) == (answer["model"], answer["crossing"])
        assert isinstance(answer["score"], float)
        status, answer = ask("POST", "/v1/models/rides/predict", {"row": {"zone": 1}})
        assert 422 == status, answer


def test_people_are_told_where_and_what(finished):
    """In words, with the path to ask at."""
    with serving(finished, as_json=False) as (line, _):
        assert line.startswith("Listening at http://127.0.0.1:")
        assert line.endswith("with 1 worker. Ctrl-C ends it.\n")


def test_a_model_that_is_not_there_is_said(finished):
    """Before anything is served, and with the nearest name."""
    result = finished.process("serve", "ridse", "--port", "0")
    assert 0 != result.code
    assert "ridse" in result.err
    assert "Traceback" not in result.err


def test_another_address_needs_a_token(finished):
    """The message says how to make one."""
    result = finished.process("serve", "--host", "0.0.0.0", "--port", "0")
    assert 2 == result.code
    assert 'Make one with "interplane token add NAME"' in result.err


def test_a_server_with_a_token_answers_who_has_it(finished):
    """`interplane token` is where it comes from."""
    made = finished.must("token", "add", "ci", "--json").json
    assert ["predict", "push", "read"] == made["may"]
    with serving(finished, "--require-token") as (said, ask):
        assert said["needs_token"] is True
        assert 401 == ask("GET", "/v1/models")[0]
        assert 200 == ask("GET", "/v1/models", Authorization=f"Bearer {made['token']}")[0]


def test_tokens_are_made_listed_and_revoked(finished):
    """The token itself is shown once, alone on standard output."""
    added = finished.must("token", "add", "ci", "--may", "predict")
    token = added.out.strip()
    assert token.startswith("ipt_")
    assert "this is the only time it is shown" in added.err
    listed = finished.must("token", "list")
    assert token not in listed.out
    assert "in effect" in listed.out
    assert "predict" in listed.out
    again = finished("token", "add", "ci")
    assert 2 == again.code
    assert "there is a token 'ci' already" in again.err
    assert "The token 'ci' is revoked\n" == finished.must("token", "revoke", "ci").out
    (entry,) = finished.must("token", "list", "--json").json
    assert {"name", "may", "role", "made", "revoked"} == set(entry)
    assert entry["revoked"]
    path = finished.root / ".interplane" / "tokens.json"
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_no_token_yet_says_how_to_make_one(finished):
    """And one that is not there cannot be revoked."""
    assert 'Make one with "interplane token add NAME"' in finished.must("token", "list").out
    assert 2 == finished("token", "revoke", "ci").code


@pytest.mark.parametrize(
    "words",
    [
        *(("--port", "70000"), ("--workers", "0"), ("--grace-s", "-1"), ("--body-limit", "0")),
        *(("--log-sync-ms", "-1"), ("--port", "x")),
    ],
)
def test_options_that_cannot_be_are_refused(words, finished):
    """As wrong usage."""
    assert 2 == finished("serve", *words).code


def test_options_become_settings(finished):
    """Each where it belongs."""
    settings = server_settings(
        Project.find(finished.root),
        ("rides",),
        replay=True,
        log_sync_ms=0,
        body_limit=5,
        allow_host=("models.example",),
        port=1,
        workers=3,
    )
    assert (("rides",), True, 0) == (
        settings.opening.models,
        settings.opening.replay,
        settings.opening.log_sync_ms,
    )
    assert (5, ("models.example",), 1, 3) == (
        settings.limits.body_bytes,
        settings.allow_hosts,
        settings.port,
        settings.workers,
    )
    assert str(finished.root / ".interplane" / "tokens.json") == settings.tokens
    assert [
        ("interplane.project.compactor", str(finished.root)),
        ("interplane.project.shadow", str(finished.root)),
    ] == [words[-2:] for words in settings.companions]
