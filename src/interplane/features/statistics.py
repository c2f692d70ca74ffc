"""The statistics of a fit: taken apart into plain ones, aggregated, and put together.

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
    from collections.abc import Iterator, Mapping, Sequence

    from interplane.expressions.nodes import Column, Reduce
    from interplane.features.aggregates import Aggregates
    from interplane.features.found import Recipe
    from interplane.features.lookups import LookupTable

__all__ = ["Passes"]


class Passes:
    """The passes over some training rows; each call is one, as `freeze` asks for them.

    Which groups are rare is known only after a pass: a statistic that pools them is answered by the
    next one, together with what is asked for then.

    Args:
        rows: the training rows.
        label: the column of the label; rows without one are left out of target encodings.
    """

    def __init__(self, rows: Aggregates, *, label: Column | None) -> None:
        self._rows = rows
        self._label = label
        self._found = Found()
        self._waiting: dict[Reduce, Groups] = {}
        self._pools: dict[str, LookupTable] = {}

    def __call__(
        self, stage: Sequence[Reduce], lookups: Mapping[str, LookupTable]
    ) -> dict[Reduce, object]:
        """Go over the rows once; return each statistic that is known then.

        Args:
            stage: the statistics to begin with; nothing in them is a statistic.
            lookups: the tables of the passes before.
        """
        recipes: dict[Reduce, Recipe] = dict(self._pooled())
        recipes |= {statistic: _recipe(statistic, self._label) for statistic in stage}
        self._rows.use({**lookups, **self._pools})
        self._found.add(self._rows, [need for each in recipes.values() for need in each.needs])
        self._waiting = {
            statistic: recipe
            for statistic, recipe in recipes.items()
            if isinstance(recipe, Groups) and recipe.min_rows > 1 and recipe.pool is None
        }
        done = {name: each for name, each in recipes.items() if name not in self._waiting}
        return {statistic: recipe.answer(self._found) for statistic, recipe in done.items()}

    def _pooled(self) -> Iterator[tuple[Reduce, Groups]]:
        """Yield what waits, with the table of the groups that are not rare, which is known now."""
        for statistic, recipe in self._waiting.items():
            name = f"common_{len(self._pools)}"
            self._pools[name] = recipe.common(self._found)
            yield statistic, recipe.with_pool(name)


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
