"""Tables for a person: as text and as HTML, always bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interplane.charts.markup import element, joined
from interplane.charts.notebook import card
from interplane.charts.tables import table as drawn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.data.table import Table

__all__ = ["cell", "grid", "grid_width", "shorten", "table_html", "table_text"]

_WIDTH = 26


def cell(value: Any) -> str:
    r"""Return a value in at most 26 printable characters on one line; null is a dash.

    >>> cell(None), cell(0.1 + 0.2), cell("two\nlines\x1b")
    ('-', '0.3', 'two lines\\x1b')
    """
    if value is None:
        return "-"
    text = f"{value:.6g}" if isinstance(value, float) else " ".join(str(value).split())
    if not text.isprintable():
        escaped = (c if c.isprintable() else ascii(c)[1:-1] for c in text)
        text = "".join(escaped)
    return shorten(text, _WIDTH)


def shorten(text: str, width: int) -> str:
    """Return a text of at most ``width`` characters.

    >>> shorten("Taxi Affiliation", 8)
    'Taxi Af…'
    """
    return text if len(text) <= width else f"{text[: width - 1]}…"


def grid_width(rows: Sequence[Sequence[str]]) -> int:
    """Return how many characters a line of the grid of these rows has.

    >>> grid_width([["a", "b"], ["1", "1000"]])
    7
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return sum(widths) + 2 * (len(widths) - 1)


def grid(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[bool]) -> str:
    """Return aligned columns of text."""
    widths = [max(len(line[index]) for line in (header, *rows)) for index, _ in enumerate(header)]
    lines = [
        "  ".join(
            text.rjust(width) if push else text.ljust(width)
            for text, width, push in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in (header, *rows)
    ]
    return "\n".join(lines)


def _window(table: Table, *, rows: int, columns: int) -> tuple[Table, str]:
    shown = table.select(*table.names[:columns]).head(rows)
    hidden = len(table.names) - columns
    size = f"{table.rows:,} rows, {len(table.names)} columns"
    more = f", {hidden} columns not shown" if hidden > 0 else ""
    return shown, f"{size}{more}"


def table_text(table: Table, *, rows: int, columns: int, width: int | None = None) -> str:
    """Return the first rows of a table as text; with ``width``, only columns that fit a line."""
    shown, caption = _window(table, rows=rows, columns=columns)
    numeric = [column.type in {"int", "float"} for column in shown.columns]
    body = [[cell(value) for value in row.values()] for row in shown.to_rows()]
    types = [column.type for column in shown.columns]
    lines: list[Sequence[str]] = [shown.names, types, *body]
    if width is not None:
        fitting = len(numeric)
        while fitting > 1 and grid_width([line[:fitting] for line in lines]) > width:
            fitting -= 1
        if fitting < len(numeric):
            return table_text(table, rows=rows, columns=fitting)
    return f"{grid(lines[0], lines[1:], right=numeric)}\n{caption}"


def table_html(table: Table, *, rows: int, columns: int) -> str:
    """Return the first rows of a table as HTML, every text escaped."""
    shown, caption = _window(table, rows=rows, columns=columns)
    header = [
        joined([column.name, element("br"), element("small", column.type)])
        for column in shown.columns
    ]
    right = [column.type in {"int", "float"} for column in shown.columns]
    body = ([cell(value) for value in row.values()] for row in shown.to_rows())
    return card("table", caption, drawn(header, body, right=right))
