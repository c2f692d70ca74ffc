"""What cannot be frozen: each refusal names the feature and says what to do."""

from __future__ import annotations

import pytest

from interplane.errors import NotFreezable
from interplane.expressions.expr import Expr, Row
from interplane.expressions.nodes import Call, Literal, Lookup, Reduce
from interplane.features.encodings import one_hot, target_encode
from interplane.features.refusals import check

row = Row({"x": "float", "dest": "str", "late": "bool", "day": "date", "n": "int"})


def refused(feature, label="late"):
    """Return the message with which a feature is refused."""
    with pytest.raises(NotFreezable) as raised:
        check({"f": feature}, label=label)
    return str(raised.value)


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


@pytest.mark.parametrize(
    "leak",
    [
        target_encode([row.dest], row.late).mean(by=[row.n]),
        row.x.mean(where=target_encode([row.dest], row.late) > 0.5, by=[row.n]),
        row.x.count(by=[target_encode([row.dest], row.late).bucket([0.5])]),
    ],
)
def test_a_statistic_of_an_encoded_target_by_groups(leak):
    """It would be taken from the serving form, in which every row has seen its own label."""
    assert "of an encoded target by groups" in refused(leak)


def test_a_scale_for_an_encoded_target():
    """A statistic of all rows tells nothing of one row's label."""
    encoded = target_encode([row.dest], row.late)
    check({"f": (encoded - encoded.mean()) / encoded.std()}, label="late")


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


def test_groups_of_an_encoded_target():
    """Rows of one group would be in different groups out of fold."""
    inner = target_encode(row.dest, row.late)
    message = refused(target_encode([(inner * 10).cast("int")], row.late))
    assert "by groups of an encoded target" in message
