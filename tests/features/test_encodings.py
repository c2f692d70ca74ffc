"""The ready-made encodings: what they are made of, and what they refuse."""

from __future__ import annotations

import pytest

from interplane.errors import ExpressionError
from interplane.expressions.expr import Row
from interplane.features import encodings
from interplane.features.encodings import one_hot, target_encode

flight = Row({"distance": "float", "dest": "str", "late": "bool", "hour": "int"}, name="flight")


def test_standardize_is_an_expression():
    """An encoding is only an expression."""
    made = encodings.standardize(flight.distance)
    assert "(distance - mean(distance)) / std(distance)" == repr(made)


def test_min_max_is_an_expression():
    """The range of the training rows becomes 0 to 1."""
    made = encodings.min_max(flight.distance)
    assert "(distance - min(distance)) / (max(distance) - min(distance))" == repr(made)


def test_cyclic_gives_two_features():
    """A point on the circle."""
    assert ["sin", "cos"] == list(encodings.cyclic(flight.hour))


@pytest.mark.parametrize("period", [0, -1, float("inf"), float("nan"), "day"])
def test_cyclic_without_a_period(period):
    """A circle has a length."""
    with pytest.raises(ExpressionError, match="period"):
        encodings.cyclic(flight.hour, period=period)


@pytest.mark.parametrize("top", [0, -3, 2.5, True])
def test_one_hot_without_room(top):
    """At least one value has a feature of its own."""
    with pytest.raises(ExpressionError, match="top"):
        one_hot(flight.dest, top=top)


def test_one_hot_names_are_readable_and_differ():
    """Letters and digits stay; two values never share a name, also in lower case."""
    made = one_hot(flight.dest).expand(flight.dest.node, ["JFK", "jfk", "A:B", "A B", ""])
    assert ["JFK", "jfk_2", "A_B", "A_B_2", "empty"] == list(made)


@pytest.mark.parametrize(
    "make",
    [one_hot, encodings.frequency_encode, lambda x: target_encode([x], flight.late)],
)
def test_groups_of_floats_are_refused(make):
    """The expression is named, and how to make groups of it."""
    with pytest.raises(ExpressionError, match=r"distance.*bucket"):
        make(flight.distance)


@pytest.mark.parametrize(
    "settings",
    [{"folds": 1}, {"folds": 2.5}, {"folds": True}, {"smoothing": -1}, {"smoothing": "many"}],
)
def test_target_encode_with_odd_settings(settings):
    """The setting is named with its value."""
    with pytest.raises(ExpressionError, match=next(iter(settings))):
        target_encode([flight.dest], flight.late, **settings)


def test_target_encode_without_columns():
    """There is nothing to group by."""
    with pytest.raises(ExpressionError, match="no columns"):
        target_encode([], flight.late)


def test_target_encode_of_text():
    """A label is a number or a bool."""
    with pytest.raises(ExpressionError, match="label"):
        target_encode([flight.hour], flight.dest)


def test_one_column_may_stand_without_a_list():
    """A single expression is a list of one."""
    one = target_encode(flight.dest, flight.late)
    assert target_encode([flight.dest], flight.late).node == one.node


@pytest.mark.parametrize(
    "make",
    [
        lambda: encodings.standardize(3),
        lambda: encodings.min_max("distance"),
        lambda: encodings.bucketize("distance", edges=[1]),
        lambda: encodings.cyclic("hour", "hour"),
        lambda: encodings.impute("distance", constant=0),
        lambda: encodings.correlation(flight.distance, "hour"),
    ],
)
def test_what_is_no_expression(make):
    """A column's name, or a number, in place of a column: said in words of the encoding."""
    with pytest.raises(ExpressionError, match="Expected an expression of the row's columns"):
        make()


@pytest.mark.parametrize("quantiles", [0.9, "ab", [0.1]])
def test_odd_quantiles_to_clip_at(quantiles):
    """Two shares are needed."""
    with pytest.raises(ExpressionError, match=r"two shares|a share"):
        encodings.clip_outliers(flight.distance, quantiles=quantiles)


@pytest.mark.parametrize("edges", [3, [3, 1], []])
def test_odd_edges(edges):
    """They rise, and there is one at least."""
    with pytest.raises(ExpressionError, match="edges"):
        encodings.bucketize(flight.distance, edges=edges)


@pytest.mark.parametrize("encoding", ["standardize", "min_max", "robust_scale"])
def test_truths_are_numbers(encoding):
    """1 and 0, as statistics take them."""
    made = getattr(encodings, encoding)(flight.late)
    assert getattr(encodings, encoding)(flight.late.cast("int")).node == made.node


@pytest.mark.parametrize("encoding", ["weighted_mean", "covariance", "correlation"])
def test_truths_in_pairs_are_numbers(encoding):
    """On either side."""
    make = getattr(encodings, encoding)
    late = flight.late.cast("int")
    assert make(late, flight.hour).node == make(flight.late, flight.hour).node
    assert make(flight.hour, late).node == make(flight.hour, flight.late).node
