"""How a file is read: options that a data version records, and budgets that bound it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self

from interplane.errors import UnknownName, UsageError
from interplane.record import TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.record import Type

__all__ = ["LIMITS", "Limits", "ReadOptions"]


@dataclass(frozen=True)
class Limits:
    """What one source may cost, checked while it is decoded: whatever its own header claims.

    Attributes:
        size_bytes: bytes after decompression.
        rows: rows.
        columns: columns.
        ratio: bytes after decompression for each byte before, once ``ratio_from`` is passed.
        ratio_from: bytes after decompression from which the ratio is looked at.
    """

    size_bytes: int = 8 << 30
    rows: int = 1_000_000_000
    columns: int = 4_096
    ratio: int = 200
    ratio_from: int = 256 << 20


LIMITS = Limits()


@dataclass(frozen=True)
class ReadOptions:
    """How to read a text file. What differs from the default is recorded with the data version.

    Attributes:
        delimiter: one character between fields; found in the header if not given.
        encoding: the file's encoding; UTF-8, or what its byte-order mark says, if not given.
        quote: the character around fields that hold delimiters; "" if quotes are plain text.
        null_values: unquoted texts that mean null. A quoted text is null only where the rest of
            its column are numbers or times.
        skip_rows: lines before the header that are no data.
        header: whether the first line has the names.
        names: names for all columns, instead of the header's.
        types: types of columns by name; a value that does not fit is an error with its line.
        formats: formats of dates and timestamps by column, as in ``%d.%m.%Y``.
        decimal: the character before decimals.
        thousands: the character between thousands; "" for none.
        blank_lines: what a blank line is: an error, nothing (``skip``), or a row of nulls.
        skip_initial_space: whether spaces after a delimiter are no data.

    >>> ReadOptions(delimiter=";", skip_rows=2).to_record()
    {'delimiter': ';', 'skip_rows': 2}
    """

    delimiter: str | None = None
    encoding: str | None = None
    quote: str = '"'
    null_values: tuple[str, ...] = ("", "NA")
    skip_rows: int = 0
    header: bool = True
    names: tuple[str, ...] | None = None
    types: Mapping[str, Type] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)
    decimal: str = "."
    thousands: str = ""
    blank_lines: Literal["refuse", "skip", "null"] = "refuse"
    skip_initial_space: bool = False

    def __post_init__(self) -> None:
        for name, longest in (("delimiter", 1), ("quote", 1), ("decimal", 1), ("thousands", 1)):
            text = getattr(self, name)
            if text is not None and (len(text) > longest or not text.isascii() or text in "\r\n"):
                if text == "" and name in {"quote", "thousands"}:
                    continue
                raise UsageError(
                    f"{name} is {text!r}",
                    expected="one ASCII character, no line end",
                    do='Write a tab as "\\t"',
                )
        for column, type_ in self.types.items():
            if type_ not in TYPES:
                raise UnknownName.of("type", type_, TYPES, where=f"types, column {column!r}")
        if self.skip_rows < 0:
            raise UsageError(f"skip_rows is {self.skip_rows}", expected="0 or more lines")

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Make options of plain values, as a caller or a record gives them.

        Raises:
            UnknownName: for an option that there is not.
        """
        known = [item.name for item in dataclasses.fields(cls)]
        for name in given:
            if name not in known:
                raise UnknownName.of("option", name, known)
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in given.items()
        }
        return cls(**values)

    def to_record(self) -> dict[str, Any]:
        """Return what differs from the default, as plain JSON values."""
        default = ReadOptions()
        changed: dict[str, Any] = {}
        for item in dataclasses.fields(self):
            value = getattr(self, item.name)
            if value != getattr(default, item.name):
                changed[item.name] = list(value) if isinstance(value, tuple) else value
        return {
            name: dict(value) if name in {"types", "formats"} else value
            for name, value in changed.items()
        }
