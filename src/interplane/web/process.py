"""``python -m interplane.web.process``: the pages as a process of its own, below `interplane up`."""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from anyio.to_thread import current_default_thread_limiter

from interplane.errors import InterplaneError
from interplane.project.project import Project
from interplane.serving.hosts import Hosts
from interplane.serving.log_lines import LogLines
from interplane.serving.parent import Parent
from interplane.serving.tokens import TOKENS, TokenWatch
from interplane.web.access.gate import COOKIE, Gate
from interplane.web.actions import ACTIONS
from interplane.web.app import make_app
from interplane.web.connections import Limits, connections
from interplane.web.pages import PAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.applications import Starlette

__all__ = ["main", "server_config"]

_END_S = 5
_READERS = 16


def main(root: str, handle: str, *names: str) -> None:
    """Serve the pages below a parent, which hears where, or why not.

    Args:
        root: the project's folder.
        handle: the number of a socket that listens already. The parent keeps it: whoever asks while
            these pages die and others begin, waits a moment.
        names: further names that people may call the pages by.
    """
    parent = Parent()
    parent.hear_signals()
    try:
        listening = socket.socket(fileno=int(handle))
        asyncio.run(_serve(Path(root), listening, names, parent))
    except InterplaneError as error:
        parent.say_failed(error)
        sys.exit(error.exit_code)


def server_config(app: Starlette, limits: Limits | None = None) -> uvicorn.Config:
    """Return how the application is served: bounded in number and time, believing no proxy.

    Args:
        app: the application.
        limits: how many connections there may be, and how long each part of a request may take.
    """
    return uvicorn.Config(
        app,
        http=connections(limits or Limits()),
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="error",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_END_S,
    )


async def _serve(
    root: Path, listening: socket.socket, names: Sequence[str], parent: Parent
) -> None:
    address, port = listening.getsockname()[:2]
    project = Project.find(root)
    log = LogLines({"process": "pages"})
    tokens = TokenWatch(project.workspace / TOKENS)
    gate = Gate(Hosts(address, port, names), tokens, cookie=f"{COOKIE}-{port}", log=log)
    app = make_app(lambda: Project.find(root), gate, PAGES, ACTIONS, log=log)
    current_default_thread_limiter().total_tokens = _READERS
    server = uvicorn.Server(server_config(app))
    # Signals are the parent's word, and stay so.
    serving = asyncio.create_task(server._serve([listening]))  # noqa: SLF001 - serve() takes signals
    parent.say_ready(url=f"http://{_literal(address)}:{port}")
    stopping = asyncio.create_task(asyncio.to_thread(parent.stopping.wait))
    await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    parent.stopping.set()
    await serving


def _literal(address: str) -> str:
    return f"[{address}]" if ":" in address else address


if __name__ == "__main__":
    main(*sys.argv[1:])
