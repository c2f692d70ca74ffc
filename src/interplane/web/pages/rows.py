"""Some rows of a version, from all over it: as text, and never many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from interplane.data.history import resolve_version
from interplane.data.parts import parts_table
from interplane.record import DataVersion, Value
from interplane.web.routes import Asked, Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interplane.record import Part
    from interplane.storage.store import Store

__all__ = ["PAGES", "RowsPage"]

Thing = TypeVar("Thing")

_PARTS: Final = 4
_EACH: Final = 10
_MOST_COLUMNS: Final = 100
_LONGEST: Final = 120


class RowsPage(Value, frozen=True, kw_only=True):
    """Some rows of a version.

    Attributes:
        dataset: the dataset.
        number: the version.
        rows_in_all: how many rows it has.
        columns: the names and types of the columns.
        columns_left_out: how many more there are.
        rows: for each row its place, and its cells as text; None where there is no value.
    """

    dataset: str
    number: int
    rows_in_all: int
    columns: tuple[tuple[str, str], ...]
    columns_left_out: int
    rows: tuple[tuple[int, tuple[str | None, ...]], ...]


def read_rows(asked: Asked) -> RowsPage:
    """Return some rows of a version, always the same ones."""
    store, name, number = asked.project.store, asked.path["dataset"], asked.path["number"]
    _, version = resolve_version(store, f"{name}@{number}")
    columns = version.columns[:_MOST_COLUMNS]
    return RowsPage(
        dataset=name,
        number=int(number),
        rows_in_all=version.rows,
        columns=tuple((column.name, column.type) for column in columns),
        columns_left_out=len(version.columns) - len(columns),
        rows=tuple(_rows(store, version, [column.name for column in columns])),
    )


def _rows(
    store: Store, version: DataVersion, names: Sequence[str]
) -> Iterator[tuple[int, tuple[str | None, ...]]]:
    """Yield rows of a few parts, at equal distances; as many parts are read, and no more."""
    begins: list[tuple[int, Part]] = []
    at = 0
    for part in version.parts:
        begins.append((at, part))
        at += part.rows
    for begin, part in _spread(begins, _PARTS):
        alone = DataVersion(columns=version.columns, parts=(part,))
        table = parts_table(alone, store.blobs).select(*names).to_arrow()
        for place in _spread(range(table.num_rows), _EACH * _PARTS // min(len(begins), _PARTS)):
            (row,) = table.slice(place, 1).to_pylist()
            yield begin + place + 1, tuple(_cell(value) for value in row.values())


def _spread(things: Sequence[Thing], most: int) -> list[Thing]:
    """Return at most so many things, at equal distances."""
    count = len(things)
    return [things[place * count // min(most, count)] for place in range(min(most, count))]


def _cell(value: object) -> str | None:
    if value is None:
        return None
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


PAGES: Final = (
    Page(
        name="rows",
        path="/data/{dataset}/{number}/rows",
        permission="look",
        read=read_rows,
        template="rows.html",
    ),
)
