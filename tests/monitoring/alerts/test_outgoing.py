"""The one way out: where it goes, where it does not, and that it always ends."""

import socket
import ssl
import sys
from pathlib import Path

import pytest

from interplane.monitoring.alerts.outgoing import Outgoing, OutgoingFailed, OutgoingRefused
from interplane.monitoring.alerts.owners import DeliveryConfig

sys.path.insert(0, str(Path(__file__).parent))
from receivers import web


@pytest.fixture
def hook():
    """A web server."""
    with web() as running:
        yield running


def open_to(hook, resolve=None, **settings):
    """Return a way out that leads to the web server of a test."""
    allowed = {
        "allow_hosts": (f"localhost:{hook.port}",),
        "allow_private": True,
        "allow_http": True,
        "timeout_s": 10.0,
    }
    return Outgoing(DeliveryConfig(**{**allowed, **settings}), resolve=resolve or resolved)


def resolved(host, port, **_):
    """Find this machine, whatever is asked for."""
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]


def test_it_posts(hook):
    """Path, headers and body arrive."""
    url = f"http://localhost:{hook.port}/a/b?c=d"
    assert 204 == open_to(hook).post(url, b"{}", {"X-Key": "k"})
    ((path, headers, body),) = hook.got
    assert ("/a/b?c=d", "k", f"localhost:{hook.port}", b"{}") == (
        path,
        headers["X-Key"],
        headers["Host"],
        body,
    )


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://elsewhere/x", "elsewhere, which is not on the list"),
        ("http://localhost/x", "localhost, which is not on the list"),
        ("ftp://localhost/x", "no web address"),
        ("file:///etc/passwd", "no web address"),
        ("http://localhost:99999/x", "no web address"),
        ("http://localhost@evil/x", "name or password"),
        ("http://localhost/x\r\nHost: evil", "signs"),
        ("http://locälhost/x", "no web address"),
        ("http://localhost/a b", "signs"),
        ("http://[::1", "no web address"),
        ("", "no web address"),
    ],
)
def test_what_is_not_allowed_is_not_opened(hook, url, said):
    """It is refused before anything is resolved."""
    with pytest.raises(OutgoingRefused, match=said):
        open_to(hook).post(url, b"", {})
    assert [] == hook.got


def test_in_the_clear_only_where_it_is_said(hook):
    """https is the rule."""
    with pytest.raises(OutgoingRefused, match="in the clear"):
        open_to(hook, allow_http=False).post(f"http://localhost:{hook.port}/", b"", {})


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0"),
        *("100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0"),
        *("fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1"),
        *("2002:7f00:1::", "2001:db8::1"),
    ],
)
def test_private_addresses_are_refused(address):
    """However they are written; one among several is enough."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443)),
        (family, socket.SOCK_STREAM, 6, "", (address, 443)),
    ]
    outgoing = Outgoing(DeliveryConfig(allow_hosts=("h",)), resolve=lambda *_, **__: found)
    with pytest.raises(OutgoingRefused, match="not a public address"):
        outgoing.post("https://h/", b"", {})


def test_a_name_is_resolved_once(hook):
    """What a second question would be answered plays no part."""
    asked = []

    def rebinding(host, port, **_):
        asked.append(host)
        return resolved(host, port if len(asked) == 1 else 1)

    open_to(hook, resolve=rebinding).post(f"http://localhost:{hook.port}/", b"", {})
    assert ["localhost"] == asked


def test_the_next_address_is_tried(hook):
    """A host may have one that nobody listens at."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = unused.getsockname()[1]

    def both(host, port, **_):
        return resolved(host, nobody) + resolved(host, port)

    assert 204 == open_to(hook, resolve=both).post(f"http://localhost:{hook.port}/", b"", {})


@pytest.mark.parametrize("status", [302, 400, 404, 500, 503])
def test_anything_but_success_failed(hook, status):
    """A redirect is not followed."""
    hook.answers = [status]
    with pytest.raises(OutgoingFailed, match=f"answered {status}"):
        open_to(hook).post(f"http://localhost:{hook.port}/", b"", {})
    assert ["/"] == [path for path, *_ in hook.got]


@pytest.mark.parametrize("answer", ["hang", "drip"])
def test_it_ends(hook, answer):
    """Also where the other side sends a byte now and then."""
    hook.answers = [answer]
    with pytest.raises(OutgoingFailed, match=r"within 0\.3 s"):
        open_to(hook, timeout_s=0.3).post(f"http://localhost:{hook.port}/", b"", {})


def test_sizes_are_limited(hook):
    """Both ways."""
    hook.answers = ["long"]
    url = f"http://localhost:{hook.port}/"
    with pytest.raises(OutgoingFailed, match="more than 65,536 bytes"):
        open_to(hook).post(url, b"", {})
    with pytest.raises(OutgoingRefused, match="300,000 bytes"):
        open_to(hook).post(url, b"x" * 300_000, {})


def test_nobody_there(hook):
    """Refused connections and unknown names are failures in words."""

    def unknown(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    def unused(host, port, **_):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            return resolved(host, free.getsockname()[1])

    url = f"http://localhost:{hook.port}/"
    with pytest.raises(OutgoingFailed, match="Connection refused"):
        open_to(hook, resolve=unused).post(url, b"", {})
    with pytest.raises(OutgoingFailed, match="has no address"):
        open_to(hook, resolve=unknown).post(url, b"", {})
    with pytest.raises(OutgoingFailed, match="has no address"):
        open_to(hook, resolve=lambda *_, **__: []).post(url, b"", {})


def test_certificates_are_checked(hook, certificate):
    """One that is trusted is taken; another one is not."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    hook.server.socket = server.wrap_socket(hook.server.socket, server_side=True)
    url, trusting = f"https://localhost:{hook.port}/", ssl.create_default_context()
    trusting.load_verify_locations(certificate / "cert.pem")
    config = DeliveryConfig(
        allow_hosts=(f"localhost:{hook.port}",), allow_private=True, timeout_s=10.0
    )
    assert 204 == Outgoing(config, resolve=resolved, context=trusting).post(url, b"", {})
    with pytest.raises(OutgoingFailed, match="CERTIFICATE_VERIFY_FAILED"):
        Outgoing(config, resolve=resolved).post(url, b"", {})
    assert 1 == len(hook.got)


def test_a_server_that_hangs_under_tls_ends_too(hook, certificate):
    """The watch is over the connection, whatever was wrapped around it."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    hook.server.socket = server.wrap_socket(hook.server.socket, server_side=True)
    trusting = ssl.create_default_context()
    trusting.load_verify_locations(certificate / "cert.pem")
    config = DeliveryConfig(
        allow_hosts=(f"localhost:{hook.port}",), allow_private=True, timeout_s=1.0
    )
    hook.answers = ["drip"]
    with pytest.raises(OutgoingFailed):
        Outgoing(config, resolve=resolved, context=trusting).post(
            f"https://localhost:{hook.port}/", b"", {}
        )


def test_nothing_else_opens_connections():
    """Every other module of ours goes through here."""
    source = Path(__file__).parents[3] / "src" / "interplane"
    words = ("http.client", "urllib.request", "create_connection", "urlopen(", ".connect((")
    found = {
        str(path.relative_to(source))
        for path in source.rglob("*.py")
        if any(word in path.read_text(encoding="utf-8") for word in words)
    }
    assert {"monitoring/alerts/outgoing.py"} == found
