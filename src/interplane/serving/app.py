"""What a model server answers: the table of its routes, and what each does.

Nothing here knows sockets: a handler gets a name, a body and a time, and gives an answer.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec

from interplane.serving.feature_routes import feature_routes
from interplane.serving.http_errors import error_body, not_ready, unknown_model
from interplane.serving.messages import PROMETHEUS
from interplane.serving.metrics_page import render_metrics
from interplane.serving.openapi import describe_api
from interplane.serving.ports import Answer
from interplane.serving.routes import Call, Route

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from concurrent.futures import Future

    from interplane.serving.board import Board
    from interplane.serving.ports import Endpoint, Gauge, RowPath

__all__ = ["App"]

_OK: Final = 200


class App:
    """The handlers over a worker's row path.

    Args:
        row_path: models, log, and where pushed events and outcomes go.
        board: the counters of all workers.
    """

    def __init__(self, row_path: RowPath, board: Board) -> None:
        self._models = row_path.models
        self._log = row_path.log
        self._events = row_path.events
        self._outcomes = row_path.outcomes
        self._features = row_path.features
        self._gauges = row_path.gauges
        self._board = board
        self._api: tuple[tuple[str, ...], bytes] = ((), b"")
        self._predict = Route(
            "predict", "POST", "/v1/models/{name}/predict", "predict", self.predict, is_shed=True
        )
        self.is_leaving = False
        """Whether the server is about to go: then it is not ready."""
        self.quick: dict[bytes, Call] = {}
        """The calls of the targets that are asked for again and again: one for each live model."""
        self.refresh()

    @property
    def routes(self) -> tuple[Route, ...]:
        """The table of routes."""
        return (
            self._predict,
            Route(
                *("events", "POST", "/v1/sources/{name}/events", "push", self.push), is_shed=True
            ),
            Route(
                *("outcomes", "POST", "/v1/models/{name}/outcomes", "push", self.push_outcomes),
                is_shed=True,
            ),
            *feature_routes(self._features),
            Route("models", "GET", "/v1/models", "read", self.list_models),
            Route("model", "GET", "/v1/models/{name}", "read", self.show_model),
            Route("schema", "GET", "/v1/models/{name}/schema", "read", self.show_schema),
            Route("openapi", "GET", "/openapi.json", "read", self.show_api),
            Route("livez", "GET", "/livez", "public", self.show_live),
            Route("readyz", "GET", "/readyz", "public", self.show_ready),
            Route("metrics", "GET", "/metrics", "read", self.show_metrics, media=PROMETHEUS),
        )

    def refresh(self) -> None:
        """Look which models are there; called a few times a second."""
        names = self._models.names()
        targets = {f"/v1/models/{name}/predict".encode(): name for name in names}
        if targets.keys() != self.quick.keys():
            # The gate holds this very dictionary.
            self.quick.clear()
            self.quick.update(
                {target: Call(self._predict, name) for target, name in targets.items()}
            )

    # ---- predictions and events ----------------------------------------------------------------

    def predict(self, name: str, body: bytes, received_us: int) -> Answer | Awaitable[Answer]:
        """Answer with the model that is live now."""
        endpoint = self._models.find(name)
        if endpoint is None:
            if not self._models.is_ready():
                return not_ready("what is live is not loaded, or cannot be")
            return unknown_model(name, self._models.names())
        now_us = time.time_ns() // 1000
        answer = endpoint.answer(body, now_us=now_us, received_us=received_us)
        written = self._log.synced()
        return answer if written is None else _after(written, answer)

    def push(self, name: str, body: bytes, received_us: int) -> Answer | Awaitable[Answer]:
        """Take events of a source."""
        del received_us
        if self._events is None:
            return Answer(
                404,
                error_body(
                    "unknown-source",
                    f"there is no source {name[:100]!r} here: this server takes no events",
                    expected="a feature view with a source of pushed events",
                    do="Declare one in the project",
                ),
            )
        return self._events.push(name, body, now_us=time.time_ns() // 1000)

    def push_outcomes(self, name: str, body: bytes, received_us: int) -> Answer | Awaitable[Answer]:
        """Take what came true of a model's predictions; the model need not be live."""
        del received_us
        if self._outcomes is None:
            return unknown_model(name, ())
        return self._outcomes.push(name, body, now_us=time.time_ns() // 1000)

    # ---- what is read ----------------------------------------------------------------------------

    def list_models(self, name: str, body: bytes, received_us: int) -> Answer:
        """Show every model."""
        del name, body, received_us
        return _json({"models": [endpoint.describe() for endpoint in self._endpoints()]})

    def show_model(self, name: str, body: bytes, received_us: int) -> Answer:
        """Show one model."""
        del body, received_us
        endpoint = self._models.find(name)
        if endpoint is None:
            return unknown_model(name, self._models.names())
        return _json(endpoint.describe())

    def show_schema(self, name: str, body: bytes, received_us: int) -> Answer:
        """Show the JSON Schema of one row."""
        del body, received_us
        endpoint = self._models.find(name)
        if endpoint is None:
            return unknown_model(name, self._models.names())
        return _json(endpoint.json_schema())

    def show_api(self, name: str, body: bytes, received_us: int) -> Answer:
        """Show the OpenAPI document; it is made anew when another crossing is live."""
        del name, body, received_us
        endpoints = self._endpoints()
        crossings = tuple(endpoint.crossing for endpoint in endpoints)
        if not self._api[1] or self._api[0] != crossings:
            document = describe_api(
                endpoints,
                has_events=self._events is not None,
                has_outcomes=self._outcomes is not None,
                has_features=self._features is not None,
            )
            self._api = (crossings, msgspec.json.encode(document))
        return Answer(_OK, self._api[1])

    def show_live(self, name: str, body: bytes, received_us: int) -> Answer:
        """Say that the process answers: it depends on nothing else."""
        del name, body, received_us
        return _json({"live": True})

    def show_ready(self, name: str, body: bytes, received_us: int) -> Answer:
        """Say whether traffic should come."""
        del name, body, received_us
        if self.is_leaving:
            return not_ready("it is leaving")
        if not self._models.is_ready():
            return not_ready("a model that was asked for cannot answer")
        return _json({"ready": True})

    def show_metrics(self, name: str, body: bytes, received_us: int) -> Answer | Awaitable[Answer]:
        """Show what all workers counted, and what is looked at beside it."""
        del name, body, received_us
        if self._gauges is None:
            return Answer(_OK, render_metrics(self._board))
        return self._with_gauges(self._gauges)

    async def _with_gauges(self, gauges: Callable[[], Sequence[Gauge]]) -> Answer:
        seen = await asyncio.get_running_loop().run_in_executor(None, gauges)
        return Answer(_OK, render_metrics(self._board, seen))

    def _endpoints(self) -> list[Endpoint]:
        found = (self._models.find(name) for name in self._models.names())
        return [endpoint for endpoint in found if endpoint is not None]


def _json(value: Any) -> Answer:
    return Answer(_OK, msgspec.json.encode(value, enc_hook=str))


async def _after(written: Future[None], answer: Answer) -> Answer:
    """Give an answer when the log has it on the disk."""
    try:
        await asyncio.wrap_future(written)
    except OSError as error:
        return Answer(
            503,
            error_body(
                "not-logged",
                f"the prediction cannot be kept ({error.strerror or 'the log failed'})",
                expected="a log that can be written",
                do="Try again. The server's log says what is wrong with the disk",
            ),
        )
    return answer
