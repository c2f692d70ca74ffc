"""Freezing without an engine: stages and replacement."""

from __future__ import annotations

import pytest

from interplane.errors import NotFreezable
from interplane.expressions.expr import Expr, Row
from interplane.expressions.nodes import Lookup, Reduce, walk
from interplane.expressions.trees import parts_of, rebuild
from interplane.features.encodings import one_hot, standardize, target_encode
from interplane.features.freezing import Grouped, freeze
from interplane.features.lookups import LookupTable

row = Row({"x": "float", "dest": "str", "late": "bool", "day": "date", "n": "int"})


class Answers:
    """Answers every statistic with a fixed value of its kind, and remembers the stages."""

    def __init__(self):
        self.stages = []

    def __call__(self, stage, lookups):
        self.stages.append([statistic.function for statistic in stage])
        return {statistic: self.answer(statistic) for statistic in stage}

    def answer(self, statistic):
        if statistic.function == "vocabulary":
            return ("JFK", "LGA")
        if statistic.by:
            return Grouped(LookupTable(("str",), statistic.type, {("JFK",): 0.5}), None)
        return 2 if statistic.type == "int" else 2.0


def test_a_statistic_becomes_its_value():
    """Nothing of the training rows is left but constants."""
    parts = freeze({"f": standardize(row.x)}, Answers())
    assert "(x - 2.0) / 2.0" == repr(Expr(parts.features["f"]))


def test_the_same_statistic_is_asked_for_once():
    """Two features share a mean."""
    answers = Answers()
    freeze({"a": row.x - row.x.mean(), "b": row.x / row.x.mean()}, answers)
    assert [["mean"]] == answers.stages


def test_nested_statistics_come_in_stages():
    """What a statistic stands on is computed before it."""
    answers = Answers()
    inner = row.x - row.x.mean()
    freeze({"f": inner / (inner * inner).mean().sqrt()}, answers)
    assert [["mean"], ["mean"]] == answers.stages


def test_a_grouped_statistic_becomes_a_table():
    """The expression looks its group up."""
    parts = freeze({"f": row.x - row.x.mean(by=[row.dest])}, Answers())
    (name,) = parts.lookups
    assert [name] == [n.table for n in walk(parts.features["f"]) if isinstance(n, Lookup)]


def test_statistics_of_a_table_come_after_it():
    """A statistic of a grouped statistic sees the table of the stage before."""
    answers = Answers()
    centred = row.x - row.x.mean(by=[row.dest])
    parts = freeze({"f": centred / centred.std()}, answers)
    assert [["mean"], ["std"]] == answers.stages
    assert not any(isinstance(node, Reduce) for node in walk(parts.features["f"]))


def test_target_encodings_are_told_apart():
    """The fit has to know which tables to take out of fold."""
    written = {"f": target_encode(row.dest, row.late), "g": row.x.mean(by=[row.dest])}
    parts = freeze(written, Answers())
    assert ["target_mean"] == [found.function for found in parts.targets.values()]


def test_a_one_hot_becomes_a_feature_per_value():
    """By the vocabulary that the training rows have."""
    parts = freeze({"to": one_hot(row.dest)}, Answers())
    assert ["to_JFK", "to_LGA"] == list(parts.features)


def test_a_one_hot_may_clash_with_a_feature():
    """Both would be called to_JFK."""
    with pytest.raises(NotFreezable, match="'to_JFK'"):
        freeze({"to_JFK": row.x, "to": one_hot(row.dest)}, Answers())


def test_every_feature_is_a_float():
    """Integers and bools become the same number as a float."""
    parts = freeze({"n": row.n, "far": row.x > 1}, Answers())
    assert ["float", "float"] == [node.type for node in parts.features.values()]


def test_rebuild_without_change_is_the_same_tree():
    """Replacing nothing gives an equal tree."""
    node = ((row.x - row.x.mean(where=row.n > 1, by=[row.dest])) * 2).node
    assert node == rebuild(node, lambda _: None)


def test_a_shared_part_is_taken_once():
    """Sharing doubles a tree with each level; walking and changing it do not take that long."""
    node = row.x
    for _ in range(15):
        node = node * node
    assert 16 == len(list(parts_of(node.node)))
    assert node.node is not rebuild(node.node, lambda _: None)
