"""The tables of pages and actions: where each is, who may, what reads or does it, what shows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, get_type_hints

from interplane.errors import ConfigError
from interplane.record import Value
from interplane.web.access.roles import PERMISSIONS
from interplane.web.places import KINDS, Choice, Cursor, Text, names_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from interplane.project.chronicle import Chronicle
    from interplane.project.project import Project
    from interplane.web.access.gate import Who
    from interplane.web.access.roles import Permission
    from interplane.web.kept import Kept
    from interplane.web.places import Query

__all__ = ["GO_ON", "Action", "Asked", "Done", "Following", "Grows", "Live", "Page", "check_routes"]

PARAMETER: Final = "{"

_PATIENCE_S: Final = 3.0
"""How long who acts on a page waits while others write: a person looks at it."""

GO_ON: Final = Cursor("the id of the last event that came: where to go on")
"""What a stream of something that grows is asked for."""


class Asked(NamedTuple):
    """What a page is read for.

    Attributes:
        project: the project, for this thread alone.
        chronicle: what happened in it, shared by all threads.
        kept: what was made before of what never changes, shared by all threads.
        who: who asks.
        path: what stands in the page's path, by name.
        query: what stands behind the question mark, by name; of several the last.
    """

    project: Project
    chronicle: Chronicle
    kept: Kept
    who: Who
    path: Mapping[str, str] = {}
    query: Mapping[str, str] = {}

    def acting(self) -> Project:
        """Return the project in the name of who asks: what is done stands under it on record."""
        from interplane.project.project import Project

        acting = Project(self.project.root, self.project.config, actor=self.who.name)
        acting.patience_s = _PATIENCE_S
        return acting


class Following(Protocol):
    """Begins to follow what grows."""

    def __call__(self, path: Mapping[str, str], cursor: str, /) -> Callable[[Asked], Value | None]:
        """Return what gives, each time, what is new since the last time; None if nothing is.

        Args:
            path: what stands in the page's path, by name.
            cursor: where somebody was who followed it before; nothing for the beginning.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Grows:
    """What of a page grows: its stream brings what is new, each piece once.

    Attributes:
        field: its name in the page's value; the stream's values of the page do not have it.
        piece: the type of what is new; its ``cursor`` is where to go on.
        follow: begins to follow it.
    """

    field: str
    piece: type[Value]
    follow: Following


@dataclass(frozen=True, kw_only=True)
class Live:
    """How a page goes on while what it shows does: a stream of it, at its path with ``/live`` behind.

    Attributes:
        template: shows what changes; a part of the page's own.
        is_over: whether a value will not change any more.
        grows: what of it grows, if anything does.
    """

    template: str
    is_over: Callable[[Any], bool]
    grows: Grows | None = None

    @property
    def queries(self) -> dict[str, Query]:
        """The names behind the question mark that its stream understands."""
        shapes = Choice("the page's part as markup, not its value as JSON", ("html",))
        if self.grows is None:
            return {"as": shapes}
        return {"as": shapes, "since": GO_ON}


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page: rendered, as JSON, and described.

    Attributes:
        name: its name, of which its operation in the OpenAPI document has its own.
        path: its path, with names in braces; its JSON twin is there with ``.json`` behind.
        permission: what is asked of who looks.
        read: returns what it shows; of the type that it declares to return.
        template: the template that shows it.
        query: the names that it understands behind the question mark, each with what it does, or
            its kind as well; text where no kind is said.
        live: how it goes on, if it does.
        text: returns it as plain text, which is at its path with ``.txt`` behind, if it is text.
    """

    name: str
    path: str
    permission: Permission
    read: Callable[[Asked], Any]
    template: str
    query: Mapping[str, str | Query] = field(default_factory=dict)
    live: Live | None = None
    text: Callable[[Asked], str] | None = None

    @property
    def shows(self) -> type:
        """The type of what it shows."""
        found: type = get_type_hints(self.read)["return"]
        return found

    @property
    def queries(self) -> dict[str, Query]:
        """The names behind the question mark, each with its kind."""
        return {
            name: Text(kind) if isinstance(kind, str) else kind for name, kind in self.query.items()
        }

    @property
    def twin(self) -> str:
        """The path of the same as JSON."""
        return "/home.json" if self.path == "/" else f"{self.path}.json"


class Done(Value, frozen=True, kw_only=True):
    """What an action did.

    Attributes:
        said: in words.
        href: where to look at it.
        waits: whether it is asked for only, and somebody else has to do the same.
    """

    said: str
    href: str
    waits: bool = False


@dataclass(frozen=True, kw_only=True)
class Action:
    """Something that changes what is on record: by a form of a page, or by JSON.

    Attributes:
        name: its name, and that of its operation in the OpenAPI document.
        path: its path, with names in braces.
        permission: what is asked of who acts.
        takes: the type of what is said to it.
        act: does it; gets what was asked, and a value of that type.
    """

    name: str
    path: str
    permission: Permission
    takes: type[Value]
    act: Callable[[Asked, Any], Done]


def check_routes(pages: Iterable[Page], actions: Iterable[Action]) -> None:
    """Hold the tables against what can be served.

    Raises:
        ConfigError: if a route says no permission, an action asks to look only, a name in a path
            is of no kind, or two are at one path.
    """
    seen: set[str] = set()
    routes: list[Page | Action] = [*pages, *actions]
    for route in routes:
        changes = isinstance(route, Action)
        if route.permission not in PERMISSIONS[1 if changes else 0 :]:
            raise ConfigError(
                f"the route {route.path} asks for {route.permission!r}",
                expected="one of " + ", ".join(PERMISSIONS[1 if changes else 0 :]),
                do="Say who may use it",
            )
        unknown = [name for name in names_in(route.path) if name not in KINDS]
        if unknown:
            raise ConfigError(
                f"the route {route.path} has {unknown[0]!r} in it, which is of no kind",
                expected="one of " + ", ".join(KINDS),
                do="Say in web/places.py what may stand there",
            )
        if route.path in seen or not route.path.startswith("/"):
            raise ConfigError(
                f"the route {route.path!r} cannot be reached, or is there twice",
                expected="a path of its own that begins with /",
                do="Give it another",
            )
        seen.add(route.path)
