"""The routes of feature views: reads, pushes, and both as Feast's feature server has them.

Who may read features is who may predict: both tell what is known of an entity.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from interplane.serving.http_errors import error_body
from interplane.serving.ports import Answer
from interplane.serving.routes import Route

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from interplane.serving.ports import Features
    from interplane.serving.routes import Permission

__all__ = ["FEATURE_PATHS", "feature_routes"]

FEATURE_PATHS: Final = {
    "features": "/v1/features/{name}",
    "feature_events": "/v1/features/{name}/events",
    "feast_features": "/get-online-features",
    "feast_push": "/push",
}
"""The paths by the labels of their routes."""


def feature_routes(features: Features | None) -> tuple[Route, ...]:
    """Return the routes; where there is nothing to read they answer that."""

    def read(name: str, body: bytes, _: int) -> Answer | Awaitable[Answer]:
        return _nothing() if features is None else features.read(name, body, now_us=_now_us())

    def push(name: str, body: bytes, _: int) -> Answer | Awaitable[Answer]:
        return _nothing() if features is None else features.push(name, body, now_us=_now_us())

    def read_as_feast(_name: str, body: bytes, _: int) -> Answer | Awaitable[Answer]:
        return _nothing() if features is None else features.read_as_feast(body, now_us=_now_us())

    def push_as_feast(_name: str, body: bytes, _: int) -> Answer | Awaitable[Answer]:
        return _nothing() if features is None else features.push_as_feast(body, now_us=_now_us())

    return (
        _route("features", "predict", read),
        _route("feature_events", "push", push),
        _route("feast_features", "predict", read_as_feast),
        _route("feast_push", "push", push_as_feast),
    )


def _route(
    label: str,
    permission: Permission,
    handle: Callable[[str, bytes, int], Answer | Awaitable[Answer]],
) -> Route:
    return Route(label, "POST", FEATURE_PATHS[label], permission, handle, is_shed=True)


def _now_us() -> int:
    return time.time_ns() // 1000


def _nothing() -> Answer:
    return Answer(
        404,
        error_body(
            "unknown-view",
            "there is no feature view here: this server reads none",
            expected="a project with feature views",
            do="Ask a server of such a project",
        ),
    )
