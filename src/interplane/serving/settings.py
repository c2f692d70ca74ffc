"""What a server is told: where it listens, whom it answers, and its limits."""

from __future__ import annotations

from interplane.record.base import Value
from interplane.serving.ports import Opening

__all__ = ["DEFAULT_FACTORY", "Limits", "ServerSettings", "WorkerSettings"]

DEFAULT_FACTORY = "interplane.project.serving:open_server"
"""Where a worker gets its row path from."""


class Limits(Value, frozen=True, kw_only=True):
    """What clients may take of one worker.

    Attributes:
        body_bytes: the longest body of a request.
        header_bytes: the longest header of a request, its first line included.
        headers: the most header fields of a request.
        header_s: how long after its first byte a request's header has to be complete.
        request_s: how long after its first byte a request has to be complete; also how long a client
            may leave an answer unread.
        keep_alive_s: how long a connection may be without a request.
        most_connections: how many connections are open at most.
        most_in_flight: how many requests may wait for a disk at once.
        most_pipelined: how many requests may be sent ahead of their answers on a connection.
        shed_after_ms: a prediction is refused that waited longer than this for its turn.
    """

    body_bytes: int = 1 << 20
    header_bytes: int = 32 << 10
    headers: int = 100
    header_s: float = 10.0
    request_s: float = 30.0
    keep_alive_s: float = 75.0
    most_connections: int = 1000
    most_in_flight: int = 512
    most_pipelined: int = 64
    shed_after_ms: int = 1000


class ServerSettings(Value, frozen=True, kw_only=True):
    """A server: what it opens, and its shell.

    Attributes:
        opening: what each worker's row path is opened with; its slot is the worker's.
        factory: where the row path comes from, as ``module:function``. Never from a client.
        host: the address to listen at, or a name of it.
        port: the port; 0 takes a free one.
        workers: how many processes answer.
        allow_hosts: names that ``Host`` may say, beside those of the address itself.
        tokens: the file of tokens; empty if there is none.
        require_token: ask for a token on a loopback address too.
        grace_s: how long requests are still taken after readiness ended.
        drain_s: how long what is in flight then has at most.
        companions: commands that are kept running beside the workers.
        minutes: the file that takes what was counted each minute; empty if none does.
        limits: what clients may take.
    """

    opening: Opening
    factory: str = DEFAULT_FACTORY
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    allow_hosts: tuple[str, ...] = ()
    tokens: str = ""
    require_token: bool = False
    grace_s: float = 2.0
    drain_s: float = 30.0
    companions: tuple[tuple[str, ...], ...] = ()
    minutes: str = ""
    limits: Limits = Limits()


class WorkerSettings(Value, frozen=True, kw_only=True):
    """What a worker process is told, as JSON in its arguments.

    Attributes:
        server: the whole server's settings; ``opening.slot`` is this worker's.
        needs_token: whether clients need a token.
        listening: handle of the listening socket.
        board: handle of the counters of all workers.
    """

    server: ServerSettings
    needs_token: bool
    listening: int
    board: int
