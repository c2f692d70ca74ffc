"""Requests as bytes, over sockets, and what comes back taken apart to the last byte."""

import contextlib
import json
import socket
from typing import NamedTuple

PREDICT = "/v1/models/flights/predict"


class Response(NamedTuple):
    """One response."""

    status: int
    fields: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """The code of the error that it says."""
        return self.json["error"]["code"]


class Broken(Exception):
    """What came is no response, or not all of one."""


def take(data, *, is_head=False):
    """Return the first response of some bytes and the rest; None if it is not whole yet."""
    head, end, rest = data.partition(b"\r\n\r\n")
    if not end:
        return None
    lines = head.split(b"\r\n")
    version, _, words = lines[0].partition(b" ")
    if version != b"HTTP/1.1" or not words[:3].isdigit():
        raise Broken(lines[0])
    status = int(words[:3])
    fields = {}
    for line in lines[1:]:
        name, colon, value = line.partition(b": ")
        if not colon:
            raise Broken(line)
        fields[name.decode()] = value.decode()
    if status == 100:
        return Response(status, fields, b""), rest
    size = 0 if is_head else int(fields["content-length"])
    if len(rest) < size:
        return None
    return Response(status, fields, rest[:size]), rest[size:]


def take_all(data, *, is_head=False):
    """Return all responses of some bytes, which hold nothing else."""
    found = []
    while data:
        taken = take(data, is_head=is_head)
        if taken is None:
            raise Broken(data)
        response, data = taken
        found.append(response)
    return found


class Client:
    """One connection."""

    def __init__(self, port, *, timeout=20.0):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self._rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.socket.close()

    def send(self, raw):
        self.socket.sendall(raw)
        return self

    def receive(self, *, is_head=False):
        """Return the next response."""
        while (taken := take(self._rest, is_head=is_head)) is None:
            data = self.socket.recv(1 << 16)
            if not data:
                raise Broken(self._rest)
            self._rest += data
        response, self._rest = taken
        return response

    def ask(self, raw, *, is_head=False):
        return self.send(raw).receive(is_head=is_head)

    def rest(self):
        """Return everything that comes until the server ends the connection."""
        parts = [self._rest]
        while data := self.socket.recv(1 << 16):
            parts.append(data)
        self._rest = b""
        return b"".join(parts)

    def end(self):
        """End our half."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)


def request(method, path, body=None, *, fields=(), host="localhost"):
    """Return a request's bytes."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + (body or b"")


def predict(row=None, *, fields=(), path=PREDICT, **more):
    """Return a request for a prediction."""
    body = json.dumps({"row": {"wind": 3} if row is None else row, **more}).encode()
    return request("POST", path, body, fields=fields)
