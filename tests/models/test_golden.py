"""Golden rows: what a crossing came to where it was made, held against what it comes to here."""

# ruff: noqa: DTZ001  our timestamps are UTC without a zone

from __future__ import annotations

import json
import math
from datetime import date, datetime

import msgspec
import pytest

from interplane.data.table import Table
from interplane.errors import DataError, ParityBroken
from interplane.expressions.nodes import Column
from interplane.features.frozen import Frozen
from interplane.models.feature_flavor import FeatureFlavor, FeatureScore
from interplane.models.golden import GoldenBroken, GoldenRows, check_golden, make_golden
from interplane.models.request_schema import Field, RequestSchema
from interplane.views.view import Latest, View, ViewUse

VIEW = View(
    name="history",
    source="flights",
    entity=("carrier",),
    event_time="at",
    known_at="at",
    ttl_us=None,
    forecast=False,
    key=(),
    columns={"carrier": "str", "at": "timestamp", "rate": "float", "seen": "date"},
    arguments=(Column("rate", "float"), Column("seen", "date")),
    features={"rate": Latest(0, "float"), "seen": Latest(1, "date")},
)
FROZEN = Frozen(
    features={"distance": Column("distance", "float"), "rate": Column("h.rate", "float")},
    uses={"h": ViewUse(VIEW, ("carrier",))},
    time="at",
    key=("flight",),
)
SCHEMA = RequestSchema(
    fields=(
        Field(name="distance", type="float", nullable=True, required=True),
        Field(name="carrier", type="str", nullable=True, required=True),
        Field(name="flight", type="int", nullable=True, required=False),
        Field(name="at", type="timestamp", nullable=True, required=False),
    ),
    inputs=1,
    time="at",
)
DISTANCES = [0.1, -0.0, None, math.inf, 1e300, math.nan]


def table(rows=6):
    """Rows as they are after the views were joined; the fourth fits into no request."""
    return Table.from_columns(
        {
            "distance": [DISTANCES[n % 6] for n in range(rows)],
            "carrier": ["UA"] * rows,
            "flight": list(range(rows)),
            "at": [datetime(2013, 5, 1)] * rows,
            "h.rate": [0.25] * rows,
            "h.seen": [date(2013, 4, 30)] * rows,
        }
    )


def predictor(name="distance", otherwise=None):
    """A model that is a feature."""
    flavor = FeatureFlavor()
    return flavor.load(flavor.save(FeatureScore(name, otherwise), FROZEN.names))


def make(**options):
    """Golden rows of the table."""
    return make_golden(FROZEN, predictor(), SCHEMA, table(), **options)


def test_rows_are_kept_with_what_they_came_to():
    """Exactly: floats by their bits, null as NaN; only the columns that matter."""
    golden = make()
    assert [0.1, -0.0, None, 1e300, None] == [row.row["distance"] for row in golden.rows]
    assert {"distance", "carrier"} == set(golden.rows[0].row)
    first, second, third, *_ = golden.rows
    assert ("0x1.999999999999ap-4", "0x1.0000000000000p-2") == first.features
    assert "-0x0.0p+0" == second.score
    assert ("nan", "nan") == (third.features[0], third.score)
    assert ("0.25", "2013-04-30") == first.looked_up


def test_they_come_back_from_json():
    """And are the same bytes again."""
    golden = make()
    again = GoldenRows.from_dict(json.loads(golden.to_bytes()))
    assert golden == again
    assert golden.to_bytes() == again.to_bytes()
    check_golden(again, FROZEN, predictor(), SCHEMA)


def test_they_are_taken_from_all_over_the_table():
    """First and last among them, and never more than asked for."""
    kept = make_golden(FROZEN, predictor(), SCHEMA, table(601), most=4)
    assert [0.1, 1e300, 0.1] == [r.row["distance"] for r in kept.rows if r.row["distance"]]
    assert 4 == len(kept.rows)
    assert 0 == len(make_golden(FROZEN, predictor(), SCHEMA, table(0)).rows)


def changed(golden, place, **parts):
    """Golden rows with one changed."""
    rows = list(golden.rows)
    rows[place] = msgspec.structs.replace(rows[place], **parts)
    return GoldenRows(rows=tuple(rows))


def test_the_first_difference_is_named():
    """By row and feature, with both values."""
    nearly = changed(make(), 1, features=("-0x0.0000000000001p-1022", "0x1.0p-2"))
    with pytest.raises(
        GoldenBroken, match=r"the feature 'distance' of golden row 1 is -0.0"
    ) as caught:
        check_golden(nearly, FROZEN, predictor(), SCHEMA)
    assert (1, "distance") == (caught.value.details["row"], caught.value.details["feature"])
    assert isinstance(caught.value, ParityBroken)


def test_a_zero_has_a_sign():
    """It is a bit like any other."""
    positive = changed(make(), 1, score="0x0.0p+0")
    with pytest.raises(GoldenBroken, match=r"the score of golden row 1 is -0.0 .* was 0.0 "):
        check_golden(positive, FROZEN, predictor(), SCHEMA)


def test_another_model_is_another_score():
    """Where a feature is null it matters."""
    with pytest.raises(GoldenBroken, match=r"the score of golden row 2 is 0.5 .* was nan"):
        check_golden(make(), FROZEN, predictor(otherwise=0.5), SCHEMA)


@pytest.mark.parametrize(
    "parts",
    [
        {"row": {"distance": "far", "carrier": "UA"}},
        {"row": {"distance": 1.0}},
        {"looked_up": ("0.25",)},
        {"looked_up": ("0.25", "yesterday")},
        {"features": ("0x1.0p-2",)},
    ],
)
def test_rows_of_other_features_are_told_apart(parts):
    """That is no difference in a bit."""
    with pytest.raises(DataError, match="golden row 0 does not fit"):
        check_golden(changed(make(), 0, **parts), FROZEN, predictor(), SCHEMA)


@pytest.mark.parametrize("plain", [{}, {"rows": 3}, {"format": 9, "rows": []}])
def test_what_is_no_golden_rows_is_refused(plain):
    """A newer form too."""
    with pytest.raises(DataError, match="golden rows"):
        GoldenRows.from_dict(plain)
