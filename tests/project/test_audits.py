"""Skew audits on a schedule: when they are due, what they draw, and what becomes of failures."""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import trips_project as trips

from interplane.errors import ConfigError, InterplaneError
from interplane.project.audit import latest_audit
from interplane.project.audits import ACTOR, AuditSchedule
from interplane.project.keeping import watching_passes
from interplane.storage.names import audit_pointer

DAILY = '\n[monitoring]\naudit_every = "1d"\naudit_rows = 40\n'
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("audits") / "trips"
    trips.make(root)
    with trips.serving(root) as answer:
        for number in range(80):
            status, said = answer(trips.request(number))
            assert 200 == status, said
    return root


@pytest.fixture
def root(made, tmp_path):
    """Return a copy of a project that answered 80 requests, and is to be audited daily."""
    root = tmp_path / "trips"
    shutil.copytree(made, root, symlinks=True)
    with (root / "interplane.toml").open("a") as file:
        file.write(DAILY)
    return root


@pytest.fixture
def project(root):
    """The project, opened."""
    with trips.opened(root) as project:
        yield project


def audits(project):
    """Return each audit of the live crossing that was kept, oldest first."""
    return project.store.catalog.moves(audit_pointer(project.crossing("trips@live").digest))


def test_what_is_live_is_audited_as_often_as_the_project_says(project):
    """By its recorded code; once a day whoever keeps the workspace; another sample each time."""
    now = datetime.now(UTC)
    assert ["trips@1"] == AuditSchedule(project).audit_what_is_due(now)
    [first] = audits(project)
    assert ACTOR == first.actor
    record = latest_audit(project.store, project.crossing("trips@live").digest)
    assert (40, 0) == (record.rows, record.skewed)
    another = AuditSchedule(project)
    assert [] == another.audit_what_is_due(now + DAY / 2)
    assert ["trips@1"] == another.audit_what_is_due(now + DAY * 1.01)
    reasons = [each.reason.partition(", at")[0] for each in audits(project)]
    assert 2 == len(set(reasons)), reasons


def test_an_audit_by_hand_counts_too(project):
    """What somebody has just asked for is not asked again."""
    project.audit("trips@live")
    assert [] == AuditSchedule(project).audit_what_is_due(datetime.now(UTC) + DAY / 2)


def test_one_that_fails_is_said_and_waits_for_its_next_time(root, project, monkeypatch):
    """Its code cannot be laid out: the keeper is told once, not at each turn."""
    monkeypatch.setattr(sys, "executable", str(root / "nowhere"))
    schedule, now = AuditSchedule(project), datetime.now(UTC)
    with pytest.raises(InterplaneError, match=r"auditing trips@1"):
        schedule.audit_what_is_due(now)
    assert [] == schedule.audit_what_is_due(now + DAY / 2)
    monkeypatch.undo()
    assert ["trips@1"] == schedule.audit_what_is_due(now + DAY)


def test_what_answered_nothing_is_left_alone(project):
    """Another crossing goes live that nobody has asked yet."""
    project.deploy("trips@2", reason="other")
    assert [] == AuditSchedule(project).audit_what_is_due(datetime.now(UTC))


def test_nothing_is_audited_that_nobody_asked_for(made):
    """A project that says nothing is audited by hand alone."""
    with trips.opened(made) as project:
        assert [] == AuditSchedule(project).audit_what_is_due(datetime.now(UTC))


def test_the_keeper_audits(project):
    """It is one of the passes of ``interplane up``."""
    [work] = [item.work for item in watching_passes(project) if item.name == "audits"]
    work(datetime.now(UTC))
    assert 1 == len(audits(project))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('audit_every = "10m"', "an hour or more"),
        ('audit_every = "often"', "such as 6h or 1d"),
        ("audit_rows = 0", "1 or more"),
    ],
)
def test_settings_that_make_no_sense_are_refused(root, line, says):
    """With the value, and what would do."""
    path = root / "interplane.toml"
    path.write_text(path.read_text().partition("[monitoring]")[0] + f"[monitoring]\n{line}\n")
    with pytest.raises(ConfigError, match=says), trips.opened(root):
        pass
