"""The table of routes: what is answered where, and what a token has to permit for it.

A route says its permission, and one without stops the server from starting: a new route cannot
forget it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, get_args
from urllib.parse import unquote_to_bytes

from interplane.errors import ConfigError
from interplane.serving.http_errors import Refusal, unknown_route, wrong_method
from interplane.serving.messages import JSON

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from interplane.serving.ports import Answer

__all__ = ["PERMISSIONS", "Call", "Permission", "Route", "Routes"]

Permission = Literal["predict", "push", "read"]
"""What a token may be for."""

PERMISSIONS: Final[tuple[Permission, ...]] = get_args(Permission)
PUBLIC: Final = "public"


class Route(NamedTuple):
    """One line of the table.

    Attributes:
        label: its name in the metrics.
        method: ``GET`` or ``POST``; what has GET has HEAD too.
        path: with at most one ``{name}`` in it.
        permission: what a token has to permit; ``public`` asks for none.
        handle: answers; gets the name in the path, the body, and when the header was complete
            (microseconds since 1970). It may return something to await.
        media: what the body of a good answer is.
        is_shed: whether it is refused when the server has too much to do.
    """

    label: str
    method: Literal["GET", "POST"]
    path: str
    permission: Permission | Literal["public"]
    handle: Callable[[str, bytes, int], Answer | Awaitable[Answer]]
    media: bytes = JSON
    is_shed: bool = False


class Call(NamedTuple):
    """A request that found its route.

    Attributes:
        route: the route.
        name: the name in its path.
        is_head: whether only the header of the answer is wanted.
        is_waiting: whether the client waits for a word before it sends the body.
    """

    route: Route
    name: str = ""
    is_head: bool = False
    is_waiting: bool = False


class Routes:
    """The table.

    Raises:
        ConfigError: if a route does not say who may use it, or cannot be found.
    """

    def __init__(self, routes: Sequence[Route]) -> None:
        for route in routes:
            _check(route)
        self.all = tuple(routes)
        self._fixed: dict[str, list[Route]] = {}
        self._named: list[tuple[str, str, list[Route]]] = []
        for route in routes:
            self._place(route)

    def _place(self, route: Route) -> None:
        before, brace, after = route.path.partition("{name}")
        if not brace:
            self._fixed.setdefault(route.path, []).append(route)
            return
        for known_before, known_after, methods in self._named:
            if (before, after) == (known_before, known_after):
                methods.append(route)
                return
        self._named.append((before, after, [route]))

    def find(self, method: bytes, target: bytes) -> Call | Refusal:
        """Return the call that a method and a request target mean.

        Args:
            method: in capitals.
            target: the path with its query; the query says nothing here.
        """
        raw = target.partition(b"?")[0]
        path = _decode(raw)
        if path is None:
            return self._unknown(raw)
        routes, name = self._match(path)
        if not routes:
            return self._unknown(raw)
        wanted = "GET" if method == b"HEAD" else method.decode("latin-1")
        for route in routes:
            if route.method == wanted:
                return Call(route, name, is_head=method == b"HEAD")
        allowed = [route.method for route in routes]
        methods = [*allowed, "HEAD"] if "GET" in allowed else allowed
        return wrong_method(method, methods, route=routes[0].label)

    def _match(self, path: str) -> tuple[list[Route], str]:
        fixed = self._fixed.get(path)
        if fixed is not None:
            return fixed, ""
        for before, after, routes in self._named:
            if path.startswith(before) and path.endswith(after):
                name = path[len(before) : len(path) - len(after)]
                if name and "/" not in name:
                    return routes, name
        return [], ""

    def _unknown(self, path: bytes) -> Refusal:
        return unknown_route(path, dict.fromkeys(route.path for route in self.all))


def _decode(raw: bytes) -> str | None:
    """Return a path with its ``%XX`` read; None if that is no text, or hides a separator."""
    try:
        plain = unquote_to_bytes(raw) if b"%" in raw else raw
        if plain.count(b"/") != raw.count(b"/"):
            return None
        return plain.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _check(route: Any) -> None:
    permission = getattr(route, "permission", None)
    if permission != PUBLIC and permission not in PERMISSIONS:
        raise ConfigError(
            f"the route {getattr(route, 'path', route)!r} says the permission {permission!r}",
            expected="one of " + ", ".join((PUBLIC, *PERMISSIONS)),
            do="Say in the table of routes who may use it. The server does not start without",
        )
    if not route.path.startswith("/") or route.path.count("{") > 1:
        raise ConfigError(
            f"the route {route.path!r} cannot be found",
            expected="a path from the root with at most one {name}",
            do="Mend the table of routes",
        )
