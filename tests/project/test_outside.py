"""What windows need beside predictions: what servers counted, fresh views, the skew of the live crossing."""

from __future__ import annotations

import shutil
import sys
from datetime import timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import trips_project as trips

from interplane.errors import UnknownName
from interplane.project.audit import audit
from interplane.project.outside import Outside, outside_values
from interplane.serving.minute_file import MINUTES, MinuteFile
from interplane.serving.minutes import Minute
from interplane.views.view import micros

MINUTE = 60_000_000
BEGIN = micros(trips.BEGIN)


@pytest.fixture(scope="module")
def _made(tmp_path_factory):
    root = tmp_path_factory.mktemp("outside") / "trips"
    trips.make(root)
    return root


@pytest.fixture
def root(_made, tmp_path):
    """Return a copy of a project."""
    root = tmp_path / "trips"
    shutil.copytree(_made, root, symlinks=True)
    return root


@pytest.fixture
def project(root):
    """The project, opened."""
    with trips.opened(root) as project:
        yield project


def keep(project, *minutes):
    """Write minutes as servers do."""
    file = MinuteFile(project.workspace / MINUTES)
    file.write(
        [
            Minute(
                server="s",
                number=number,
                begin_us=BEGIN + number * MINUTE,
                end_us=BEGIN + (number + 1) * MINUTE,
                models={},
                **{"requests": {}, **minute},
            )
            for number, minute in enumerate(minutes)
        ]
    )
    file.close()


def values(project, *, end=60, now=trips.LAST):
    """Return the numbers of the minutes after the beginning."""
    return outside_values(
        project, "trips", begin_us=BEGIN, end_us=BEGIN + end * MINUTE, now_us=micros(now)
    )


def test_what_servers_counted(project):
    """Errors of ours, what was shed, what was lost; with the count behind each."""
    keep(
        project,
        {
            "requests": {
                "predict": {"2xx": 80, "4xx": 5, "5xx": 6},
                "events": {"2xx": 9, "5xx": 0},
                "readyz": {"5xx": 50},
            },
            "shed": 4,
            "frames_lost": 1,
        },
        {"requests": {"predict": {"2xx": 100}}, "frames_lost": 2},
        {"requests": {"predict": {"5xx": 100}}},
    )
    found = values(project, end=2)
    assert Outside(value=2 / 200, rows=200) == found.error_rate == found.find("error_rate")
    assert Outside(value=4 / 200, rows=200) == found.find("saturation")
    assert Outside(value=3.0) == found.find("lost_entries")
    assert 2 == found.minutes


def test_without_a_server_nothing_is_known(project):
    """None is not zero; and a server that nobody asked has no rate."""
    found = values(project)
    assert 0 == found.minutes
    assert Outside() == found.error_rate == found.saturation == found.lost_entries
    keep(project, {})
    found = values(project)
    assert (Outside(rows=0), Outside(value=0.0)) == (found.error_rate, found.lost_entries)


def test_how_fresh_views_are(project):
    """By the newest event that was known; a push makes it younger."""
    newest = max(row["ended_at"] for row in project.table("rides").to_rows())
    now = newest + timedelta(hours=3)
    assert {"history": Outside(value=3 * 3600.0)} == values(project, now=now).freshness
    event = {"ride": 999, "rider": "r1", "miles": 2.0}
    moments = {"began_at": newest, "ended_at": newest + timedelta(hours=1)}
    project.push("ends", [{**event, **{k: f"{v.isoformat()}Z" for k, v in moments.items()}}])
    assert Outside(value=2 * 3600.0) == values(project, now=now).find("freshness", "history")
    assert Outside(value=2 * 3600.0) == values(project, now=now).find("freshness")


def test_the_skew_of_the_live_crossing(root, project):
    """Of its latest audit, by feature; unknown before there was one."""
    assert ({}, Outside()) == (values(project).skew_rate, values(project).find("skew_rate"))
    with trips.serving(root) as answer:
        for number in range(20):
            assert 200 == answer(trips.request(number))[0]
    audit(project, "trips@live")
    found = values(project)
    assert {"past.miles", "past.rides_1d", "zone_rate", "risk", "busy", "score"} == set(
        found.skew_rate
    )
    assert Outside(value=0.0, rows=20) == found.find("skew_rate", "risk") == found.find("skew_rate")
    assert Outside() == found.find("skew_rate", "nothing")


def test_a_model_that_is_not_live_has_no_views(project):
    """Only a model that is not there is an error."""
    with pytest.raises(UnknownName, match="trisp"):
        outside_values(project, "trisp", begin_us=0, end_us=1)
    with pytest.raises(KeyError):
        values(project).find("weather")
