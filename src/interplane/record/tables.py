"""What a table is made of: columns with our six types, parts, data versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from interplane.record.base import Record, Value
from interplane.record.digests import Digest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["TYPES", "Addition", "Column", "DataVersion", "Part", "Type"]

Type = Literal["bool", "int", "float", "str", "date", "timestamp"]
"""int is 64 bits signed, float 64 bits, str UTF-8, timestamp UTC in microseconds, years 1 to 9999."""

TYPES: tuple[Type, ...] = ("bool", "int", "float", "str", "date", "timestamp")


class Column(Value, frozen=True, kw_only=True):
    """A column: its name and its type."""

    name: str
    type: Type


class Part(Value, frozen=True, kw_only=True):
    """One Parquet file of a table: its blob, its rows and its size in bytes."""

    digest: Digest
    rows: int
    size_bytes: int


class DataVersion(Record, frozen=True, kw_only=True, tag="data-version"):
    """One immutable state of a table: columns, and parts in order. Its digest is its content's."""

    columns: tuple[Column, ...]
    parts: tuple[Part, ...]

    @property
    def rows(self) -> int:
        """The number of rows."""
        return sum(part.rows for part in self.parts)

    @property
    def size_bytes(self) -> int:
        """The size of all parts in bytes."""
        return sum(part.size_bytes for part in self.parts)

    def links(self) -> Iterator[Digest]:
        """Yield the blobs of the parts."""
        for part in self.parts:
            yield part.digest


class Addition(Record, frozen=True, kw_only=True, tag="addition"):
    """How a data version came to a dataset: from where, read how, checked by what.

    Attributes:
        dataset: the dataset's name.
        version: the data version that resulted.
        parent: the version that rows were appended to, if they were.
        source: the digest of what was added (the file's bytes, or the table's content).
        source_name: the name of the file (its last part only) or the type of the object.
        options: how the source was read, where that was not the default.
        rows: how many rows were added.
        profile: the blob of the version's profile.
        schema: the value of the schema that it was checked against, if any.
        verdict: the outcome of that check, a `Verdict` as plain JSON.
    """

    dataset: str
    version: Digest
    parent: Digest | None = None
    source: Digest
    source_name: str
    options: dict[str, Any] = {}
    rows: int
    profile: Digest | None = None
    schema: Digest | None = None
    verdict: dict[str, Any] | None = None

    def links(self) -> Iterator[Digest]:
        """Yield the version, its parent, its profile and the schema that it was checked against."""
        yield self.version
        for digest in (self.parent, self.profile, self.schema):
            if digest is not None:
                yield digest
