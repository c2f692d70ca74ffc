"""Pictures that are tables, and tables: written as HTML, once for pages and notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.charts.heat import STEPS
from interplane.charts.markup import Markup, element, joined
from interplane.charts.numbers import number
from interplane.charts.svg import calibration, precision_recall, roc

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from interplane.charts.curves import Curves
    from interplane.charts.grid import Grid, GridCell
    from interplane.charts.heat import Cell, HeatMap
    from interplane.charts.intervals import Ruler

__all__ = ["curves", "grid", "heat", "overlay_key", "pairs", "ruler", "scrolled", "state", "table"]

_LETTER_PX: Final = 6.4
_CELL_PX: Final = 11
"""Of a letter above a heat map, and of its cells where they are as narrow as they may be."""


def scrolled(inside: Markup, label: str = "") -> Markup:
    """Return something wide in a frame that scrolls, also by the keyboard."""
    role = "group" if label else None
    return element("div", inside, class_="scroll", tabindex=0, role=role, aria_label=label or None)


def table(
    header: Sequence[object], rows: Iterable[Sequence[object]], *, right: Sequence[bool] = ()
) -> Markup:
    """Return a table.

    Args:
        header: what stands above each column.
        rows: the cells of each row; markup as it is, all else as text.
        right: whether a column's cells stand at the right, as numbers do; columns beyond do not.

    >>> table(["a"], [["<1"]])[:52]
    '<div class="scroll" tabindex="0"><table><thead><tr><'
    """
    sides = [*right, *[False] * (len(header) - len(right))]
    kinds = ["num" if is_right else None for is_right in sides]
    head = element(
        "tr",
        *(
            element("th", cell, scope="col", class_=kind)
            for cell, kind in zip(header, kinds, strict=True)
        ),
    )
    body = [
        element(
            "tr", *(element("td", cell, class_=kind) for cell, kind in zip(row, kinds, strict=True))
        )
        for row in rows
    ]
    return scrolled(element("table", element("thead", head), element("tbody", *body)))


def pairs(lines: Iterable[tuple[str, object]], kind: str = "") -> Markup:
    """Return what is known of a thing: a word for each, and what it is."""
    return element(
        "dl",
        *(joined([element("dt", name), element("dd", value)]) for name, value in lines),
        class_=kind or None,
    )


def state(word: str) -> Markup:
    """Return the state of a thing: one word, in its colour."""
    return element("span", word, class_=f"state {word.replace(' ', '-')}")


def ruler(it: Ruler) -> Markup:
    """Return what stands at both ends of a scale."""
    ends = (element("span", number(end, 2)) for end in (it.low, it.high))
    return element("span", *ends, class_="ruler")


def heat(it: HeatMap, cell: str = "window") -> Markup:
    """Return lines of cells, each in its step of the one loud colour, with what the colours mean.

    Args:
        it: the heat map.
        cell: what a column is.
    """
    rows = (
        element("tr", element("th", line.name, scope="row"), *map(_heat_cell, line.cells))
        for line in it.lines
    )
    head = element("tr", element("td"), *_heat_names(it.names))
    cells = element("table", element("thead", head), element("tbody", *rows), class_="heat")
    steps = [_swatch(f"step{step}") for step in range(STEPS + 1)]
    key = [number(it.quiet), " or less ", *steps, " ", number(it.loud), " or more"]
    empty = [_swatch("step-none"), " nothing to compare"]
    return joined(
        [
            scrolled(cells, f"Lines by {cell}s"),
            element("p", *key, *empty, f"; a cell is a {cell}", class_="soft small-text heat-key"),
        ]
    )


def _heat_cell(it: Cell) -> Markup:
    kind = f"step{it.step}" if it.step >= 0 else "step-none"
    return element("td", class_=kind, title=it.says)


def _heat_names(names: Sequence[str]) -> Iterator[Markup]:
    """Yield the names above the cells: as many as have room beside each other, each above its own."""
    wide = 1 + int(max(map(len, names), default=0) * _LETTER_PX / _CELL_PX)
    for place in range(0, len(names), wide):
        over = min(wide, len(names) - place)
        if over == wide or place == 0:
            yield element("th", names[place], scope="colgroup", colspan=over)
        else:
            yield element("td", colspan=over)


def grid(it: Grid, metric: str) -> Markup:
    """Return slices by two columns, in the colours of better and worse."""
    head = element("tr", element("td"), *(element("th", each, scope="col") for each in it.columns))
    rows = (
        element("tr", element("th", name, scope="row"), *map(_grid_cell, cells))
        for name, cells in it.lines
    )
    cells = element("table", element("thead", head), element("tbody", *rows), class_="grid")
    key = joined(
        [
            *(_swatch("poor5"), " worse than all rows ", _swatch("fair5"), " better "),
            *(_swatch("few"), " too few rows; ", element("b", "bold"), ": beyond chance"),
        ]
    )
    return joined(
        [
            element("h3", f"{metric}, {it.down} by {it.across}"),
            *(scrolled(cells), element("p", key, class_="soft small-text")),
        ]
    )


def _grid_cell(it: GridCell | None) -> Markup:
    if it is None:
        return element("td", class_="none")
    if it.is_small:
        return element("td", it.text, class_="few", title=it.says)
    tone = f"fair{-it.tone}" if it.tone < 0 else f"poor{it.tone}"
    return element("td", it.text, class_=f"{tone} sure" if it.is_shown else tone, title=it.says)


def curves(it: Curves) -> Markup:
    """Return ROC, precision by recall, and calibration, each with what it means."""
    return element(
        "div",
        _figure(
            roc(it), "ROC", f"true ones found, by false ones taken for true. {_begun(it.roc.says)}."
        ),
        _figure(
            precision_recall(it),
            "Precision and recall",
            f"how many are right of those taken for true, by those found. {_begun(it.pr.says)}.",
        ),
        _figure(
            calibration(it),
            "Calibration",
            "how often it came true, by what was said, a tenth of the rows each."
            " On the line said and came are one.",
        ),
        class_="curves",
    )


def _figure(picture: Markup, name: str, says: str) -> Markup:
    return element("figure", picture, element("figcaption", element("b", name), ": ", says))


def overlay_key() -> Markup:
    """Return what the two colours of an overlay are."""
    words = (_swatch("was"), " before ", _swatch("is"), " after")
    return element("p", *words, class_="soft small-text")


def _swatch(kind: str) -> Markup:
    return element("span", class_=f"swatch {kind}")


def _begun(says: str) -> str:
    return says[:1].upper() + says[1:]
