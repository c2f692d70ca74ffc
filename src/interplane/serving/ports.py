"""The seam between the row path and its HTTP shell: what each asks of the other.

The shell knows sockets, deadlines, tokens and pages; the row path knows rows, models and the log.
A worker gets the row path from a `Factory`, which the composition root provides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

from interplane.record.base import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from interplane.record import Rollout

__all__ = [
    "Answer",
    "Endpoint",
    "Events",
    "Factory",
    "Features",
    "Gauge",
    "Log",
    "Meter",
    "Models",
    "Opening",
    "RowPath",
]


class Answer(NamedTuple):
    """What a request is answered.

    Attributes:
        status: the HTTP status.
        body: the JSON, whole.
    """

    status: int
    body: bytes


class Endpoint(Protocol):
    """One loaded crossing."""

    @property
    def name(self) -> str:
        """The crossing as people name it: ``flights@2``."""
        ...

    @property
    def model(self) -> str:
        """The name of its model."""
        ...

    @property
    def crossing(self) -> str:
        """The digest of the crossing."""
        ...

    def answer(self, body: bytes, *, now_us: int, received_us: int) -> Answer:
        """Answer a request's body; log what was predicted before returning.

        Args:
            body: the bytes that a client sent.
            now_us: the server's clock, in microseconds since 1970.
            received_us: the same clock when the request's header was complete.

        Never raises for anything that a client sent.
        """
        ...

    def beside(self, rollout: Rollout, canary: Self | None) -> Self:
        """Return an endpoint that lets a canary answer the share of a rollout.

        Args:
            rollout: the share, and what else is beside the crossing.
            canary: the endpoint of the canary; None where there is none, or it cannot be loaded.
        """
        ...

    def describe(self) -> dict[str, Any]:
        """Return what ``/v1/models/NAME`` shows, as plain JSON values."""
        ...

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema (2020-12) of one row."""
        ...


class Models(Protocol):
    """The endpoints that a worker has, kept at what is live."""

    def find(self, model: str) -> Endpoint | None:
        """Return the endpoint of a model by its name, or None. Called for every request."""
        ...

    def names(self) -> Sequence[str]:
        """Return the names of the models that have an endpoint, in order."""
        ...

    def is_ready(self) -> bool:
        """Return whether every model that was asked for can answer."""
        ...

    def start(self) -> None:
        """Load what is live and begin to watch it. Blocks until the first load is over.

        Raises:
            InterplaneError: if nothing can ever be served; what is live but cannot be loaded is
                no such case: then `is_ready` says False.
        """
        ...

    def close(self) -> None:
        """Stop watching and give everything back. Called once, after the last answer."""
        ...


class Events(Protocol):
    """Where pushed rows go: events of a source, or outcomes of a model."""

    async def push(self, source: str, body: bytes, *, now_us: int) -> Answer:
        """Answer a push when its rows are committed. Never raises for what a client sent."""
        ...


class Features(Protocol):
    """What is known of entities under feature views, and where their events go."""

    async def read(self, view: str, body: bytes, *, now_us: int) -> Answer:
        """Answer what is known of some entities. Never raises for what a client sent."""
        ...

    async def push(self, view: str, body: bytes, *, now_us: int) -> Answer:
        """Answer a push to a view's source when its events are committed."""
        ...

    async def read_as_feast(self, body: bytes, *, now_us: int) -> Answer:
        """Answer what is known of some entities, in Feast's form."""
        ...

    async def push_as_feast(self, body: bytes, *, now_us: int) -> Answer:
        """Answer a push in Feast's form when its events are committed."""
        ...


class Gauge(NamedTuple):
    """A metric that nobody counts: it is looked at.

    Attributes:
        name: its name.
        text: what it is.
        samples: values by their labels.
    """

    name: str
    text: str
    samples: Sequence[tuple[tuple[tuple[str, str], ...], float]]


class Log(Protocol):
    """The prediction log, as far as the shell has to know it."""

    def synced(self) -> Future[None] | None:
        """Return what an answer has to wait for, or None: called after each prediction.

        Only a log that is synced before the answer (``log_sync_ms = 0``) gives a future. One that
        raises means that the prediction is not kept: the client gets 503 instead of its answer.
        """
        ...

    def close(self) -> None:
        """Sync and close. Called once, after the last answer."""
        ...


class Meter(Protocol):
    """What the row path tells of its work; each call takes less than a microsecond."""

    def predictions(self, model: str, count: int, *, rejected: int, took_us: int) -> None:
        """Count the rows of one request.

        Args:
            model: the model's name, of an endpoint that is live or was.
            count: rows that were predicted.
            rejected: rows that were refused.
            took_us: how long the whole request took, in microseconds.
        """
        ...

    def tally(self, model: str, crossing: str, name: str) -> Callable[[int], None]:
        """Return what counts the rows that a crossing predicts: by its digest and ``flights@2``."""
        ...

    def look_ups(self, view: str, version: str) -> memoryview[int]:
        """Return where look-ups of a feature view are counted, in the order of `statuses.COUNTS`."""
        ...

    def answered_instead(self, model: str) -> None:
        """Count a row that the live crossing predicted because the canary could not."""
        ...

    def load_failed(self, model: str) -> None:
        """Count a crossing that is live and cannot be loaded."""
        ...

    def canary_load_failed(self, model: str) -> None:
        """Count a canary that cannot be loaded: the live crossing has its share."""
        ...

    def frames_lost(self, count: int) -> None:
        """Count frames of the log that are damaged or could not be written."""
        ...

    def live(self, model: str, crossing: str, name: str) -> None:
        """Say which crossing of a model this worker serves now: its digest and ``flights@2``."""
        ...


class Opening(Value, frozen=True, kw_only=True):
    """What a factory is told.

    Attributes:
        project: the folder of the project.
        models: the models to serve; all that are live if empty.
        replay: whether a time far ahead of the clock is served.
        log_sync_ms: how often the prediction log is synced; 0 is before every answer.
        slot: the worker's place, from 0; no two living workers of a server have the same.
    """

    project: str
    models: tuple[str, ...] = ()
    replay: bool = False
    log_sync_ms: int = 100
    slot: int = 0


class RowPath(NamedTuple):
    """What a factory gives.

    Attributes:
        models: the endpoints.
        log: the prediction log.
        events: where pushed events go; None where the project declares no source of them.
        outcomes: where pushed outcomes go, by model; None where the server takes none.
        features: what is known of entities; None where the server reads no feature views.
        gauges: looks at what is beside the counters; called in a thread, and may take its time.
    """

    models: Models
    log: Log
    events: Events | None = None
    outcomes: Events | None = None
    features: Features | None = None
    gauges: Callable[[], Sequence[Gauge]] | None = None


class Factory(Protocol):
    """Opens the row path in a worker: ``interplane.project.serving:open_server``."""

    def __call__(self, opening: Opening, meter: Meter) -> RowPath:
        """Return the row path, not yet started.

        Raises:
            InterplaneError: if the project or its workspace cannot be opened.
        """
        ...
