"""The statistics of one stage: taken apart into plain ones, aggregated, and put together.

Everything that an engine could do in its own way (smoothing, pooling, ties, vocabularies) is done
here, on what it aggregated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.features.derived import EDGES, INDEX, TARGET_MEAN, VOCABULARY
from interplane.features.found import Found
from interplane.features.recipes import Edges, Groups, Scalar
from interplane.features.targets import Target
from interplane.features.vocabularies import Index, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.expressions.nodes import Column, Reduce
    from interplane.features.aggregates import Aggregates
    from interplane.features.found import Recipe
    from interplane.features.lookups import LookupTable

__all__ = ["compute"]


def compute(
    rows: Aggregates,
    stage: Sequence[Reduce],
    lookups: Mapping[str, LookupTable],
    *,
    label: Column | None,
) -> dict[Reduce, object]:
    """Return the statistics of one stage, as `freeze` asks for them.

    Args:
        rows: the training rows.
        stage: the statistics; nothing in them is a statistic.
        lookups: the tables of the stages before.
        label: the column of the label; rows without one are left out of target encodings.
    """
    rows.use(lookups)
    recipes: dict[Reduce, Recipe] = {statistic: _recipe(statistic, label) for statistic in stage}
    found = Found.ask(rows, [need for recipe in recipes.values() for need in recipe.needs])
    pooled = {
        statistic: recipe
        for statistic, recipe in recipes.items()
        if isinstance(recipe, Groups) and recipe.min_rows > 1
    }
    if pooled:
        # Which groups are rare is known only now: the rows are gone over once more.
        common = {
            f"common_{place}": each.common(found) for place, each in enumerate(pooled.values())
        }
        rows.use({**lookups, **common})
        pools = (each.with_pool(name) for name, each in zip(common, pooled.values(), strict=True))
        recipes |= zip(pooled, pools, strict=True)
        found.add(rows, [need for each in recipes.values() for need in each.needs])
    return {statistic: recipe.answer(found) for statistic, recipe in recipes.items()}


def _recipe(statistic: Reduce, label: Column | None) -> Recipe:
    match statistic.function:
        case name if name == TARGET_MEAN and label is not None:
            return Target.of(statistic, label)
        case name if name == VOCABULARY:
            return Vocabulary(statistic)
        case name if name == INDEX:
            return Index(statistic)
        case name if name == EDGES:
            return Edges(statistic)
        case _:
            return Groups(statistic) if statistic.by else Scalar(statistic)
