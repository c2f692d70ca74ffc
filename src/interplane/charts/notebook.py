"""What a notebook shows: pictures and tables with their own style, and no script.

A value's ``_repr_html_`` returns `card`. Notebook programs that show no HTML show its text instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.charts.markup import Markup, element, joined
from interplane.charts.numbers import number
from interplane.charts.style import ROOT, notebook_sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CLASSES", "card", "interval", "part", "tiles"]


CLASSES: Final = f"{ROOT} tex2jax_ignore mathjax_ignore"
"""Of what stands in a notebook: notebooks would set what is between dollars in it as formulas."""


def card(name: str, lead: object, *parts: object, state: Markup | None = None) -> Markup:
    """Return what is shown of a value.

    Args:
        name: what it is called.
        lead: what is to be said of it first.
        parts: pictures and tables.
        state: its state, beside its name.

    >>> shown = card("flights@7", "of <b>", element("p", "good"))
    >>> "flights@7" in shown, "of &lt;b&gt;" in shown, "<script" in shown
    (True, True, False)
    """
    head = element("p", *((name,) if state is None else (name, " ", state)), class_="name")
    inside = joined([head, element("p", lead, class_="lead") if lead else "", *parts])
    return element("div", element("style", notebook_sheet(inside)), inside, class_=CLASSES)


def part(name: str, *inside: object) -> Markup:
    """Return a part of a card under its name."""
    return joined([element("p", name, class_="part"), *inside])


def tiles(shown: Sequence[tuple[object, Markup]]) -> Markup:
    """Return things beside each other, each under its name."""
    return element(
        "div",
        *(
            element("div", element("p", name, class_="part"), inside, class_="tile")
            for name, inside in shown
        ),
        class_="tiles",
    )


def interval(
    value: float | None, low: float | None = None, high: float | None = None, *, digits: int = 4
) -> Markup:
    """Return a figure with the interval that it lies in.

    >>> interval(0.5, -0.25, 0.75, digits=2)
    '0.50 <span class="doubt">-0.25 to 0.75</span>'
    """
    shown = joined([number(value, digits)])
    if low is None or high is None:
        return shown
    dash = " to " if low < 0 else "\N{EN DASH}"
    doubt = element("span", f"{number(low, digits)}{dash}{number(high, digits)}", class_="doubt")
    return joined([shown, " ", doubt])
