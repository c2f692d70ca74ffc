"""Batch prediction: rows in their order, with ids that a rerun repeats."""

# ruff: noqa: DTZ001  our timestamps are UTC without a zone

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.data.table import Table
from interplane.errors import UnknownName, UsageError
from interplane.expressions.nodes import Column
from interplane.features.frozen import Frozen
from interplane.models.feature_flavor import FeatureScore
from interplane.models.model import Model
from interplane.models.predict import predict_table, prediction_ids

CROSSING = "c" * 64


@pytest.fixture
def model():
    """The score is the column rate."""
    frozen = Frozen(
        features={"rate": Column("rate", "float")},
        label="late",
        time="at",
        key=("flight",),
        context=("origin",),
    )
    return Model(FeatureScore("rate"), features=frozen)


@pytest.fixture
def table():
    """Three flights; one has no label, one no rate."""
    return Table.from_columns(
        {
            "origin": ["JFK", "LGA", None],
            "flight": ["UA1", "AA2", "DL3"],
            "at": [datetime(2013, 5, 1), datetime(2013, 5, 2), datetime(2013, 5, 3)],
            "rate": [0.25, 0.5, None],
            "late": [True, None, False],
        }
    )


def test_every_row_has_a_score(model, table):
    """Key, time and context come along; a null label is no reason to leave a row out."""
    scored = predict_table(model, table, crossing=CROSSING)
    assert scored.names == ("flight", "at", "origin", "score", "crossing", "prediction_id")
    assert scored.column("score").to_pylist() == [0.25, 0.5, None]
    assert scored.column("crossing").to_pylist() == [CROSSING] * 3
    assert len(set(scored.column("prediction_id").to_pylist())) == 3


def test_a_rerun_has_the_same_ids(model, table):
    """In whatever order the rows come; another crossing or another value has others."""
    first = predict_table(model, table, crossing=CROSSING)
    assert predict_table(model, table, crossing=CROSSING).equals(first)
    turned = table.sql("FROM self ORDER BY flight")
    by_flight = predict_table(model, turned, crossing=CROSSING).sql("FROM self ORDER BY score")
    assert by_flight.equals(first.sql("FROM self ORDER BY score"))
    other = predict_table(model, table, crossing="d" * 64)
    assert not set(ids(other)) & set(ids(first))


def ids(table: Table) -> list[str]:
    return table.column("prediction_id").to_pylist()


def test_further_columns_come_along(model, table):
    """Asked for by name; an unknown one is named."""
    more = predict_table(model, table, crossing=CROSSING, keep=["late", "flight"])
    assert more.names[:4] == ("flight", "at", "origin", "late")
    assert ids(more) == ids(predict_table(model, table, crossing=CROSSING))
    with pytest.raises(UnknownName, match="Did you mean 'late'"):
        predict_table(model, table, crossing=CROSSING, keep=["lat"])


def test_a_column_of_our_name_is_refused(model, table):
    """A score of yours would be taken for ours."""
    clashing = Table.from_columns({**{n: table.column(n) for n in table.names}, "score": [1, 2, 3]})
    with pytest.raises(UsageError, match="'score' has the name of a column of predictions"):
        predict_table(model, clashing, crossing=CROSSING, keep=["score"])


def test_no_rows_have_no_predictions(model, table):
    """Types stay."""
    scored = predict_table(model, table.head(0), crossing=CROSSING)
    assert scored.rows == 0
    assert scored.types["score"] == "float"


VALUES = {
    "bool": st.booleans(),
    "int": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(allow_nan=False),
    "str": st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
    "date": st.dates(date(1, 1, 1)),
    "timestamp": st.datetimes(),
}


@given(
    rows=st.lists(
        st.fixed_dictionaries({kind: st.none() | values for kind, values in VALUES.items()}),
        min_size=1,
        max_size=8,
    )
)
def test_ids_tell_rows_apart(rows):
    """Every type, nulls, repeated rows: as many ids as rows, each made of its row alone."""
    import pyarrow as pa

    arrow = {
        "bool": pa.bool_(),
        "int": pa.int64(),
        "float": pa.float64(),
        "str": pa.string(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us"),
    }
    schema = pa.schema(list(arrow.items()))
    table = Table.from_arrow(pa.Table.from_pylist(rows, schema=schema))
    made = prediction_ids(table, crossing=CROSSING)
    assert len(set(made)) == len(rows)
    for row, own in zip(rows, made, strict=True):
        if rows.count(row) == 1:
            alone = Table.from_arrow(pa.Table.from_pylist([row], schema=schema))
            assert prediction_ids(alone, crossing=CROSSING) == [own]
