"""The pages over HTTP: each is shown, has a JSON twin, and says nothing but text."""

import html
import re
import shutil
import threading
from dataclasses import replace
from urllib.parse import quote, urlencode

import pytest

from interplane.errors import ConfigError
from interplane.serving.tokens import TOKENS
from interplane.web.access.roles import PERMISSIONS, permitted
from interplane.web.actions import ACTIONS
from interplane.web.hardening import POLICY
from interplane.web.pages import PAGES
from interplane.web.pages.home import PAGES as HOME
from interplane.web.pages.home import Home, read_home
from interplane.web.routes import Action, Page, check_routes

from .conftest import HOSTILE, served

PLACES = {
    "kind": "model",
    "feature": "rides.rate",
    "model": "rides",
    "pipeline": "rides",
    "number": "1",
    "dataset": "rides",
    "step": "model",
    "alert": "the alert",
}
SHOWN = [page for page in PAGES if page.name != "alert"]
"""Nothing was predicted here, so there is no alert; test_monitoring.py has some."""


@pytest.fixture(scope="session")
def run(pages):
    """A run that failed, and wrote something."""
    runs = pages.ask("/runs.json").json["runs"]
    return next(each["digest"][:12] for each in runs if each["status"] == "failed")


def path_of(page, run):
    """Return a path of a page at which there is something."""
    return page.path.format(**PLACES, run=run, digest=run) if "{" in page.path else page.path


def twin_of(page, run):
    """Return the path of its JSON twin there."""
    return page.twin.format(**PLACES, run=run, digest=run) if "{" in page.path else page.twin


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: page.name)
def test_a_page_is_shown_and_has_a_twin(pages, run, page):
    """The page, the twin by its name, and the twin by what is accepted."""
    shown = pages.ask(path_of(page, run))
    assert (200, "text/html; charset=utf-8") == (shown.status, shown.headers["content-type"])
    twin = pages.ask(twin_of(page, run))
    assert (200, "application/json") == (twin.status, twin.headers["content-type"])
    accepted = pages.ask(path_of(page, run), Accept="application/json")
    assert set(twin.json) == set(accepted.json)


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: page.name)
def test_whatever_people_wrote_is_text(pages, run, page):
    """Markup, templates and formulas stand on pages as they were written."""
    shown = pages.ask(path_of(page, run)).body
    assert "<script>alert" not in shown
    assert "<img src=x" not in shown
    assert "alert(1)" in shown or "alert(1)" not in pages.ask(twin_of(page, run)).body
    assert not re.findall(r"<[^>]*\son\w+=", shown.replace(html.escape(HOSTILE), ""))
    assert not re.findall(r"<script(?! src=\"/static/)", shown)
    assert "style=" not in shown


def test_hostile_words_are_met_somewhere(pages, run):
    """The tests above look at something: reasons, messages, errors, logs, values hold the words."""
    found = [page.name for page in SHOWN if "alert(1)" in pages.ask(twin_of(page, run)).body]
    assert {"home", "model", "run", "log", "crossing", "version", "moves"} <= set(found)


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: page.name)
@pytest.mark.parametrize("role", [None, "nobody", "viewer", "contributor", "operator", "admin"])
def test_who_may_see_it(pages, run, page, role):
    """Each role, each page: the table of routes against what is answered."""
    answer = pages.ask(twin_of(page, run), role=role)
    known = role if role in {"viewer", "contributor", "operator", "admin"} else None
    wanted = 200 if permitted(known, page.permission) else 401 if known is None else 403
    assert wanted == answer.status
    if known is None:
        assert 303 == pages.ask(path_of(page, run), role=role).status


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: page.name)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_looking_changes_nothing(pages, run, page, method):
    """Other methods are refused."""
    assert 405 == pages.ask(path_of(page, run), method=method, body="").status


def test_every_answer_is_hardened(pages):
    """Policy and types: on pages, twins, refusals, static files, and where nothing is."""
    for path in ("/", "/home.json", "/static/interplane.js", "/nothing", "/models/nobody"):
        headers = pages.ask(path).headers
        assert POLICY == headers["content-security-policy"], path
        assert "nosniff" == headers["x-content-type-options"], path
    assert "no-store" == pages.ask("/").headers["cache-control"]


@pytest.mark.parametrize(
    ("host", "status"),
    [("pages.example", 200), ("evil.example", 421), ("127.0.0.1.evil.example", 421)],
)
def test_other_hosts_are_refused(pages, host, status):
    """A page of another site that calls this machine by a name of its own reaches nothing."""
    assert status == pages.ask("/home.json", Host=host).status


def test_signing_in_and_out(pages):
    """A token once, then a cookie; a form of another site signs nobody in."""
    own = {"Origin": pages.url}
    body = f"token={pages.tokens['viewer']}"
    signed = pages.ask("/sign-in", method="POST", role=None, body=body, **own)
    assert (303, "/") == (signed.status, signed.headers["location"])
    cookie = signed.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert 200 == pages.ask("/", role=None, Cookie=cookie.partition(";")[0]).status
    ended = pages.ask("/sign-out", method="POST", role=None, body="", **own)
    assert 'interplane=""' in ended.headers["set-cookie"]
    for origin in ("http://evil.example", "null", ""):
        refused = pages.ask("/sign-in", method="POST", role=None, body=body, Origin=origin)
        assert 403 == refused.status
    wrong = pages.ask("/sign-in", method="POST", role=None, body="token=ipt_no", **own)
    assert 401 == wrong.status
    assert 401 == pages.ask("/home.json", role=None, Cookie="interplane=ipt_000000000000_x").status


def test_signing_in_leads_back(pages):
    """To the page that was asked for, with what stood behind its question mark; never to another site."""
    own, token = {"Origin": pages.url}, pages.tokens["viewer"]
    first = pages.ask("/models/rides/1?metric=log_loss&x=a%20b", role=None)
    assert 303 == first.status
    form = pages.ask(first.headers["location"], role=None)
    place = re.search(r'name="to" value="([^"]*)"', form.body)[1].replace("&amp;", "&")
    assert "/models/rides/1?metric=log_loss&x=a%20b" == place
    wrong = urlencode({"token": "ipt_no", "to": place})
    again = pages.ask("/sign-in", method="POST", role=None, body=wrong, **own)
    assert (401, True) == (again.status, 'name="to"' in again.body)
    for to, leads in (
        (place, place),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/a\r\nSet-Cookie: x=y", "/"),
        ("", "/"),
    ):
        body = urlencode({"token": token, "to": to})
        done = pages.ask("/sign-in", method="POST", role=None, body=body, **own)
        assert (303, leads) == (done.status, done.headers["location"])


def test_what_is_not_there_is_said(pages):
    """An unknown name is 404 with the ones that there are; a bad query is 422."""
    missing = pages.ask("/models/trips.json")
    assert 404 == missing.status
    assert "trips" in missing.json["error"]["what"]
    assert 404 == pages.ask("/data/rides/77.json").status
    assert 404 == pages.ask("/models/rides/..%2f..%2fetc.json").status
    assert 422 == pages.ask("/runs.json?limit=-1").status
    assert "there is nothing here" in pages.ask("/nothing").body
    assert 404 == pages.ask("/static/..%2fapp.py").status


def test_anything_is_found(pages, run):
    """By name, by number, by a commit's words, by the beginning of a digest; not what is not there."""

    def found(words):
        return [each["href"] for each in pages.ask(f"/search.json?q={quote(words)}").json["found"]]

    features = [each for each in found("RIDE") if each.startswith("/features/model/rides.")]
    assert features
    assert ["/data/rides", "/models/rides", "/pipelines/rides", *features] == found("RIDE")
    assert features[:1] == found(features[0].rpartition("/")[2])
    assert all(pages.ask(each).status == 200 for each in features)
    assert {"/data/rides/2", "/models/rides/2"} == set(found("rides@2"))
    assert [f"/runs/{run}"] == found(run[:10])
    assert 1 == len(found("the rate of a zone"))
    assert [] == found("trips")
    assert [] == found("")
    shown = pages.ask("/search?q=" + quote('"><script>')).body
    assert '"><script>' not in shown


def test_a_run_leads_to_what_it_made(pages):
    """And a crossing to the run that made it; a run that failed made nothing."""
    for number in (1, 2, 3):
        crossing = pages.ask(f"/models/rides/{number}.json").json
        run = pages.ask(f"/runs/{crossing['run']}.json").json
        (made,) = run["crossings"]
        assert (f"rides@{number}", crossing["digest"]) == (made["name"], made["digest"])
        body = pages.ask(f"/runs/{crossing['run']}").body
        assert f'It made <a href="/models/rides/{number}">rides@{number}</a>' in body
    failed = next(
        each for each in pages.ask("/runs.json").json["runs"] if each["status"] == "failed"
    )
    assert [] == pages.ask(f"/runs/{failed['digest']}.json").json["crossings"]


def test_what_stands_on_what(pages):
    """From a crossing down to its data, and from the data up to the crossing."""
    crossing = pages.ask("/models/rides/1.json").json["digest"]
    down = pages.ask(f"/lineage/{crossing}.json").json
    assert "rides@1" == down["it"]["name"]
    data = next(each for each in down["below"] if each["kind"] == "data version")
    up = pages.ask(f"/lineage/{data['digest'][:16]}.json").json
    assert crossing in {each["digest"] for each in up["above"]}
    assert 404 == pages.ask("/lineage/" + "0" * 64 + ".json").status
    assert 404 == pages.ask("/lineage/xyz.json").status


def test_the_document_describes_what_is_answered(pages, run):
    """Each page's twin, with the type that it holds; what is text; what is followed."""
    told = pages.ask("/openapi.json", role=None).json
    others = {f"{page.path}.txt" for page in PAGES if page.text is not None}
    others |= {f"{page.path}/live" for page in PAGES if page.live is not None}
    paths = {page.twin for page in PAGES} | {one.path for one in ACTIONS}
    assert paths | others == set(told["paths"])
    for page in SHOWN:
        operation = told["paths"][page.twin]["get"]
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        name = schema["$ref"].rpartition("/")[2]
        properties = told["components"]["schemas"][name]["properties"]
        assert set(properties) == set(pages.ask(twin_of(page, run)).json)
        assert operation["summary"]


def test_a_page_without_a_permission_stops_the_start():
    """Nobody can forget it."""
    page = PAGES[0]
    odd = Page(name="x", path="/x", permission="", read=page.read, template="x.html")
    with pytest.raises(ConfigError, match="asks for ''"):
        check_routes([odd], [])
    with pytest.raises(ConfigError, match="twice"):
        check_routes([page, page], [])
    idle = ACTIONS[0]
    looking = Action(name="x", path="/x", permission="look", takes=idle.takes, act=idle.act)
    with pytest.raises(ConfigError, match="asks for 'look'"):
        check_routes([], [looking])
    assert set(PERMISSIONS) >= {page.permission for page in PAGES}


@pytest.mark.parametrize("error", [None, ConfigError("nothing can be read")], ids=["read", "not"])
def test_the_first_page_is_read_before_anybody_asks(root, tmp_path, error):
    """What was ever is read at the start, not when the first person looks; or they are told why not."""
    began = threading.Event()

    def read(asked) -> Home:
        began.set()
        if error is not None:
            raise error
        return read_home(asked)

    folder = tmp_path / "rides"
    shutil.copytree(root, folder, ignore=shutil.ignore_patterns(TOKENS, f"{TOKENS}-lock"))
    with served(folder, pages=[replace(HOME[0], read=read)]) as pages:
        assert began.wait(30)
        assert (503 if error else 200) == pages.ask("/").status
