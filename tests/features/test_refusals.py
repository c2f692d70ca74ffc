"""What cannot be frozen: each refusal names the feature and says what to do."""

from __future__ import annotations

import pytest

from interplane.errors import NotFreezable
from interplane.expressions.expr import Expr, Row
from interplane.expressions.nodes import Call, Literal, Lookup, Reduce
from interplane.expressions.reductions import REDUCTIONS, reduce
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


@pytest.mark.parametrize(
    ("function", "why", "do"),
    [
        ("first", "order of the rows", "over(ip.last"),
        ("last", "order of the rows", "over(ip.last"),
        ("lag", "order of the rows", "feature view"),
        ("cumsum", "order of the rows", "feature view"),
        ("rank", "order of the rows", "data step"),
        ("array_agg", "is a list", "one value"),
        ("vocabulary", "is a list", "ip.one_hot"),
        ("geometric_mean", "not in the table", "docs/operations.md"),
    ],
)
def test_a_statistic_that_cannot_be_frozen(function, why, do):
    """By feature, operation and reason, with what to do instead."""
    message = refused(Expr(Reduce(function, (row.x.node,), None, (), (), "float")) + 1)
    assert all(part in message for part in ("'f'", repr(function), why, do))


@pytest.mark.parametrize(
    ("operation", "why", "do"),
    [
        ("random", "another value each time", "hash_bucket"),
        ("now", "another time", "prediction time"),
        ("row_number", "order of the rows", "feature view"),
        ("subquery", "other rows", "Join it in a data step"),
        ("levenshtein", "no exact twin", "data step"),
    ],
)
def test_an_operation_that_cannot_be_frozen(operation, why, do):
    """By feature, operation and reason, with what to do instead."""
    node = Call(operation, (row.x.node,), (), "float")
    for feature in (Expr(node), Expr(node).mean(by=[row.dest]), row.x.mean(where=Expr(node) > 0)):
        message = refused(feature)
        assert all(part in message for part in ("'f'", repr(operation), why, do))


def test_a_column_of_another_table():
    """Expressions of two rows cannot be mixed: that is a join."""
    other = Row({"capacity": "int"})
    with pytest.raises(NotFreezable, match=r"'f' reads the column 'capacity'.*data step"):
        check({"f": row.x * other.capacity}, label="late", columns={"x", "dest", "late"})
    with pytest.raises(NotFreezable, match="'f' reads the column 'town'"):
        check({"f": one_hot(Row({"town": "str"}).town)}, label=None, columns={"x"})


def test_statistics_that_order_does_not_move_are_frozen():
    """Everything else of the table."""
    for name, reduction in REDUCTIONS.items():
        for kind in set(reduction.types) & {"float", "bool"} if not reduction.ordered else ():
            options = {"q": 0.5} if reduction.option else {}
            x = row.x if kind == "float" else row.x > 0
            check({"f": Expr(reduce(name, x.node, **options))}, label="late")


def test_groups_of_an_encoded_target():
    """Rows of one group would be in different groups out of fold."""
    inner = target_encode(row.dest, row.late)
    message = refused(target_encode([(inner * 10).cast("int")], row.late))
    assert "by groups of an encoded target" in message
