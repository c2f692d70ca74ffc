"""The table of pages: where each is, who may see it, what reads it, what shows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, get_type_hints

from interplane.errors import ConfigError
from interplane.web.access.roles import PERMISSIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from interplane.project.chronicle import Chronicle
    from interplane.project.project import Project
    from interplane.web.access.roles import Permission

__all__ = ["Asked", "Page", "check_pages"]

PARAMETER: Final = "{"


class Asked(NamedTuple):
    """What a page is read for.

    Attributes:
        project: the project, for this thread alone.
        chronicle: what happened in it, shared by all threads.
        path: what stands in the page's path, by name.
        query: what stands behind the question mark, by name; of several the last.
    """

    project: Project
    chronicle: Chronicle
    path: Mapping[str, str] = {}
    query: Mapping[str, str] = {}


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page: rendered, as JSON, and described.

    Attributes:
        name: its name, of which its operation in the OpenAPI document has its own.
        path: its path, with names in braces; its JSON twin is there with ``.json`` behind.
        permission: what is asked of who looks.
        read: returns what it shows; of the type that it declares to return.
        template: the template that shows it.
        query: the names that it understands behind the question mark, each with what it does.
    """

    name: str
    path: str
    permission: Permission
    read: Callable[[Asked], Any]
    template: str
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def shows(self) -> type:
        """The type of what it shows."""
        found: type = get_type_hints(self.read)["return"]
        return found

    @property
    def twin(self) -> str:
        """The path of the same as JSON."""
        return "/home.json" if self.path == "/" else f"{self.path}.json"


def check_pages(pages: Iterable[Page]) -> tuple[Page, ...]:
    """Return the pages, if each can be served.

    Raises:
        ConfigError: if one says no permission, or two are at one path.
    """
    seen: set[str] = set()
    for page in pages:
        if page.permission not in PERMISSIONS:
            raise ConfigError(
                f"the page {page.path} asks for {page.permission!r}",
                expected="one of " + ", ".join(PERMISSIONS),
                do="Say who may see it",
            )
        if page.path in seen or not page.path.startswith("/"):
            raise ConfigError(
                f"the page {page.path!r} cannot be reached, or is there twice",
                expected="a path of its own that begins with /",
                do="Give it another",
            )
        seen.add(page.path)
    return tuple(pages)
