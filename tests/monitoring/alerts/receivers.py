"""Receivers on this machine: a web server and a mail server that write down what they get."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller


class Hook:
    """A web server: what was posted, and what it answers."""

    def __init__(self):
        self.got = []
        self.answers = []
        self.stuck = threading.Event()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers.get("Content-Length", 0))
                hook.got.append((self.path, dict(self.headers), self.rfile.read(length)))
                status = hook.answers.pop(0) if hook.answers else 204
                if status == "hang":
                    hook.stuck.wait(20)
                    return
                if status == "drip":
                    self.send_response(200)
                    self.send_header("Content-Length", "100000")
                    self.end_headers()
                    while not hook.stuck.wait(0.05):
                        self.wfile.write(b"x")
                    return
                body = b"y" * 200_000 if status == "long" else b""
                self.send_response(200 if status == "long" else status)
                if status == 302:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words):
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, request, client_address):
                """A client that broke off is what some tests are about."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]

    @property
    def keys(self):
        """The idempotency keys, in the order in which they came."""
        return [headers["Idempotency-Key"] for _, headers, _ in self.got]


@contextmanager
def web():
    """Run a web server."""
    hook = Hook()
    thread = threading.Thread(target=hook.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield hook
    finally:
        hook.stuck.set()
        hook.server.shutdown()
        hook.server.server_close()
        thread.join()


class Box:
    """What a mail server took in."""

    def __init__(self):
        self.mails = []
        self.answers = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        """Take a mail, or say what was asked for."""
        if self.answers:
            return self.answers.pop(0)
        self.mails.append(envelope)
        return "250 OK"


class AnyPort(Controller):
    """A mail server at a port that is free."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mail(**settings):
    """Run a mail server; yields its box and its port."""
    box = Box()
    controller = AnyPort(box, hostname="127.0.0.1", port=0, **settings)
    controller.start()
    try:
        yield box, controller.port
    finally:
        controller.stop()
