"""The one place that catches whatever the project's own code raises."""

from __future__ import annotations

import traceback
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from interplane.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Raised", "call"]


class Raised(NamedTuple):
    """What the project's code raised, in words that can cross a process.

    Attributes:
        type: the exception's type.
        message: its text.
        place: ``file:line in function`` of the innermost line of the project, relative to it.
        trace: the whole traceback.
        error: the exception itself, where it is known.
    """

    type: str
    message: str
    place: str
    trace: str
    error: BaseException | None = None

    @classmethod
    def of(cls, error: BaseException, root: Path) -> Raised:
        """Describe an exception."""
        kind = type(error)
        name = kind.__qualname__
        if kind.__module__ not in {"builtins", "__main__"} and not _is_our_error(kind):
            name = f"{kind.__module__}.{name}"
        return cls(
            type=name,
            message=f"{error}{_hint(error)}",
            place=_place(error, root),
            trace="".join(traceback.format_exception(error)),
            error=error,
        )

    @property
    def line(self) -> str:
        """The first line of its text."""
        return next(iter(self.message.strip().splitlines()), "")

    def __str__(self) -> str:
        return f"{self.type}: {self.line}" if self.line else self.type


def call(
    function: Callable[..., Any], *args: Any, **kwargs: Any
) -> tuple[Any, Exception | SystemExit | None]:
    """Call the project's code; return what it returned, or None and what it raised.

    A step that calls ``sys.exit`` ends itself, not the run: that counts as raising, too.
    """
    try:
        return function(*args, **kwargs), None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - this is that place
        return None, error


def _is_our_error(kind: type) -> bool:
    return kind.__module__.partition(".")[0] == "interplane"


def _hint(error: BaseException) -> str:
    """Return the nearest name there is, for one that is missing from an object or a module."""
    if not isinstance(error, AttributeError) or not error.name or "Did you mean" in str(error):
        return ""
    of = vars(error.obj) if isinstance(error.obj, ModuleType) else dir(type(error.obj))
    hint = did_you_mean(error.name, [name for name in of if not name.startswith("_")])
    return f". {hint}".rstrip() if hint else ""


def _place(error: BaseException, root: Path) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        # The line that does not parse never ran: no frame of the traceback is it.
        return f"{_relative(Path(error.filename), root)}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    for frame in reversed(frames):
        path = Path(frame.filename)
        if path.is_relative_to(root) and "site-packages" not in path.parts:
            return f"{_relative(path, root)}:{frame.lineno} in {frame.name}"
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


def _relative(path: Path, root: Path) -> Path:
    return path.relative_to(root) if path.is_relative_to(root) else path
