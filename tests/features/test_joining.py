"""Features that join feature views: at the fit, for a table, for a row, and as JSON."""

from datetime import datetime, timedelta

import numpy as np
import pytest

import interplane as ip
from interplane.errors import DataError, NotFreezable, RequestRejected, UnknownName, UsageError
from interplane.features.frozen import Frozen
from interplane.models.request_schema import RequestSchema

NOON = datetime(2026, 1, 5, 12)  # noqa: DTZ001 - timestamps are UTC, and naive
HOUR = timedelta(hours=1)


@ip.feature_view(
    source="landings", entity="carrier", event_time="left", known_at="landed", key="id", ttl="2h"
)
def history(landings):
    """The share of late ones in the last four hours, and the last delay."""
    return {"late": landings.late.mean().over(ip.last("4h")), "delay": landings.delay}


@ip.features(label="late", time="left", key=["id"])
def features(flight, carrier=history.by("carrier"), partner=history.by("partner")):
    """The same view joined twice."""
    return {
        "distance": flight.distance,
        "late": carrier.late,
        "delay": carrier.delay - carrier.delay.mean(),
        "partner_late": partner.late.fill_null(-1.0),
    }


LANDINGS = ip.Table.from_columns(
    {
        "id": [1, 2, 3],
        "carrier": ["AA", "AA", "UA"],
        "left": [NOON - 3 * HOUR, NOON - 2 * HOUR, NOON - 5 * HOUR],
        "landed": [NOON - 2 * HOUR, NOON - HOUR, NOON - 4 * HOUR],
        "late": [True, False, True],
        "delay": [30.0, 2.0, 50.0],
    }
)
FLIGHTS = ip.Table.from_columns(
    {
        "id": [10, 11, 12, 13],
        "carrier": ["AA", "AA", "UA", None],
        "partner": ["UA", "DL", "AA", "AA"],
        "left": [NOON, NOON - 90 * timedelta(minutes=1), NOON, NOON],
        "distance": [100.0, 200.0, None, 400.0],
        "late": [True, False, True, False],
    }
)
SOURCES = {"landings": LANDINGS}


@pytest.fixture(scope="module")
def frozen():
    """The features, fitted."""
    return features.fit(FLIGHTS, sources=SOURCES)


def test_a_row_has_what_was_known_at_its_time(frozen):
    """Not what was known later, nothing older than the window or the time-to-live, null for null."""
    found = frozen.transform(FLIGHTS, sources=SOURCES).to_rows()
    assert [0.5, 1.0, None, None] == [row["late"] for row in found]
    assert [-1.0, -1.0, 0.5, 0.5] == [row["partner_late"] for row in found]
    # At 12:00 the last flight of AA left at 10:00, just within two hours; at 10:30 at 9:00.
    assert [-14.0, 14.0, None, None] == [row["delay"] for row in found]


def test_a_training_row_has_the_same(frozen):
    """fit_transform looks up as transform does."""
    again, x, y = features.fit_transform(FLIGHTS, sources=SOURCES)
    assert frozen == again
    assert frozen.transform(FLIGHTS, sources=SOURCES).to_rows() == x.to_rows()
    assert [1.0, 0.0, 1.0, 0.0] == y.tolist()


def test_a_row_in_python_is_the_row_of_the_table(frozen):
    """What views give is a dict for each, by parameter."""
    row = {"distance": 100.0, "carrier": "AA", "partner": "UA", "left": NOON}
    expected = frozen.transform(FLIGHTS, sources=SOURCES).to_rows()[0]
    assert expected == frozen.row(
        row, carrier={"late": 0.5, "delay": 2.0}, partner={"late": None, "delay": None}
    )
    assert [100.0, 0.5, -14.0, -1.0] == frozen.vector(
        {"distance": 100.0}, carrier={"late": 0.5, "delay": 2.0}, partner={"late": None}
    )


def test_what_no_feature_reads_of_a_view_may_be_left_out(frozen):
    """And what one reads may not; what the view does not have is refused."""
    row = {"distance": 1.0}
    carrier, partner = {"late": 0.5, "delay": 1.0}, {"late": 0.5}
    assert frozen.row(row, carrier=carrier, partner=partner)["late"] == 0.5
    with pytest.raises(UnknownName, match="no feature 'delay' in the values of 'carrier'"):
        frozen.row(row, carrier={"late": 0.5}, partner=partner)
    with pytest.raises(UnknownName, match=r"no feature 'lat' in the view 'partner'.*'late'"):
        frozen.row(row, carrier=carrier, partner={**partner, "lat": 1.0})
    with pytest.raises(UnknownName, match="no feature view 'partner'"):
        frozen.row(row, carrier=carrier)
    with pytest.raises(UnknownName, match="no feature view 'other'"):
        frozen.row(row, carrier=carrier, partner=partner, other={})
    with pytest.raises(RequestRejected, match=r"'often' of type str at \$\.carrier\.late"):
        frozen.row(row, carrier={**carrier, "late": "often"}, partner=partner)
    with pytest.raises(
        UsageError, match=r"the values of the view 'carrier' are .*0\.5.*late, delay"
    ):
        frozen.row(row, carrier=0.5, partner=partner)


def test_floats_of_numpy_come_from_views_as_floats(frozen):
    """As they do from the row."""
    carrier = {"late": np.float64(0.5), "delay": np.float64(2.0)}
    found = frozen.row({"distance": 1.0}, carrier=carrier, partner={"late": np.float64(1.0)})
    assert {float} == set(map(type, found.values()))


def test_inputs_are_of_the_row_and_looked_up_of_the_views(frozen):
    """In the order in which a vector takes them."""
    assert {"distance": "float"} == frozen.inputs
    assert {
        "carrier.late": "float",
        "carrier.delay": "float",
        "partner.late": "float",
        "partner.delay": "float",
    } == frozen.looked_up
    assert [*frozen.inputs, *frozen.looked_up] == list(frozen.columns)
    assert ("carrier", "partner") == frozen.by


def test_the_json_form_holds_the_views(frozen):
    """And reads back to the same features."""
    plain = frozen.to_dict()
    assert 2 == plain["version"]
    again = Frozen.from_dict(plain)
    assert frozen == again
    assert frozen.uses == again.uses
    assert (
        frozen.transform(FLIGHTS, sources=SOURCES).to_rows()
        == again.transform(FLIGHTS, sources=SOURCES).to_rows()
    )


def test_features_without_views_keep_the_older_form():
    """So that what was stored before keeps its name."""

    @ip.features()
    def plain(flight):
        return {"distance": flight.distance}

    form = plain.fit(FLIGHTS).to_dict()
    assert 1 == form["version"]
    assert "views" not in form


def test_a_request_must_have_what_views_are_looked_up_by(frozen):
    """A column that a client forgot would be an entity that nobody knows."""
    schema = RequestSchema.of(frozen, FLIGHTS)
    required = {field.name: (field.required, field.nullable) for field in schema.fields}
    assert {
        "distance": (True, True),
        "carrier": (True, True),
        "partner": (True, False),
        "id": (False, True),
        "left": (False, True),
    } == required
    assert 1 == schema.inputs


def test_sources_that_are_not_given(frozen):
    """Named, with how to give them."""
    with pytest.raises(UnknownName, match=r"sources=\{.landings.: its table\}"):
        features.fit(FLIGHTS)
    with pytest.raises(UnknownName, match="no source 'landings'"):
        frozen.transform(FLIGHTS, sources={"landing": LANDINGS})


def test_views_need_a_prediction_time():
    """What is known depends on it."""

    @ip.features()
    def timeless(flight, carrier=history):
        return {"late": carrier.late}

    with pytest.raises(UsageError, match="declare no time"):
        timeless.fit(FLIGHTS, sources=SOURCES)


def test_a_row_without_the_column_that_a_view_is_joined_by():
    """Named with the view, also where it has another type."""
    with pytest.raises(UnknownName, match="The view 'carrier' is joined by it"):
        features.fit(FLIGHTS.select("partner", "left", "distance", "id", "late"), sources=SOURCES)
    numbers = FLIGHTS.sql("SELECT * REPLACE (1 AS carrier) FROM self")
    with pytest.raises(DataError, match="the column 'carrier' of the table is int"):
        features.fit(numbers, sources=SOURCES)


def test_a_parameter_that_is_no_view():
    """The row comes first, views have defaults."""
    with pytest.raises(NotFreezable, match="the parameter 'carrier' of plain has the default 3"):

        @ip.features()
        def plain(flight, carrier=3):
            return {}


def test_a_column_with_the_name_of_a_looked_up_one():
    """Neither hides the other."""
    clash = FLIGHTS.sql('SELECT *, 1.0 AS "carrier.late" FROM self')

    @ip.features(time="left")
    def clashing(flight, carrier=history.by("carrier")):
        return {"x": flight["carrier.late"]}

    with pytest.raises(UsageError, match=r"carrier\.late"):
        clashing.fit(clash, sources=SOURCES)


def test_a_model_scores_tables_and_rows_with_history(frozen):
    """Through its features: the same bits."""
    model = ip.Model(ip.FeatureScore("late", otherwise=0.25), features=frozen)
    assert [0.5, 1.0, 0.25, 0.25] == model.predict(FLIGHTS, sources=SOURCES).tolist()
    assert 0.5 == model.predict_row(
        {"distance": 1.0}, carrier={"late": 0.5, "delay": 1.0}, partner={"late": None}
    )


def test_parameters_differ_also_in_lower_case():
    """Their columns have the name before them; refused where they are written."""
    with pytest.raises(NotFreezable, match="parameters of twice are named 'h' and 'H'"):

        @ip.features(time="left")
        def twice(flight, h=history.by("carrier"), H=history.by("partner")):  # noqa: N803
            return {"a": h.late, "b": H.late}
