"""What stands in paths and behind the question mark: declared, refused before anything reads it.

Each name in braces is of a kind, which is a pattern; what does not fit it is at no page. What a page
understands behind the question mark has a kind as well. The OpenAPI document says both.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from starlette.convertors import Convertor, register_url_convertor

from interplane.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "KINDS",
    "LONGEST_CURSOR",
    "Choice",
    "Cursor",
    "Day",
    "Query",
    "Runs",
    "Text",
    "Whole",
    "check_query",
    "names_in",
    "routed",
]

_NAME: Final = "[a-z0-9][a-z0-9_-]{0,62}"
_DAY: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_DIGEST: Final = "[0-9a-f]{4,64}"
KINDS: Final = {
    "alert": _DIGEST,
    "dataset": _NAME,
    "digest": _DIGEST,
    "feature": "[^/\\x00-\\x1f\\x7f]{1,200}",
    "kind": "model|view",
    "model": _NAME,
    "pipeline": _NAME,
    "number": "[1-9][0-9]{0,8}",
    "request": _DIGEST,
    "run": "last|[0-9a-f]{6,64}",
    "step": "[A-Za-z0-9_][A-Za-z0-9_-]{0,62}",
}
"""The pattern of each name that may stand in a path."""

LONGEST_CURSOR: Final = 8_000
"""How many characters a cursor may have."""

_CURSOR: Final = "(?:[A-Za-z0-9_%.~-]{1,400}:[0-9]{1,15},)*"
_IN_BRACES: Final = re.compile(r"\{(\w+)\}")


class _Kind(Convertor[str]):
    """A name in a path, as Starlette finds it."""

    def convert(self, value: str) -> str:
        """Return it as it is."""
        return value

    def to_string(self, value: str) -> str:
        """Return it as it is."""
        return value


for _name, _pattern in KINDS.items():
    _kind = type(f"_{_name}", (_Kind,), {"regex": f"(?:{_pattern})"})
    register_url_convertor(f"interplane_{_name}", _kind())


def names_in(path: str) -> list[str]:
    """Return the names in braces.

    >>> names_in("/models/{model}/{number}")
    ['model', 'number']
    """
    return _IN_BRACES.findall(path)


def routed(path: str) -> str:
    """Return a path as Starlette is told it: each name with its kind.

    >>> routed("/models/{model}")
    '/models/{model:interplane_model}'
    """
    return _IN_BRACES.sub(r"{\1:interplane_\1}", path)


class Text(NamedTuple):
    """Some text behind the question mark.

    Attributes:
        says: what it does.
        longest: how many characters it may have.
    """

    says: str
    longest: int = 200

    @property
    def schema(self) -> dict[str, Any]:
        """It as JSON Schema."""
        return {"type": "string", "maxLength": self.longest}

    def refuse(self, text: str) -> str | None:
        """Return what is expected instead; None if it is one."""
        return f"at most {self.longest} characters" if len(text) > self.longest else None


class Whole(NamedTuple):
    """A whole number behind the question mark.

    Attributes:
        says: what it does.
        least: the least that it may be.
        most: the most.
    """

    says: str
    least: int
    most: int

    @property
    def schema(self) -> dict[str, Any]:
        """It as JSON Schema."""
        return {"type": "integer", "minimum": self.least, "maximum": self.most}

    def refuse(self, text: str) -> str | None:
        """Return what is expected instead; None if it is one."""
        is_whole = text.isascii() and text.isdigit() and text == str(int(text[:18]))
        if is_whole and self.least <= int(text[:18]) <= self.most:
            return None
        return f"a whole number from {self.least} to {self.most}"


class Choice(NamedTuple):
    """One of some words behind the question mark.

    Attributes:
        says: what it does.
        words: which.
    """

    says: str
    words: tuple[str, ...]

    @property
    def schema(self) -> dict[str, Any]:
        """It as JSON Schema."""
        return {"type": "string", "enum": list(self.words)}

    def refuse(self, text: str) -> str | None:
        """Return what is expected instead; None if it is one."""
        return None if text in self.words else "one of " + ", ".join(self.words)


class Day(NamedTuple):
    """A day behind the question mark, such as ``2026-03-01``; nothing is any day.

    Attributes:
        says: what it does.
    """

    says: str

    @property
    def schema(self) -> dict[str, Any]:
        """It as JSON Schema."""
        day = {"type": "string", "format": "date", "pattern": f"^{_DAY}$"}
        return {"anyOf": [day, {"const": ""}]}

    def refuse(self, text: str) -> str | None:
        """Return what is expected instead; None if it is one.

        >>> Day("since").refuse("2026-02-30"), Day("since").refuse("2028-02-29")
        ('a day of the calendar such as 2026-03-01', None)
        """
        return None if not text or _is_day(text) else "a day of the calendar such as 2026-03-01"


def _is_day(text: str) -> bool:
    if re.fullmatch(_DAY, text) is None:  # ISO 8601 has other forms: they do not sort as texts
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


class Cursor(NamedTuple):
    """Where somebody was who followed a page: of each thing its name, and the number that is next.

    Attributes:
        says: what it does.
    """

    says: str

    @property
    def schema(self) -> dict[str, Any]:
        """It as JSON Schema."""
        return {"type": "string", "maxLength": LONGEST_CURSOR, "pattern": f"^{_CURSOR}$"}

    def refuse(self, text: str) -> str | None:
        """Return what is expected instead; None if it is one."""
        if len(text) <= LONGEST_CURSOR and re.fullmatch(_CURSOR, text):
            return None
        return "the id of an event of this stream"


class Runs(NamedTuple):
    """Runs behind the question mark: the beginnings of their digests, with commas between.

    Attributes:
        says: what they are for.
        most: how many there may be.
    """

    says: str
    most: int

    @property
    def schema(self) -> dict[str, Any]:
        """It as JSON Schema."""
        return {"type": "string", "pattern": f"^{self._pattern}$"}

    @property
    def _pattern(self) -> str:
        one = f"(?:{KINDS['run']})"
        return f"(?:{one}(?:,{one}){{0,{self.most - 1}}})?"

    def refuse(self, text: str) -> str | None:
        """Return what is expected instead; None if they are some."""
        if re.fullmatch(self._pattern, text):
            return None
        return f"at most {self.most} beginnings of digests of runs, with commas between"


Query = Text | Whole | Choice | Day | Cursor | Runs


def check_query(declared: Mapping[str, Query], query: Mapping[str, str]) -> None:
    """Hold what stands behind a question mark against what is declared; other names are nothing.

    Raises:
        UsageError: for the first that is none of its kind.

    >>> check_query({"limit": Whole("how many", 1, 10)}, {"limit": "11"})
    Traceback (most recent call last):
    interplane.errors.UsageError: limit='11'. Expected a whole number from 1 to 10. Mend the address.
    """
    for name, kind in declared.items():
        if name in query and (expected := kind.refuse(query[name])) is not None:
            raise UsageError(
                f"{name}={query[name][:40]!r}", expected=expected, do="Mend the address"
            )
