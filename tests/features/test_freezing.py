"""Freezing without an engine: stages, replacement, refusals."""

from __future__ import annotations

import pytest

from interplane.errors import NotFreezable
from interplane.expressions.expr import Expr, Row
from interplane.expressions.nodes import Call, Literal, Lookup, Reduce, walk
from interplane.features.encodings import one_hot, standardize, target_encode
from interplane.features.freezing import Grouped, check, freeze, rebuild
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


def refused(feature, label="late"):
    """Return the message with which a feature is refused."""
    with pytest.raises(NotFreezable) as raised:
        check({"f": feature}, label=label)
    return str(raised.value)


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


def test_the_label_in_a_feature():
    """The label is not known when a prediction is made."""
    message = refused(row.x + row.late.cast("float"))
    assert "'f' reads the label 'late'" in message
    assert "target_encode" in message


@pytest.mark.parametrize(
    "leak",
    [
        row.late.mean(),
        row.x.mean(where=row.late),
        row.late.mean(by=[row.dest]),
        row.x.mean(by=[row.late]),
        target_encode([row.late], row.late),
        one_hot(row.late),
        target_encode([row.dest], row.late) + row.late.cast("float"),
    ],
)
def test_the_label_in_a_statistic(leak):
    """A statistic of the label leaks it into the training rows, unless it is out of fold."""
    assert "reads the label" in refused(leak)


def test_a_target_that_is_not_the_label():
    """Another column needs no folds."""
    assert "does not read the label 'late'" in refused(target_encode([row.dest], row.x))
    assert "does not read the label None" in refused(target_encode(row.dest, row.late), None)


def test_a_target_with_a_statistic():
    """A statistic of the label inside the target would not be out of fold."""
    leak = row.late.cast("float") - row.late.mean()
    assert "holds a statistic" in refused(target_encode([row.dest], leak))


@pytest.mark.parametrize(("name", "advice"), [("dest", "one_hot"), ("day", "day_of_week")])
def test_a_feature_that_no_model_takes(name, advice):
    """Text and times have to be encoded; the message says how."""
    message = refused(row[name])
    assert f"'f' = {name} is" in message
    assert advice in message


def test_a_table_that_no_fit_made():
    """A lookup cannot be written by hand."""
    lookup = Expr(Lookup("rates", (row.dest.node,), Literal(None, "float"), "float"))
    assert "frozen table 'rates'" in refused(lookup)


def test_a_vocabulary_inside_an_expression():
    """The number of features is not known before the fit."""
    node = Reduce("vocabulary", (row.dest.node,), None, (), (("top", 3),), "str")
    assert "vocabulary" in refused(Expr(node) == row.dest)


def test_a_statistic_that_is_not_in_the_table():
    """Only statistics of the table have a value that can be frozen."""
    node = Reduce("first", (row.x.node,), None, (), (), "float")
    message = refused(Expr(node) + 1)
    assert "'first'" in message
    assert "'f'" in message


def test_an_operation_that_is_not_in_the_table():
    """Only operations of the table have an exact twin."""
    message = refused(Expr(Call("levenshtein", (row.dest.node, row.dest.node), (), "int")))
    assert "'f' uses the operation 'levenshtein'" in message
