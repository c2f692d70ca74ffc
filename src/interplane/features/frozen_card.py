"""What a notebook shows of frozen features: each by its definition, and what it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.charts.markup import Markup, element
from interplane.charts.notebook import card, part
from interplane.charts.tables import table
from interplane.expressions.nodes import Column
from interplane.expressions.render import render
from interplane.expressions.trees import parts_of

if TYPE_CHECKING:
    from interplane.expressions.nodes import Node
    from interplane.features.frozen import Frozen

__all__ = ["definitions", "frozen_html"]

_SHOWN = 200


def frozen_html(frozen: Frozen) -> str:
    """Return the features in the order of the matrix, then what a row has to have for them."""
    proof = frozen.parity
    parity = "not proved" if proof is None else f"proved bit for bit on {proof.values:,} values"
    lead = f"{frozen.summary}; fitted on {frozen.training.rows:,} rows; serves as trained: {parity}"
    inputs = table(["column", "type"], frozen.columns.items())
    caution = frozen.training.caution
    warned = [element("p", caution, class_="warned")] if caution else []
    return card(
        "features", lead, *warned, *definitions(frozen), part("what it takes of a row", inputs)
    )


def definitions(frozen: Frozen) -> list[Markup]:
    """Return each feature by its definition, with the columns that it reads."""
    rows = [
        (name, element("code", render(node)), ", ".join(_read(node)))
        for name, node in list(frozen.features.items())[:_SHOWN]
    ]
    shown = [table(["feature", "definition", "reads"], rows)]
    hidden = len(frozen.features) - len(rows)
    return [*shown, element("p", f"and {hidden:,} more", class_="soft")] if hidden else shown


def _read(node: Node) -> list[str]:
    found = (each.name for each in parts_of(node) if isinstance(each, Column))
    return list(dict.fromkeys(found))
