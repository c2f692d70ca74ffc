"""What an attacker sends, and what an operator breaks: refused in order, said, and nothing told."""

import json
import re
import shutil
import socket
import time
from collections import deque
from http.client import HTTPConnection
from itertools import repeat
from urllib.parse import urlencode

import pytest

from interplane.errors import StorageError
from interplane.serving.tokens import TOKENS, TokenFile
from interplane.web.access.attempts import Attempts
from interplane.web.connections import Limits
from interplane.web.hardening import FIELDS
from interplane.web.pages import PAGES
from interplane.web.routes import Action, Done, Page

from .conftest import served

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def copied(root, tmp_path_factory):
    """The project once more, for those who break it."""

    def copy():
        folder = tmp_path_factory.mktemp("copied") / "rides"
        left = shutil.ignore_patterns(TOKENS, f"{TOKENS}-lock")
        shutil.copytree(root, folder, ignore=left)
        return folder

    return copy


def broken(_asked) -> Done:
    """Fail as nothing should."""
    raise ZeroDivisionError("the secret of the house")


def unreadable(_asked) -> Done:
    """Fail as a disk does."""
    raise StorageError("cannot read /secret/place", do="Look there")


ODD = (
    Page(name="broken", path="/broken", permission="look", read=broken, template="moves.html"),
    Page(name="disk", path="/disk", permission="look", read=unreadable, template="moves.html"),
)
ODD_ACT = Action(
    name="odd",
    path="/odd",
    permission="operate",
    takes=Done,
    act=lambda asked, _said: broken(asked),
)


@pytest.fixture(scope="module")
def odd(copied):
    """Pages that fail, with little patience."""
    limits = Limits(connections=8, header_s=0.5, body_s=0.7, unread_s=0.5)
    with served(copied(), pages=(*PAGES, *ODD), actions=(ODD_ACT,), limits=limits) as pages:
        yield pages


def test_a_fault_says_a_number_and_no_more(odd):
    """A page, its twin, an action: 500, with the number under which the log says what it was."""
    said = json.dumps({"said": "x", "href": "/"})
    answers = [
        odd.ask("/broken"),
        odd.ask("/broken.json"),
        odd.ask("/odd", method="POST", role="admin", body=said, Content_Type="application/json"),
    ]
    for answer in answers:
        assert 500 == answer.status
        assert "secret" not in answer.body
        assert "Traceback" not in answer.body
        fault = re.search(r"fault ([0-9a-f]+)", answer.body)[1]
        (line,) = [each for each in odd.logged("fault") if each["id"] == fault]
        assert "ZeroDivisionError: the secret of the house" == line["error"]
        assert "test_attacks.py" in line["trace"]
        assert {name.lower() for name in FIELDS} <= {name.lower() for name in answer.headers}
    assert "fault" == answers[1].json["error"]["code"]


def test_an_error_that_no_request_can_help_is_told_to_the_log(odd):
    """Paths of the machine are nobody's business who only looks."""
    answer = odd.ask("/disk.json")
    assert (500, "storage") == (answer.status, answer.json["error"]["code"])
    assert "secret" not in answer.body
    fault = re.search(r"fault ([0-9a-f]+)", answer.body)[1]
    (line,) = [each for each in odd.logged("cannot") if each["id"] == fault]
    assert "/secret/place" in line["error"]


@pytest.mark.parametrize(
    "path",
    [
        *("/nothing", "/runs/", "//", "//evil.example", "//evil.example/%2f..", "/%2e%2e/%2e%2e"),
        *("/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static/%00", "/static/", "/static"),
        *("/static/" + "a" * 5000, "/models/" + "a" * 5000, "/models/%00", "/models/a%0d%0ab"),
        *("/models/..", "/models/rides%2f..%2frides", "/models/RIDES", "/models/rides/0"),
        *("/models/rides/99999999999999999999", "/models/rides/٣", "/runs/zz", "/data/%ff"),
        *("/lineage/..", "/features/model/%00", "/alerts/'%20or%201=1--", "/runs/last/log/a%00"),
    ],
)
def test_odd_paths_are_nothing(pages, path):
    """404, whatever is tried; never a fault, never a redirect away."""
    raw = f"GET {path.encode().decode('latin-1')} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    raw += f"Authorization: Bearer {pages.tokens['admin']}\r\nConnection: close\r\n\r\n"
    told = pages.say(raw.encode("latin-1"))
    assert told.split(" ")[1] in {"404", "400"}, told
    assert "Location" not in told


@pytest.mark.parametrize("end", ["", ".json", ".txt", "/live"])
@pytest.mark.parametrize("path", ["/runs/%15/log/a", "/runs/" + "f" * 3000])
def test_programs_hear_of_odd_paths_as_json(pages, path, end):
    """Where a page's twin, text or stream would be; where the page would be, a page says so."""
    answer = pages.ask(path + end)
    media = "application/json" if end else "text/html; charset=utf-8"
    assert (404, media) == (answer.status, answer.headers["content-type"])


@pytest.mark.parametrize(
    "query",
    [
        *("limit=1&limit=2", "limit=", "limit=1e3", "limit=-0", "limit=٣", "limit=" + "9" * 4000),
        *("limit[]=1", "limit=%00", "%00=1", "&&&", "limit=1;limit=2", "=", "a=%ff%fe", "limit=01"),
    ],
)
def test_odd_queries_are_read_or_refused(pages, query):
    """Never a fault."""
    answer = pages.ask("/runs.json?" + query.encode().decode("latin-1").replace("Ù£", "%D9%A3"))
    assert answer.status in {200, 422}
    assert [] == pages.logged("fault")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "PUT", "TRACE", "BREW"])
@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil.example", "", "127.0.0.1:x"),
        *(
            "[::1",
            "[::2]",
            "127.0.0.1:80:80",
            "0x7f000001",
            "2130706433",
            "127.0.0.1, evil.example",
        ),
    ],
)
def test_only_our_own_hosts(pages, method, host):
    """Whatever is to be done there."""
    told = pages.say(f"{method} / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert told.split(" ")[1] in {"421", "400"}, told


ASK = "GET /health HTTP/1.1\r\n"
HOME = "GET /home.json HTTP/1.1\r\nHost: localhost\r\n"


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ("GET /health HTTP/1.0\r\n\r\n", "421"),
        ("GET /health HTTP/1.1\r\n\r\n", "400"),
        ("GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", "400"),
        ("GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n", "200"),
        ("GET /health HTTP/1.1\r\nHost: LOCALHOST.:99\r\nConnection: close\r\n\r\n", "200"),
        ("GET /health HTTP/1.1\r\nHost: [::1]:8080\r\nConnection: close\r\n\r\n", "200"),
        ("GET http://evil.example/health HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"),
        (f"{ASK}Host: evil.example\r\nX-Forwarded-Host: localhost\r\n\r\n", "421"),
        (f"{ASK}Host: evil.example\r\nForwarded: host=localhost\r\n\r\n", "421"),
        (f"{HOME}X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-User: admin\r\n\r\n", "401"),
        (f"{HOME}X-Original-URL: /health\r\nX-HTTP-Method-Override: HEAD\r\n\r\n", "401"),
        (f"{HOME}Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n", "400"),
        ("GET /health HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n", "400"),
        ("GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + "a" * 100_000 + "\r\n\r\n", "431"),
        ("nonsense\r\n\r\n", "400"),
    ],
)
def test_odd_headers(pages, raw, status):
    """As RFC 9112 has it, and believing no proxy."""
    told = pages.say(raw.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1).encode("latin-1"))
    assert status == told.split(" ")[1], told
    assert "content-security-policy" in told.lower()


CHANGE = "POST /models/rides/promote HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"


@pytest.mark.parametrize(
    "origin",
    [
        *("http://127.0.0.1:{other}", "http://127.0.0.1", "http://evil.example", "null", ""),
        *("http://127.0.0.1:{port}.evil.example", "http://evil.example#127.0.0.1:{port}"),
        *("file://127.0.0.1:{port}", "127.0.0.1:{port}", "http://x@127.0.0.1:{port}"),
    ],
)
@pytest.mark.parametrize("more", ["", "Authorization: Basic YTpi\r\n", "Authorization: x\r\n"])
def test_other_origins_change_nothing(pages, origin, more):
    """Another port is another origin; a password in an address is no token."""
    said = origin.format(port=pages.port, other=pages.port + 1)
    raw = CHANGE.format(port=pages.port) + more
    raw += f"Origin: {said}\r\nCookie: interplane={pages.tokens['admin']}\r\n"
    raw += f"Content-Type: {FORM}\r\nContent-Length: 8\r\n\r\nreason=x"
    assert "403" == pages.say(raw.encode()).split(" ")[1]


def test_a_cookie_does_not_count_beside_another_authorization(pages):
    """What is said outright is what counts."""
    cookie = f"interplane={pages.tokens['admin']}"
    answer = pages.ask("/home.json", role=None, Cookie=cookie, Authorization="Basic YTpi")
    assert 401 == answer.status
    assert "Bearer" == answer.headers["www-authenticate"]


def test_bodies_that_do_not_end(pages):
    """Chunked without an end, longer than is said: let go of at the limit."""
    head = CHANGE.format(port=pages.port) + f"Authorization: Bearer {pages.tokens['admin']}\r\n"
    head += "Content-Type: application/json\r\n"
    chunked = head + "Transfer-Encoding: chunked\r\n\r\n" + ("8000\r\n" + "x" * 0x8000 + "\r\n") * 4
    assert "413" == pages.say(chunked.encode()).split(" ")[1]
    long = head + "Content-Length: 99999999999\r\n\r\n{"
    assert "413" == pages.say(long.encode()).split(" ")[1]
    both = head + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"
    assert pages.say(both.encode()).split(" ")[1] in {"400", "422"}
    deep = "[" * 60_000
    raw = head + f"Content-Length: {len(deep)}\r\n\r\n{deep}"
    assert "422" == pages.say(raw.encode()).split(" ")[1]


def test_who_is_slow_is_let_go_of(odd):
    """A header, and a body, that never end; a byte now and then moves no deadline."""
    head = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{odd.port}\r\n"
    post = f"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1:{odd.port}\r\nOrigin: {odd.url}\r\n"
    post += f"Content-Type: {FORM}\r\nContent-Length: 100\r\n\r\n"
    for begun in (head, post):
        with socket.create_connection(("127.0.0.1", odd.port), timeout=30) as client:
            client.sendall(begun.encode())
            told = b"x"
            try:
                while told:
                    client.sendall(b"x")
                    client.settimeout(0.1)
                    try:
                        told = client.recv(100)
                    except TimeoutError:
                        continue
            except OSError:
                told = b""
            assert b"" == told


def test_more_connections_than_there_may_be(odd):
    """The next one is told so; when others left, there is room again."""
    ask = f"{ASK}Host: localhost\r\nConnection: close\r\n\r\n".encode()
    held = [socket.create_connection(("127.0.0.1", odd.port)) for _ in range(8)]
    told = odd.say(b"")
    assert told.startswith("HTTP/1.1 503 "), told
    assert {"retry-after", "content-security-policy"} <= {
        line.partition(":")[0].lower() for line in told.splitlines()
    }
    for each in held:
        each.close()
    until = time.monotonic() + 30
    while odd.say(ask).startswith("HTTP/1.1 503") and time.monotonic() < until:
        time.sleep(0.05)
    assert odd.say(ask).startswith("HTTP/1.1 200")


def test_who_does_not_read_is_let_go_of(odd):
    """Answers that pile up for a client are dropped with it."""
    ask = f"GET /static/interplane.css HTTP/1.1\r\nHost: 127.0.0.1:{odd.port}\r\n\r\n".encode()
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", odd.port))
        client.settimeout(30)
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            deque(map(client.sendall, repeat(ask * 100)), maxlen=0)
    assert 200 == odd.ask("/health").status


def test_signing_in_too_often(copied):
    """After ten that were none, the right one waits as well; then the log says from where."""
    with served(copied()) as pages:
        own = {"Origin": pages.url, "Content_Type": FORM}

        def begin(token):
            body = urlencode({"token": token})
            return pages.ask("/sign-in", method="POST", role=None, body=body, **own)

        assert [401] * 10 == [begin(f"ipt_{'0' * 12}_{number}").status for number in range(10)]
        waits = begin(pages.tokens["admin"])
        assert 429 == waits.status
        assert 0 < int(waits.headers["retry-after"]) <= 60
        assert {"127.0.0.1"} == {line["address"] for line in pages.logged("not-signed-in")}
        assert 200 == pages.ask("/home.json", role="admin").status


def test_places_that_failed_are_bounded():
    """However many there are; the ones that failed last are known."""
    now = [0.0]
    attempts = Attempts(most=1, clock=lambda: now[0])
    for number in range(6000):
        attempts.fail(f"10.0.{number // 250}.{number % 250}")
    assert 4096 == len(attempts._failures)
    assert 60 == attempts.wait_s("10.0.23.249")
    assert 0 == attempts.wait_s("10.0.0.1")


def test_the_cookie(pages):
    """Read by no script, sent to us alone, and over TLS alone where it came by TLS."""
    body = urlencode({"token": pages.tokens["viewer"]})
    host = "pages.example"
    said = {"Content_Type": FORM, "Host": host}
    for scheme, secure in (("http", False), ("https", True)):
        answer = pages.ask(
            "/sign-in", method="POST", role=None, body=body, Origin=f"{scheme}://{host}", **said
        )
        assert 303 == answer.status
        words = [word.strip() for word in answer.headers["set-cookie"].split(";")]
        assert ["HttpOnly", "Path=/", "SameSite=strict"] == sorted(words[1:])[:3]
        assert secure == ("Secure" in words)
        assert not [word for word in words if word.startswith(("Max-Age", "expires", "Domain"))]


def test_what_is_static(pages):
    """Kept by browsers, asked about each time, and the same or new by its tag."""
    first = pages.ask("/static/interplane.css", role=None)
    assert (200, "text/css; charset=utf-8") == (first.status, first.headers["content-type"])
    assert "private, no-cache" == first.headers["cache-control"]
    tag = first.headers["etag"]
    again = pages.ask("/static/interplane.css", role=None, If_None_Match=f'"x", {tag}')
    assert (304, "") == (again.status, again.body)
    assert 200 == pages.ask("/static/interplane.css", role=None, If_None_Match='"x"').status


@pytest.mark.parametrize("path", ["/", "/home.json", "/sign-in", "/static/mark.svg", "/health"])
def test_head(pages, path):
    """The header of the answer, and no body."""
    connection = HTTPConnection("127.0.0.1", pages.port, timeout=30)
    header = {"Authorization": f"Bearer {pages.tokens['viewer']}"}
    connection.request("HEAD", path, headers=header)
    answer = connection.getresponse()
    assert (200, b"") == (answer.status, answer.read())
    assert int(answer.headers["content-length"]) > 0
    connection.close()


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", "text/html"),
        ("*/*", "text/html"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("application/json", "application/json"),
        ("application/json;q=0.9, text/html", "text/html"),
        ("application/json;q=0", "text/html"),
        ("APPLICATION/JSON; Q=1.0, text/html;q=0.9", "application/json"),
        ("application/json;q=nan;;,,,/;q=" + "1" * 500, "text/html"),
        ("image/png", "text/html"),
    ],
)
def test_odd_accepts(pages, accept, media):
    """The better accepted one; a page where that says nothing."""
    answer = pages.ask("/runs", Accept=accept)
    assert (200, media) == (answer.status, answer.headers["content-type"].partition(";")[0])


def test_a_token_that_is_revoked_while_a_page_is_open(copied):
    """The next request is nobody's; a file that cannot be read lets nobody in, and is told."""
    root = copied()
    with served(root) as pages:
        cookie = f"interplane={pages.tokens['contributor']}"
        assert 200 == pages.ask("/", role=None, Cookie=cookie).status
        path = root / ".interplane" / TOKENS
        TokenFile(path, now=lambda: "2026-01-01T00:00:00Z").revoke("contributor")
        answer = pages.ask("/", role=None, Cookie=cookie)
        assert (303, "/sign-in") == (answer.status, answer.headers["location"])
        kept = path.read_bytes()
        path.write_text("{")
        assert 401 == pages.ask("/home.json", role="admin").status
        assert 1 == len(pages.logged("tokens-unreadable"))
        path.unlink()
        assert 401 == pages.ask("/home.json", role="admin").status
        path.write_bytes(kept)
        assert 200 == pages.ask("/home.json", role="admin").status


def test_a_project_file_that_changes(copied):
    """It is read again; while it is broken one may look, and change nothing."""
    root = copied()
    file = root / "interplane.toml"
    before = file.read_text()
    said = json.dumps({"reason": "tried"})
    act = {"method": "POST", "role": "operator", "body": said, "Content_Type": "application/json"}
    with served(root) as pages:
        for text in ("name =", 'name = "rides"\nworkspace = "elsewhere"\n', None):
            file.unlink() if text is None else file.write_text(text)
            assert 200 == pages.ask("/models.json").status
            refused = pages.ask("/models/rides/2/deploy", **act)
            assert (503, "config") == (refused.status, refused.json["error"]["code"])
        assert 3 == len(pages.logged("project-file"))
        assert not (root / "elsewhere").exists()
        file.write_text(before + '\n[[monitor]]\nname = "m"\nmodel = "rides"\nmetric = "rows"\n')
        assert 503 == pages.ask("/models/rides/2/deploy", **act).status  # there is no such metric
        file.write_text(before)
        assert 200 == pages.ask("/models/rides/2/deploy", **act).status


def test_a_workspace_that_went_away(copied):
    """Nothing is read from what is not there, nothing is made anew; put back, it is read on."""
    root = copied()
    workspace = root / ".interplane"
    with served(root) as pages:
        assert 200 == pages.ask("/models.json").status
        workspace.rename(root / "moved")
        workspace.mkdir()
        shutil.copy(root / "moved" / TOKENS, workspace / TOKENS)
        answer = pages.ask("/models.json")
        assert (500, "storage") == (answer.status, answer.json["error"]["code"])
        assert [TOKENS] == [each.name for each in workspace.iterdir()]
        assert "is not there any more" in pages.logged("cannot")[0]["error"]
        shutil.rmtree(workspace)
        (root / "moved").rename(workspace)
        assert 200 == pages.ask("/models.json").status


def test_a_catalog_that_is_damaged(copied):
    """Is said in the log; the process lives."""
    root = copied()
    with served(root) as pages:
        for kept in root.glob(".interplane/catalog.sqlite*"):
            with kept.open("r+b") as file:
                file.write(b"\xff" * min(kept.stat().st_size, 1 << 16))
        answers = [pages.ask(path) for path in ("/models.json", "/runs.json", "/moves.json", "/")]
        assert {500} >= {answer.status for answer in answers} - {200}
        assert not [answer for answer in answers if str(root) in answer.body]
        assert 200 == pages.ask("/health").status
