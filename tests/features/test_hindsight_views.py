"""Leaks through feature views: a row's own label, and columns that are known later than their event."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interplane.data.schema_file import parse_schema
from interplane.data.table import Table
from interplane.errors import Leak, UsageError
from interplane.expressions.windows import last
from interplane.features.definition import features
from interplane.views.definition import feature_view

BEGIN = datetime(2024, 1, 1)  # noqa: DTZ001 - timestamps are UTC, and naive


def at(hour):
    """A moment, so many hours after the first."""
    return BEGIN + timedelta(hours=hour)


def flights(count=20, *, landed=(2,), **more):
    """Flights of four aircraft, one an hour; each lands so many hours later, in turn."""
    hours = range(count)
    columns = {
        "id": [*hours],
        "tail": [f"t{hour % 4}" for hour in hours],
        "left": [at(hour) for hour in hours],
        "landed": [at(hour + landed[hour % len(landed)]) for hour in hours],
        "delay": [float(hour % 7) for hour in hours],
        "late": [hour % 3 == 0 for hour in hours],
    }
    return Table.from_columns(columns | more, name="flights")


@feature_view(source="flights", entity="tail", event_time="left", key="id")
def forgetful(flight):
    """A view that does not say when an event is known."""
    return {
        "rate": flight.late.mean().over(last(3)),
        "before": flight.late.mean().over(last("1d", delay="1h")),
        "flights": flight.count().over(last(3)),
        "delay": flight.delay,
    }


@feature_view(source="flights", entity="tail", event_time="left", known_at="landed", key="id")
def honest(flight):
    """The same with when it is known."""
    return {"rate": flight.late.mean().over(last(3)), "delay": flight.delay}


def written(view, *, names=("rate",), **settings):
    """Features of a view, by the aircraft."""

    @features(label="late", time="left", key=["id"], **settings)
    def looking(flight, past=view.by("tail")):
        return {name: getattr(past, name) for name in names}

    return looking


def fitted(view, table, source=None, **settings):
    """Fit them with the table as their source."""
    return written(view, **settings).fit(
        table, sources={"flights": table if source is None else source}
    )


def test_a_row_does_not_see_its_own_label():
    """Where a view knows an event when it happens, and the event is the row: refused with the rows."""
    with pytest.raises(Leak) as caught:
        fitted(forgetful, flights())
    text = str(caught.value)
    assert "the feature 'rate' of looking reads the label 'late' of the row itself" in text
    assert "from 'left' on, which is not after the prediction time 'left' in 20 of 20 rows" in text
    assert "known_at=" in text
    assert ("late", ["rate"], 20) == tuple(
        caught.value.details[name] for name in ("column", "features", "rows")
    )


def test_another_value_of_the_labels_name_is_renamed():
    """A view of the same keys may say what is known by then: the refusal tells to call it otherwise."""
    table = flights()
    with pytest.raises(Leak, match=r"If 'late' is another value there.*rename that column"):
        fitted(forgetful, table)

    @feature_view(source="flights", entity="tail", event_time="left", key="id")
    def planned(flight):
        return {"rate": flight.expected_late.mean().over(last(3))}

    plan = table.sql("SELECT * EXCLUDE (late), id % 2 = 0 AS expected_late FROM self")
    assert 20 == fitted(planned, table, plan).training.rows


def test_labels_of_other_rows_are_history():
    """Known later than the row; or taken with a delay; or not the label at all."""
    table = flights()
    assert 20 == fitted(honest, table).training.rows
    assert 20 == fitted(forgetful, table, names=("before", "flights", "delay")).training.rows
    earlier = flights().sql("SELECT * REPLACE (id + 1000 AS id) FROM self")
    assert 20 == fitted(forgetful, table, earlier).training.rows


def test_an_event_that_nobody_knows_gives_no_label():
    """Its known-at time is null: no delay makes it known."""

    @feature_view(source="flights", entity="tail", event_time="began", known_at="landed", key="id")
    def delayed(flight):
        return {"rate": flight.late.mean().over(last("1d", delay="1h"))}

    unknown = 'SELECT *, "left" - INTERVAL 2 HOUR AS began FROM self'
    with pytest.raises(Leak, match="of the row itself"):
        fitted(delayed, flights(landed=(0,)).sql(unknown))
    nobody = flights(landed=(0,)).sql(
        'SELECT * REPLACE (NULL::TIMESTAMP AS landed), "left" - INTERVAL 2 HOUR AS began FROM self'
    )
    assert 20 == fitted(delayed, nobody).training.rows


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=12))
def test_a_label_is_refused_where_its_row_knows_it(rows):
    """Row by row: the event of the same key is known by its time, at once, and there is a label."""
    table = flights(
        len(rows),
        landed=[after for after, _ in rows],
        late=np.array([float(has) if has else np.nan for _, has in rows]),
    ).sql("SELECT * REPLACE (if(isnan(late), NULL, late > 0) AS late) FROM self")
    own = [has and after <= 0 for after, has in rows]
    if not any(has for _, has in rows):
        return
    if not any(own):
        fitted(honest, table)
        return
    with pytest.raises(Leak) as caught:
        fitted(honest, table)
    assert sum(own) == caught.value.details["rows"]


def test_a_view_of_views_leaks_as_the_view_does():
    """The label is found behind expressions, and behind what a parent is joined by."""

    @feature_view(entity="tail")
    def twice(past=forgetful.by("tail")):
        return {"rate": past.rate * 2.0, "flights": past.flights + 1}

    table = flights()
    with pytest.raises(Leak, match="of the row itself: the view 'forgetful'"):
        fitted(twice, table)
    assert 20 == fitted(twice, table, names=("flights",)).training.rows

    @feature_view(source="flights", entity="rate", event_time="left", known_at="landed", key="id")
    def by_rate(flight):
        return {"flights": flight.count().over(last(3))}

    @feature_view(source="flights", entity="tail", event_time="left", key="id")
    def label_of(flight):
        return {"late": flight.late}

    @feature_view(entity="tail")
    def joined(past=label_of.by("tail"), other=by_rate.by("past.late")):
        return {"flights": other.flights}

    table = flights(rate=[hour % 2 == 0 for hour in range(20)])
    with pytest.raises(Leak, match="of the row itself: the view 'label_of'"):
        fitted(joined, table, names=("flights",))


SCHEMA = parse_schema(
    "extra = 'allow'\n[columns.delay]\ntype = 'float'\nknown_at = 'landed'\n"
    "[columns.landed]\ntype = 'timestamp'\n"
)


def test_what_a_source_knows_later_is_not_read_earlier():
    """By its schema, or by what the features say of such a column."""
    table = flights()
    assert 20 == fitted(forgetful, table, names=("delay",)).training.rows
    with pytest.raises(Leak) as caught:
        fitted(forgetful, table.through(SCHEMA), names=("delay",))
    text = str(caught.value)
    assert "the feature 'delay' of looking reads 'delay' of 'flights', which is known at" in text
    assert "after 'left', from which on the view 'forgetful' gives it, in 20 of 20 events" in text
    with pytest.raises(Leak, match="the view 'forgetful' gives it"):
        fitted(forgetful, table, names=("delay",), known_at={"delay": "landed"})
    assert 20 == fitted(honest, table.through(SCHEMA), names=("delay",)).training.rows
    null = flights(delay=np.full(20, np.nan)).sql(
        "SELECT * REPLACE (NULL::DOUBLE AS delay) FROM self"
    )
    assert 20 == fitted(forgetful, null.through(SCHEMA), names=("delay",)).training.rows


def test_a_delay_waits_for_what_is_known_later():
    """A window that ends so long ago reads what is known by then."""

    @feature_view(source="flights", entity="tail", event_time="left", key="id")
    def patient(flight):
        return {
            "soon": flight.delay.mean().over(last("1d", delay="1h")),
            "later": flight.delay.mean().over(last("1d", delay="2h")),
        }

    table = flights().through(SCHEMA)
    assert 20 == fitted(patient, table, names=("later",)).training.rows
    with pytest.raises(Leak, match="the feature 'soon'"):
        fitted(patient, table, names=("soon",))


def test_a_delay_counts_from_when_the_event_happened():
    """What is known after so long is given at once: a delay that has passed by then hides nothing."""

    @feature_view(source="flights", entity="tail", event_time="left", known_at="landed", key="id")
    def delayed(flight):
        return {"mean": flight.delay.mean().over(last("1d", delay="1h"))}

    schema = parse_schema(
        "extra = 'allow'\n[columns.delay]\ntype = 'float'\nknown_at = 'told'\n"
        "[columns.told]\ntype = 'timestamp'\n"
    )
    late = flights(told=[at(hour + 2.5) for hour in range(20)]).through(schema)
    with pytest.raises(Leak, match="the feature 'mean'"):
        fitted(delayed, late, names=("mean",))
    in_time = flights(told=[at(hour + 1.5) for hour in range(20)]).through(schema)
    assert 20 == fitted(delayed, in_time, names=("mean",)).training.rows


def test_what_a_view_is_joined_by_is_read_too():
    """A column that is known later names no entity; the label never does."""
    table = flights(gate=["a"] * 20)

    @feature_view(source="flights", entity="gate", event_time="left", known_at="landed", key="id")
    def of_gate(flight):
        return {"flights": flight.count().over(last(3))}

    @features(label="late", time="left", key=["id"], known_at={"gate": "landed"})
    def by_gate(flight, past=of_gate.by("gate")):
        return {"flights": past.flights}

    with pytest.raises(Leak, match="the feature 'flights' of by_gate reads 'gate'"):
        by_gate.fit(table, sources={"flights": table})
    with pytest.raises(UsageError, match="is joined by the label 'late'"):

        @features(label="late", time="left", key=["id"])
        def by_label(flight, past=of_gate.by("late")):
            return {"flights": past.flights}


def test_a_column_that_says_when_is_known_then_itself():
    """It is no feature; a plan that is known before is one, where the features say so."""

    @features(label="late", time="left", key=["id"], known_at={"delay": "landed"})
    def clairvoyant(flight):
        return {"hour": flight.landed.hour()}

    with pytest.raises(Leak, match=r"reads 'landed', which is known at 'landed'.*a plan"):
        clairvoyant.fit(flights())

    @features(
        label="late", time="left", key=["id"], known_at={"delay": "landed", "landed": "planned"}
    )
    def planned(flight):
        return {"hour": flight.landed.hour()}

    assert 20 == planned.fit(flights(planned=[at(-5)] * 20)).training.rows
