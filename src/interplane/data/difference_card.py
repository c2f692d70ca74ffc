"""What a notebook shows of two versions: what came and went, and each column over itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.charts.markup import Markup, element, joined
from interplane.charts.notebook import card, tiles
from interplane.charts.overlay import draw_overlay
from interplane.charts.svg import overlay
from interplane.charts.tables import overlay_key, pairs, state
from interplane.data.difference_text import column_pairs, difference_lines
from interplane.data.distance import distance

if TYPE_CHECKING:
    from interplane.data.datasets import ColumnChange, Difference

__all__ = ["difference_html", "difference_parts"]

_SHOWN = 60
_MOVED = 0.1


def difference_html(difference: Difference) -> str:
    """Return a difference: its columns that changed, what moved furthest first."""
    return card(
        "difference", "; ".join(difference_lines(difference)), *difference_parts(difference)
    )


def difference_parts(difference: Difference) -> list[Markup]:
    """Return the columns that changed, each over itself, what came, went or moved furthest first."""
    rows = difference.rows_before, difference.rows_after
    moved = {each.name: _moved(each, rows) for each in difference.columns}
    columns = sorted(difference.columns, key=lambda each: -moved[each.name])
    shown = [(_name(each, moved[each.name]), _tile(each, rows)) for each in columns[:_SHOWN]]
    if not shown:
        return [element("p", "columns: all as they were")]
    hidden = len(columns) - len(shown)
    more = [element("p", f"and {hidden:,} more columns", class_="soft")] if hidden else []
    return [overlay_key(), tiles(shown), *more]


def _moved(each: ColumnChange, rows: tuple[int, int]) -> float:
    """Return how far a column moved, from 0 to 1; what came or went stands before all others."""
    if each.before is None or each.after is None or each.before.type != each.after.type:
        return 2.0
    return distance(each.before, each.after, rows=rows) or 0.0


def _name(each: ColumnChange, moved: float) -> Markup:
    if each.change != "statistics":
        return joined([each.name, " ", state(each.change)])
    kind = "moved worse" if moved >= _MOVED else "moved"
    says = "Jensen-Shannon distance, from 0 (alike) to 1 (nothing in common), by the two profiles"
    return joined([each.name, " ", element("span", f"{moved:.2f}", class_=kind, title=says)])


def _tile(each: ColumnChange, rows: tuple[int, int]) -> Markup:
    drawn = None
    if each.before is not None and each.after is not None and each.before.type == each.after.type:
        drawn = draw_overlay(each.before, each.after, rows=rows)
    shown = element("div", class_="no-histogram")
    if drawn is not None:
        shown = overlay(drawn, each.name)
    return joined([shown, pairs(column_pairs(each), kind="small")])
