"""How often a fit goes over its rows is what it tells, and no more than it takes."""

from __future__ import annotations

import pytest

from interplane.data.table import Table
from interplane.expressions.nodes import Column
from interplane.features import encodings as ip
from interplane.features.definition import features
from interplane.features.freezing import freeze
from interplane.features.statistics import Passes
from interplane.features.training_rows import TrainingRows

ROWS = Table.from_columns(
    {
        "id": list(range(8)),
        "x": [1.0, 2.0, 4.0, 8.0, None, 3.0, 5.0, 9.0],
        "city": ["A", "A", "B", "B", "C", "A", None, "D"],
        "kind": ["s", "t", "s", "t", "s", "t", "s", "t"],
        "late": [True, False, True, False, True, True, False, None],
    }
)
LABEL = Column("late", "bool")


class Counted(TrainingRows):
    """Training rows that keep what each pass over them asked for."""

    def __init__(self, rows):
        super().__init__(rows)
        self.passes = []

    def aggregate(self, groupings):
        """Keep the keys of each query."""
        self.passes.append([grouping.by for grouping in groupings])
        return super().aggregate(groupings)


def plain(row):
    """Scales, edges, groups, a vocabulary and a target encoding: nothing stands on another."""
    return {
        "z": ip.standardize(row.x),
        "bucket": ip.bucketize(row.x, quantiles=3),
        "by": row.x.mean(by=[row.city], default=0.0),
        "often": ip.frequency_encode(row.city),
        "to": ip.one_hot(row.city, top=2),
        "rate": ip.target_encode(row.kind, row.late),
    }


def nested(row):
    """The mean of the cube of a standardized column, and the deviation from a group's mean."""
    away = row.x - row.x.mean(by=[row.city])
    return {"skew": row.x - (ip.standardize(row.x) ** 3).mean(), "away": ip.standardize(away)}


def pooled(row):
    """Rare groups share a statistic."""
    return {
        "by": row.x.median(by=[row.city], min_rows=2),
        "kind": row.x.mean(by=[row.kind], min_rows=3),
    }


def pooled_and_nested(row):
    """Statistics over a column that a pooled one is a part of."""
    return {"away": ip.standardize(row.x - row.x.mean(by=[row.city], min_rows=2))}


def pooled_beside_nested(row):
    """A pooled statistic and a nested one, neither of which stands on the other."""
    away = (row.x - row.x.mean()) ** 2
    return {"by": row.x.mean(by=[row.city], min_rows=2), "away": row.x - away.mean()}


def pooled_below_and_beside(row):
    """Two pooled ones, of which one stands on the other, and a nested one beside them."""
    by = row.x.mean(by=[row.city], min_rows=2)
    away = ip.standardize(row.x) ** 2
    return {"by": (row.x - by).max(by=[row.kind], min_rows=2), "away": row.x - away.mean()}


def targets(row):
    """Three target encodings of two sets of keys, with one overall mean."""
    return {
        "city": ip.target_encode(row.city, row.late),
        "stronger": ip.target_encode(row.city, row.late, smoothing=3),
        "kind": ip.target_encode(row.kind, row.late),
    }


@pytest.mark.parametrize(
    ("function", "passes", "queries"),
    [
        (plain, 1, 3),
        (nested, 2, 3),
        (pooled, 2, 3),
        (pooled_and_nested, 3, 3),
        (pooled_beside_nested, 2, 3),
        (pooled_below_and_beside, 4, 5),
        (targets, 1, 3),
    ],
)
def test_passes_that_are_told_are_those_made(function, passes, queries):
    """One for each depth, one more for pools; in each a query for all rows and one by set of keys."""
    definition = features(label="late", key=["id"])(function)
    with Counted(ROWS.to_arrow()) as rows:
        written = definition.expressions(ROWS.types)
        parts = freeze(written, Passes(rows, label=LABEL))
    told = definition.fit(ROWS).training
    assert parts.stages == told.stages
    assert passes == told.passes == len(rows.passes)
    assert queries == sum(map(len, rows.passes))
    for keys in rows.passes:
        assert len(keys) == len(set(keys)), "a set of keys was asked for twice in one pass"


@pytest.mark.parametrize("function", [pooled_beside_nested, pooled_below_and_beside])
def test_what_shares_a_pass_is_what_it_is_alone(function):
    """The values of a pooled statistic are no matter of what else is computed."""
    definition = features(label="late", key=["id"])(function)
    together = definition.fit(ROWS).transform(ROWS).to_arrow()
    for name in together.column_names:
        one = features(label="late", key=["id"])(_of_one(function, name))
        assert one.fit(ROWS).transform(ROWS).to_arrow()[name] == together[name]


def _of_one(function, name):
    def alone(row):
        return {name: function(row)[name]}

    return alone


def test_groups_that_are_told_are_the_sets_of_keys():
    """Statistics of one set of keys share its query."""
    definition = features(label="late", key=["id"])(plain)
    (stage,) = definition.fit(ROWS).training.stages
    assert 2 == stage.groups
