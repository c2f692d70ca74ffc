"""The skew audit of a project: what its server logged, made again from its data."""

from __future__ import annotations

import shutil
import sys
from datetime import timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import trips_project as trips

from interplane.errors import GateClosed, UsageError
from interplane.project.audit import audit, latest_audit, latest_report, refuse_skewed
from interplane.storage.names import audit_pointer


@pytest.fixture(scope="module")
def _made(tmp_path_factory):
    root = tmp_path_factory.mktemp("audited") / "trips"
    trips.make(root)
    with trips.serving(root) as answer:
        for number in range(120):
            status, said = answer(trips.request(number))
            assert 200 == status, said
    return root


@pytest.fixture
def root(_made, tmp_path):
    """Return a copy of a project that answered 120 requests."""
    root = tmp_path / "trips"
    shutil.copytree(_made, root, symlinks=True)
    return root


@pytest.fixture
def project(root):
    """The project, opened."""
    with trips.opened(root) as project:
        yield project


def figures(report):
    """Return how many were compared and how many differ, by name."""
    return {each.name: (each.compared, each.differing) for each in report.figures}


def test_what_was_served_is_what_the_data_give(project):
    """Everything of every prediction, to the bit; and the audit is kept."""
    done = audit(project, "trips@live")
    assert (120, 0, 0) == (done.report.rows, done.report.skewed, done.report.pending)
    assert {(120, 0)} == set(figures(done.report).values())
    assert {
        "past.miles",
        "past.rides_1d",
        "risk",
        "busy",
        "zone_rate",
        "score",
        "arithmetic",
    } == set(figures(done.report))
    found = project.crossing("trips@1")
    assert done.record == latest_audit(project.store, found.digest)
    assert done.report == latest_report(project.store, found.digest)
    refuse_skewed(project, found)


def test_a_sample_is_drawn_by_its_seed(project):
    """The same seed draws the same; each audit is kept as one of its own, whatever it found."""
    one, again = (audit(project, "trips@live", rows=20, seed=5) for _ in range(2))
    assert (20, one.record.report) == (one.report.rows, again.record.report)
    moves = project.store.catalog.moves(audit_pointer(one.crossing.digest))
    assert [one.record.digest, again.record.digest] == [move.target for move in moves]
    assert one.record.at < again.record.at


def test_a_server_with_another_history_is_found(root, project):
    """An event was pushed with another miles than the table has: it does not go live again."""
    other = project.table("rides").to_rows()[0]
    later = other["ended_at"] + timedelta(minutes=1)
    pushed = {
        **{name: other[name] for name in ("ride", "rider", "miles")},
        "began_at": f"{other['began_at'].isoformat()}Z",
        "ended_at": f"{other['ended_at'].isoformat()}Z",
    }
    project.push("ends", [{**pushed, "miles": 999.0}])
    with trips.serving(root) as answer:
        for number in range(30):
            row = trips.request(500 + number, at=later, rider=other["rider"])
            assert 200 == answer(row)[0]
    done = audit(project, "trips@live", since=later, until=later + timedelta(seconds=1))
    assert (30, 30) == (done.report.rows, done.report.skewed)
    assert (30, 30) == figures(done.report)["past.miles"] == figures(done.report)["risk"]
    assert (30, 0) == figures(done.report)["zone_rate"] == figures(done.report)["arithmetic"]
    first = done.report.first
    assert ("risk", "999.0") == (first.what, first.served)
    assert "past.miles" in first.operation
    refused = pytest.raises(GateClosed, match=r"found a skew rate of 100.00% in 'past.miles'")
    with refused:
        refuse_skewed(project, project.crossing("trips@1"))
    project.deploy("trips@2", reason="meanwhile")
    with refused:
        project.deploy("trips@1", reason="back")
    project.deploy("trips@1", reason="back", force=True)
    assert "skewed: back" == project.deployments("trips")[-1].reason


def test_what_has_not_arrived_is_pending(root, project):
    """A request after the newest ride that the data know cannot be judged by them."""
    with trips.serving(root) as answer:
        late = trips.LAST + timedelta(days=1)
        for number in range(10):
            assert 200 == answer(trips.request(900 + number, at=late))[0]
    done = audit(project, "trips@live", since=late)
    assert (10, 10, 0) == (done.report.rows, done.report.pending, done.report.skewed)
    assert {"zone_rate": (10, 0), "arithmetic": (10, 0)} == figures(done.report)


def test_without_predictions_there_is_no_audit(project):
    """It says so instead of finding nothing wrong."""
    with pytest.raises(UsageError, match=r"no prediction of trips@2 was logged"):
        audit(project, "trips@2")
    with pytest.raises(UsageError, match=r"trips@1 was logged between these times"):
        audit(project, "trips@1", until=trips.BEGIN)


def test_changed_code_is_refused(root):
    """What would be looked up now is not what the crossing means."""
    path = root / "trips.py"
    path.write_text(
        path.read_text().replace(
            "began_at, ended_at, miles FROM", "began_at, ended_at, miles * 2 AS miles FROM"
        )
    )
    with trips.opened(root) as project, pytest.raises(UsageError, match=r"step 'ends'"):
        audit(project, "trips@live")
