"""Views on views and several sources in a project: published, materialized, served, audited, catalogued."""

import json
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import related_trips as related
from trips_project import BEGIN, opened, request, serving

from interplane.data.table import Table
from interplane.errors import UnknownName, UsageError
from interplane.expressions.nodes import Column
from interplane.project.audit import audit
from interplane.project.feature_reading import view_feature
from interplane.project.views import forget_view, list_views
from interplane.record import ViewVersion
from interplane.views.derived import Derived, use_of, view_from_dict
from interplane.views.view import Latest, example

RIDES = BEGIN + timedelta(days=2)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A project with one crossing, which is live, and its history."""
    root = tmp_path_factory.mktemp("related") / "trips"
    root.mkdir()
    (root / "interplane.toml").write_text(related.FILE)
    (root / "trips.py").write_text(related.CODE)
    (root / "rides.csv").write_text(related.rides_csv(BEGIN))
    with opened(root) as project:
        project.add("rides", root / "rides.csv")
        project.run()
        project.materialize("trips@1", since=BEGIN)
        project.deploy("trips@1", reason="the first")
    return root


@pytest.fixture
def project(root):
    """The project as a new process has it."""
    with opened(root) as project:
        yield project


def asked(number):
    """A request, with the time as Python has it."""
    plain = request(number, at=RIDES + number * timedelta(hours=3), seats=1 + number % 4)
    return plain, {**plain, "began_at": RIDES + number * timedelta(hours=3)}


def test_what_is_served_is_what_the_rule_says(root, project):
    """Request columns beside a derived view, a look-up by a looked-up value, and two sources."""
    model = project.model("trips@1")
    rows = related.rows_of(project)
    with serving(root) as answer:
        for number in range(40):
            plain, row = asked(number)
            views = related.looked_up(model.features, rows, row, row["began_at"])
            own = {name: row[name] for name in model.features.inputs}
            status, answered = answer(plain)
            assert 200 == status
            assert model.predict_row(own, **views) == answered["score"]


def test_what_is_served_is_what_batch_gives(root, project):
    """The join of the same rows in one table."""
    model, requests = project.model("trips@1"), [asked(number) for number in range(20)]
    table = Table.from_columns(
        {name: [row[name] for _, row in requests] for name in requests[0][1]}
    )
    sources = project.tables("trips@1", "street", "booked")
    batch = list(model.predict(table, sources=sources))
    with serving(root) as answer:
        assert batch == [answer(plain)[1]["score"] for plain, _ in requests]


def test_each_view_is_recorded_and_the_derived_one_holds_its_parents(project):
    """By the digest of its definition, in the crossing and in the series of its name."""
    crossing = project.crossing("trips@1").crossing
    assert {"trend", "past"} == set(crossing.views)
    version = project.store.record(crossing.views["trend"], ViewVersion)
    trend = view_from_dict(version.definition)
    assert ["history", "zones"] == [use.view.name for use in trend.parents.values()]
    assert ("street", "booked") == trend.sources
    assert ["history@1", "trend@1", "zones@1"] == [each.name for each in list_views(project.store)]
    uses = project.model("trips@1").features.uses
    assert trend == uses["trend"].view
    assert trend.parents["past"].view == uses["past"].view


def test_materializing_brings_the_stored_parents_once_each(project):
    """A second time changes nothing."""
    done = project.materialize("trips@1", since=BEGIN)
    assert ["history@1", "zones@1"] == sorted(each.name for each in done)
    assert [0, 0] == [each.written for each in done]


def test_events_of_either_source_reach_the_views_of_both(root, project):
    """A ride of each with one number: two rides, for the source is part of what names them."""
    model = project.model("trips@1")
    at = BEGIN + timedelta(days=20)
    when = f"{at.isoformat()}Z"
    ends = {"ride": 77, "rider": "both", "zone": "north", "began_at": when, "ended_at": when}
    assert 1 == project.push("street", [{**ends, "miles": 2.0}]).new
    assert (
        1
        == project.push(
            "booked",
            [{**ends, "ride": np.int64(77), "miles": np.float64(4.0), "@source": "street"}],
        ).new
    )
    row = request(900, at=at + timedelta(hours=1), rider="both", seats=2)
    own = {name: row[name] for name in model.features.inputs}
    history = {"zone": "north", "rides_1d": 2, "miles_1d": 3.0, "miles_3d": 3.0, "booked_3d": 1}
    trend = {"change": 0.0, "to_zone": 3.0 / 2.0, "is_new": False}
    with serving(root) as answer:
        assert model.predict_row(own, past=history, trend=trend) == answer(row)[1]["score"]


def test_a_derived_view_has_nothing_to_forget(project):
    """What it stands on is read by a live crossing."""
    with pytest.raises(UsageError, match=r"stands on other views.*Forget one of history, zones"):
        forget_view(project, "trend@1")
    with pytest.raises(UsageError, match="read by trips@1, which is live"):
        forget_view(project, "zones@1")


# ---- the catalogue ------------------------------------------------------------------------


def test_features_of_views_and_models_are_listed(project):
    """Where from, which version, who uses them."""
    found = project.features()
    assert {"view", "derived view", "model"} == {each.kind for each in found}
    change = found["trend.change"]
    assert ("derived view", "trend@1", "float", 1, ("trips@1",)) == (
        change.kind,
        change.version,
        change.type,
        change.users,
        change.live,
    )
    assert "past.miles_1d - past.miles_3d" == change.definition
    assert ("history.miles_1d", "history.miles_3d") == change.stands_on
    assert ("street", "booked") == change.sources
    assert "trend.change" in repr(found)
    assert "<td>trend.change</td>" in found._repr_html_()


def test_a_feature_has_the_sources_that_it_reads(project):
    """Of a view on several views only those of its own expression, and of what that is joined by."""
    own = example()
    where = replace(
        own,
        name="where",
        source="moves",
        key=(),
        columns={"who": "str", "at": "timestamp", "known": "timestamp", "to": "str"},
        arguments=(Column("to", "str"),),
        features={"to": Latest(0, "str")},
    )
    there = replace(own, name="there", source="places")
    view = Derived(
        "both",
        ("who",),
        ("str",),
        {
            "own": use_of(own, ("who",)),
            "where": use_of(where, ("who",)),
            "there": use_of(there, ("where.to",)),
        },
        {"own": Column("own.x", "float"), "there": Column("there.x", "float")},
    )
    assert ("events",) == view_feature(view, "own").sources
    assert {"moves", "places"} == set(view_feature(view, "there").sources)


def test_a_feature_of_a_view_says_which_features_read_it(project):
    """Directly, through a view that stands on it, and by what is looked up with it."""
    (use,) = project.feature("history.zone").used_by
    assert ("past", ("trend",)) == (use.parameter, use.through)
    assert ("to_zone", "new", "same_zone", "risk") == use.features
    (use,) = project.feature("zones.miles_1d").used_by
    assert (None, ("trend",), ("to_zone", "risk")) == (use.parameter, use.through, use.features)


def test_a_feature_has_the_profile_of_the_baseline_rows(project):
    """Of what was looked up, and of what the model reads; of what only stands below another, none."""
    shown = project.feature("history.rides_1d")
    assert ("trips@1", 240, 0) == (shown.profile_of, shown.profile_rows, shown.profile.nulls)
    risk = project.feature("trips.risk")
    assert ("float", 240) == (risk.profile.type, risk.profile_rows)
    assert risk.parity["values"] > 1000
    assert project.feature("zones.miles_1d").profile is None
    assert "absent: no crossing that looks it up" in project.feature("zones.miles_1d").to_text()


def test_a_feature_that_is_not_there_is_refused_with_its_neighbours(project):
    """As every name is."""
    with pytest.raises(UnknownName, match=r"'history\.miles_2d'.*Did you mean 'history\.miles_"):
        project.feature("history.miles_2d")


def test_what_no_crossing_uses_is_marked(root, project):
    """A view over the dataset is known whole, one over a step's table by its name."""
    more = """

@ip.feature_view(source=rides, entity="zone", event_time="began_at", known_at="ended_at")
def latest(rides):
    return {"seats": rides.seats * 2}


@ip.feature_view(source="street", entity="zone", event_time="began_at")
def unknown(street):
    return {"miles": street.miles}


@ip.feature_view(entity="zone")
def double(last=latest):
    return {"seats": last.seats * 2}


@ip.features(time="began_at")
def other_features(ride, zone=unknown.by("zone")):
    return {"miles": zone.miles}
"""
    code = root / "trips.py"
    code.write_text(related.CODE + more)
    try:
        with opened(root) as changed:
            found = [each for each in changed.features() if not each.is_recorded]
            shown = changed.feature("latest.seats")
    finally:
        code.write_text(related.CODE)
    assert ["latest.seats", "unknown.*", "double.seats", "other_features.*"] == [
        each.name for each in found
    ]
    assert ("int", "seats * 2", None) == (found[0].type, found[0].definition, found[0].version)
    assert ("last.seats * 2", ("rides",)) == (found[2].definition, found[2].sources)
    assert "in no crossing yet" in shown.to_text()


def test_code_that_does_not_import_leaves_the_rest(root):
    """It is said, and the workspace is read all the same."""
    code = root / "trips.py"
    code.write_text("import nothing_of_that_name\n")
    try:
        with opened(root) as changed:
            found = changed.features()
    finally:
        code.write_text(related.CODE)
    assert "nothing_of_that_name" in found.unread
    assert "trend.change" in repr(found)


def test_a_feature_is_plain_json(project):
    """For programs."""
    plain = json.loads(msgspec.json.encode(project.feature("trend.change")))
    assert "trend.change" == plain["feature"]["name"]
    assert "trips@1" == plain["used_by"][0]["crossing"]


def test_what_was_served_is_audited(root, project):
    """Logged predictions made again of the data: the same bits, as far as the data reach."""
    with serving(root) as answer:
        for number in range(30):
            assert 200 == answer(asked(number)[0])[0]
    report = audit(project, "trips@1", seed=1).report
    assert (0, True) == (report.skewed, report.rows > 0)
    assert {"trend", "past"} == set(report.arrived)
    assert report.rows > report.pending
