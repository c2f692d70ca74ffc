"""What the peers' users miss, of views that stand on one another: through the commands and over HTTP."""

import threading
from datetime import datetime, timedelta

import pytest

import interplane as ip

NOON = datetime(2026, 1, 26, 12)  # noqa: DTZ001 - timestamps are UTC, and naive
HOUR = timedelta(hours=1)

RELATED = """

@ip.feature_view(entity="rider")
def trend(past=history.by("rider")):
    return {"change": past.miles - past.miles_3d, "often": past.rides_1d / 24}


@ip.features(label="long", time="began_at", key=["ride"], context=["zone"])
def ride_features(ride, past=history.by("rider"), trend=trend.by("rider")):
    return {"change": trend.change, "often": trend.often,
"""
WRITTEN = """

@ip.features(label="long", time="began_at", key=["ride"], context=["zone"])
def ride_features(ride, past=history.by("rider")):
    return {
"""


@pytest.fixture
def related(trips):
    """The project with a view on views in its second crossing, which is live."""
    code = trips.root / "trips.py"
    text = code.read_text()
    assert WRITTEN in text
    code.write_text(text.replace(WRITTEN, RELATED))
    trips.must("run")
    trips.must("materialize", "trips@2", "--since", "2026-01-26")
    trips.must("deploy", "trips@2", "--reason", "a view on views")
    return trips


def ride(number):
    """A request."""
    return {
        "ride": 9_000_000 + number, "rider": f"r{number % 12}", "zone": "north", "seats": 2,
        "began_at": (NOON + (number % 48) * HOUR).isoformat(),
    }  # fmt: skip


def scores(client, count=24):
    """What the server says of some requests."""
    return [client.predict(**ride(number)) for number in range(count)]


def names(trips):
    """The versions of views that the workspace has."""
    return [line.split()[0] for line in trips.must("views").splitlines()[2:]]


def test_4_another_definition_below_is_another_version_of_all_that_stand_on_it(related):
    """Other lengths, a number of events, all of time: the crossing that reads the older ones keeps them."""
    code = related.root / "trips.py"
    assert ["history@1", "trend@1"] == names(related)
    with related.served("--replay") as client:
        before = scores(client)
        text = code.read_text()
        for old, new in (
            ('ip.last("3d")', "ip.last(50)"),
            ('ends.count().over(ip.last("1d"))', 'ends.count().over(ip.lifetime(delay="2d"))'),
        ):
            assert old in text
            text = text.replace(old, new)
        code.write_text(text)
        related.must("run")
        related.must("materialize", "trips@3", "--since", "2026-01-26")
        assert before == scores(client)
    assert ["history@1", "history@2", "trend@1", "trend@2"] == names(related)
    project = ip.Project.find(related.root)
    old, new = (project.model(f"trips@{number}").features.uses for number in (2, 3))
    assert old["trend"].view.digest != new["trend"].view.digest
    assert old["past"].view.digest != new["past"].view.digest
    for each in (old, new):
        assert each["past"].view == each["trend"].view.parents["past"].view
    for number in (1, 2):
        (use,) = project.feature(f"trend@{number}.change").used_by
        assert f"trips@{number + 1}" == use.crossing


def test_6_reads_of_views_on_views_go_on_while_features_are_refreshed(related):
    """Predictions without pause while the history is brought again from another process."""
    stop, answers = threading.Event(), []
    with related.served("--replay") as client:
        before = scores(client, 48)

        def ask():
            number = 0
            while not stop.is_set():
                body = {"row": ride(number % 48)}
                answers.append(
                    (number % 48, *client.send("POST", "/v1/models/trips/predict", body))
                )
                number += 1

        asking = threading.Thread(target=ask)
        asking.start()
        try:
            related.must("materialize", "trips@2", "--since", "2026-01-26")
            related.must("materialize", "trips@1")
        finally:
            stop.set()
            asking.join()
    assert {200} == {status for _, status, _ in answers}
    assert len(answers) > 100
    # Nothing new has arrived: no value moved, not even meanwhile.
    assert all(before[number] == answer["score"] for number, _, answer in answers)
