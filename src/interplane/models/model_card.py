"""What a notebook shows of a model: what it is, and the features that it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.charts.markup import element
from interplane.charts.notebook import card, part
from interplane.charts.numbers import size
from interplane.charts.tables import pairs, table

if TYPE_CHECKING:
    from interplane.models.model import Model

__all__ = ["model_html"]

_SHOWN: Final = 200


def model_html(model: Model) -> str:
    """Return a model: its flavor, its files, its features in the order of a row."""
    features = model.features
    names = list(features.names)
    hidden = len(names) - _SHOWN
    more = element("p", f"and {hidden:,} more", class_="soft") if hidden > 0 else ""
    files = (f"{name} ({size(len(held))})" for name, held in model.files.items())
    known = [
        ("flavor", model.flavor.name),
        ("digest", element("code", model.digest)),
        ("files", ", ".join(files)),
        ("features", element("code", features.digest)),
    ]
    taken = element("p", ", ".join(names[:_SHOWN]))
    return card(
        "model",
        f"{model.flavor.name}, {len(names):,} features of {len(features.inputs):,} columns",
        pairs(known),
        part("its features, in the order of a row", taken, more),
        part("what it takes of a row", table(["column", "type"], features.inputs.items())),
    )
