"""What is done on pages: by whom it may be, in whose name it stands on record, what is refused."""

import json
import shutil
import subprocess
import sys
from urllib.parse import urlencode

import pytest

from interplane.project.project import Project
from interplane.serving.tokens import TOKENS
from interplane.web.access.roles import permitted
from interplane.web.actions import ACTIONS

from .conftest import served

FORM = "application/x-www-form-urlencoded"
SAID = {"reason": "tried"}


def act(pages, path, said, *, role="operator", **headers):
    """Say something to an action as a program does."""
    headers = {"Content_Type": "application/json", **headers}
    return pages.ask(path, method="POST", role=role, body=json.dumps(said), **headers)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
@pytest.mark.parametrize("role", [None, "nobody", "viewer", "contributor", "operator", "admin"])
def test_who_may(pages, action, role):
    """Each role, each action, at what is not there: nobody without the permission gets so far."""
    path = action.path.format(model="trips", number="9", alert="f" * 12)
    known = role if role in {"viewer", "contributor", "operator", "admin"} else None
    answer = act(pages, path, SAID, role=role, Origin=pages.url)
    wanted = 404 if permitted(known, action.permission) else 401 if known is None else 403
    assert wanted == answer.status, answer


def test_deploying_and_taking_back(pages, root):
    """By a form; then it stands on record under the name of the token, with the reason."""
    path, body = "/models/rides/2/deploy", urlencode({"reason": "by <b>hand</b>", "kind": "live"})
    form = {"Content_Type": FORM, "Origin": pages.url}
    done = pages.ask(path, method="POST", role="operator", body=body, **form)
    assert (303, "/models/rides") == (done.status, done.headers["location"])
    line = Project.find(root).deployments("rides")[-1]
    assert ("operator", "by <b>hand</b>") == (line.actor, line.reason)
    assert "by &lt;b&gt;hand&lt;/b&gt;" in pages.ask("/models/rides").body
    back = act(pages, "/models/rides/rollback", {"reason": "not yet"})
    assert (200, "rides@1 is live") == (back.status, back.json["said"])
    shown = pages.ask("/models/rides.json").json["spans"][0]
    assert ("rides@1", "operator", "not yet") == (shown["live"], shown["actor"], shown["reason"])


def test_a_canary_is_promoted(pages):
    """Beside what is live, then in its place; then all is as it was."""
    said = {"reason": "carefully", "kind": "canary", "share": 0.25}
    assert 200 == act(pages, "/models/rides/2/deploy", said).status
    now = pages.ask("/models/rides.json").json["spans"][0]
    assert ("rides@1", "rides@2", 0.25) == (now["live"], now["canary"], now["share"])
    assert "rides@2 is a canary" in pages.ask("/models/rides", role="operator").body
    assert "rides@2 is a canary" not in pages.ask("/models/rides", role="viewer").body
    assert "rides@2 is live" == act(pages, "/models/rides/promote", SAID).json["said"]
    assert 200 == act(pages, "/models/rides/rollback", SAID).status


def test_what_is_live_is_taken_back_beside_a_canary(pages):
    """Where the form says live, what is live goes back; where nothing is said, the canary ends."""
    assert 200 == act(pages, "/models/rides/2/deploy", SAID).status
    for kind, live in (({}, "rides@2"), ({"kind": "live"}, "rides@1")):
        beside = {"reason": "carefully", "kind": "canary", "share": 0.25}
        assert 200 == act(pages, "/models/rides/1/deploy", beside).status
        done = act(pages, "/models/rides/rollback", SAID | kind)
        assert (200, f"{live} is live") == (done.status, done.json["said"])
        now = pages.ask("/models/rides.json").json["spans"][0]
        assert (live, "") == (now["live"], now["canary"])


def test_what_is_refused(pages, root):
    """A gate that stayed closed, no reason, words that nobody asked for, other sites, other media."""
    before = Project.find(root).deployments("rides")
    closed = act(pages, "/models/rides/3/deploy", SAID)
    assert (409, True) == (closed.status, "gate" in closed.json["error"]["what"])
    path = "/models/rides/2/deploy"
    blank = act(pages, path, {"reason": "  "})
    assert 422 == blank.status
    assert "`str` with something to read in it" in blank.json["error"]["what"]
    assert 422 == act(pages, path, {"reason": "a\0b"}).status
    form = {"Content_Type": FORM, "Origin": pages.url}
    shown = pages.ask(path, method="POST", role="operator", body="reason=+&kind=live", **form)
    assert (422, True) == (shown.status, "Go back, and say it anew" in shown.body)
    assert 422 == act(pages, path, {}).status
    assert 422 == act(pages, path, {"reason": "x", "kind": "all"}).status
    assert 422 == act(pages, path, {"reason": "x", "force": True}).status
    least = act(pages, path, {"reason": "x", "kind": "canary", "share": 5e-324})
    assert (422, True) == (least.status, "0.001" in least.json["error"]["what"])
    assert 413 == act(pages, path, {"reason": "x" * 100_000}).status
    assert 415 == act(pages, path, SAID, Content_Type="text/plain").status
    body = urlencode(SAID)
    evil = {"Content_Type": FORM, "Origin": "http://evil.example"}
    cookie = f"interplane={pages.tokens['operator']}"
    refused = pages.ask(path, method="POST", role=None, body=body, Cookie=cookie, **evil)
    assert 403 == refused.status
    assert 405 == pages.ask(path, role="operator").status
    assert before == Project.find(root).deployments("rides")


def test_two_people_have_to_agree(root, tmp_path):
    """Where the project file says so: one asks, the page says who, another's form makes it live."""
    folder = tmp_path / "rides"
    shutil.copytree(root, folder, ignore=shutil.ignore_patterns(TOKENS, f"{TOKENS}-lock"))
    file = folder / "interplane.toml"
    file.write_text(file.read_text() + "\n[approval]\nsecond_person = true\n")
    path, form = "/models/rides/2/deploy", {"Content_Type": FORM}
    with served(folder) as pages:
        form["Origin"] = pages.url
        asked = act(pages, path, {"reason": "<b>better</b>"})
        assert (200, True) == (asked.status, asked.json["waits"])
        assert asked.json == {**act(pages, path, SAID).json}  # nobody is two people
        shown = pages.ask("/models/rides.json").json
        assert ("rides@1", "operator") == (shown["spans"][0]["live"], shown["asking"]["actor"])
        assert "Agree: make it live" not in pages.ask("/models/rides", role="operator").body
        assert "asked for rides@2" in pages.ask("/models/rides", role="viewer").body
        assert "Agree: make it live" in pages.ask("/models/rides", role="admin").body
        body = urlencode({"reason": "yes", "kind": "live"})
        done = pages.ask(path, method="POST", role="admin", body=body, **form)
        assert (303, "/models/rides") == (done.status, done.headers["location"])
        shown = pages.ask("/models/rides.json").json
        assert ("rides@2", None) == (shown["spans"][0]["live"], shown["asking"])
        assert "yes (asked for by operator: <b>better</b>)" == shown["spans"][0]["reason"]
        assert "operator" in {each["actor"] for each in pages.ask("/moves.json").json["moves"]}


def test_what_is_asked_for_is_withdrawn_or_refused(root, tmp_path):
    """By who asked, or by another who may operate: each sees their own button; the log tells it."""
    folder = tmp_path / "rides"
    shutil.copytree(root, folder, ignore=shutil.ignore_patterns(TOKENS, f"{TOKENS}-lock"))
    file = folder / "interplane.toml"
    file.write_text(file.read_text() + "\n[approval]\nsecond_person = true\n")
    path = "/models/rides/2"
    with served(folder) as pages:
        assert 409 == act(pages, f"{path}/decline", SAID).status  # nothing is asked for
        for role, word, button in (
            ("operator", "withdrawn", "Withdraw"),
            ("admin", "refused", "Refuse"),
        ):
            assert act(pages, f"{path}/deploy", {"reason": "<b>better</b>"}).json["waits"]
            shown = {each: pages.ask("/models/rides", role=each).body for each in ("viewer", role)}
            assert "/decline" not in shown["viewer"]
            assert f"{button} it" in shown[role]
            body = urlencode({"reason": "not <i>yet</i>"})
            form = {"Content_Type": FORM, "Origin": pages.url}
            done = pages.ask(f"{path}/decline", method="POST", role=role, body=body, **form)
            assert (303, "/models/rides") == (done.status, done.headers["location"])
            shown = pages.ask("/models/rides.json").json
            assert ("rides@1", None) == (shown["spans"][0]["live"], shown["asking"])
            move = pages.ask("/moves.json").json["moves"][0]
            assert (role, "asked to be live", None) == (move["actor"], move["what"], move["after"])
            assert move["reason"].startswith(f"{word}: not <i>yet</i>")
        assert 409 == act(pages, f"{path}/decline", SAID).status


def test_who_acts_while_another_process_writes_is_told_soon(root, tmp_path):
    """Nothing is done, the pages are read meanwhile, and it goes through when the other is done."""
    copy = tmp_path / "project"
    shutil.copytree(root, copy, symlinks=True, ignore=shutil.ignore_patterns(TOKENS))
    catalog = copy / ".interplane" / "catalog.sqlite"
    hold = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); "
        "c.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read()"
    )
    with served(copy) as pages:
        before = len(Project.find(copy).deployments("rides"))
        with subprocess.Popen(
            [sys.executable, "-c", hold, str(catalog)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as other:
            assert b"held\n" == other.stdout.readline()
            busy = act(pages, "/models/rides/2/deploy", SAID)
            assert (503, "2") == (busy.status, busy.headers["retry-after"])
            assert "busy" == busy.json["error"]["code"]
            assert str(copy) not in busy.body
            assert 200 == pages.ask("/models/rides").status
            other.stdin.close()
        assert before == len(Project.find(copy).deployments("rides"))
        assert 200 == act(pages, "/models/rides/2/deploy", SAID).status
        assert before + 1 == len(Project.find(copy).deployments("rides"))
