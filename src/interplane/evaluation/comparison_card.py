"""What a notebook shows of two evaluations: figures and slices side by side, what is beyond chance in colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.charts.markup import Markup, element, joined
from interplane.charts.notebook import card, interval, part
from interplane.charts.svg import flips, pair_marks
from interplane.charts.tables import ruler, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.evaluation.comparison import Comparison, Pair
    from interplane.evaluation.figures import Figure

__all__ = ["comparison_html", "comparison_parts"]

_SLICES = 20
_RIGHT = (False, False, True, True, True, True, False)


def comparison_html(it: Comparison) -> str:
    """Return two evaluations side by side."""
    return card("comparison", "", *comparison_parts(it, ("first", "second")))


def comparison_parts(it: Comparison, names: tuple[str, str]) -> list[Markup]:
    """Return what compares two evaluations.

    Args:
        it: how they compare.
        names: what the two are called.
    """
    if not it.figures:
        return [element("p", "There are no figures that both have.")]
    key = element("span", f"○ {names[0]} ● {names[1]}", class_="soft")
    rows = [_line(each, named=False) for each in it.figures]
    parts = [table(["figure", *names, "change", key], rows, right=(False, True, True, True))]
    if it.flips is not None:
        found = it.flips
        said = (
            f"{names[1]} decides {found.rows:,} of {found.of:,} rows otherwise: "
            f"{found.to_right:,} rightly now, {found.to_wrong:,} wrongly now."
        )
        parts += [element("p", said), flips(found.to_right, found.to_wrong)]
    if it.slices:
        parts.append(_by_slice(it, names))
    for name, only in ((names[1], it.gained), (names[0], it.lost)):
        if only:
            shown = ", ".join(only[:_SLICES])
            more = f" and {len(only) - _SLICES:,} more" if len(only) > _SLICES else ""
            parts.append(element("p", f"only {name} has: {shown}{more}", class_="soft small-text"))
    return parts


def _by_slice(it: Comparison, names: tuple[str, str]) -> Markup:
    shown = it.slices[:_SLICES]
    scale = Markup("") if it.ruler is None else ruler(it.ruler)
    header = ["by", "slice", "rows", *names, "change", scale]
    left_out = it.slices_left_out + len(it.slices) - len(shown)
    rest = f" {left_out:,} slices changed less." if left_out else ""
    note = element("p", f"In colour: what is beyond chance.{rest}", class_="soft small-text")
    rows = [_line(each, named=True) for each in shown]
    title = f"{it.metric} by slice, what changed most first"
    return part(title, table(header, rows, right=_RIGHT), note)


def _line(each: Pair, *, named: bool) -> Sequence[object]:
    change = each.change
    sign = "+" if (change.value or 0.0) > 0 else ""
    went = each.went if each.is_shown else "unsure"
    changed = element("span", sign, _figure(change), class_=went)
    marks = pair_marks(each.drawn, went)
    figures = (_figure(each.before), _figure(each.after), changed, marks)
    return (
        (each.by, each.name, f"{each.rows_after:,}", *figures) if named else (each.name, *figures)
    )


def _figure(it: Figure) -> Markup:
    return joined([interval(it.value, it.low, it.high)])
