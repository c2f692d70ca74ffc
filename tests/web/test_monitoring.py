"""What monitors know, on pages: lines, heat maps, alerts with their rows, and what is said to them."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "project"))
import trips_project as trips
import watching_trips as hours

from interplane.project.watching import look_at_models

from .conftest import served

DRIFT = """
[[monitor]]
name = "drift"
model = "trips"
metric = "score_drift"
window = "1h"
against = "baseline"
moves_by = 0.5
"""


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """The pages of a model of which one zone moved, and was found."""
    root = tmp_path_factory.mktemp("watched") / "trips"
    trips.make(root, settings=hours.RULES + DRIFT)
    code = (root / "trips.py").read_text()
    kept = code.replace('train="rides_made",', 'train="rides_made", baseline="rides_made",')
    (root / "trips.py").write_text(kept)
    with trips.opened(root) as project:
        project.run()
        project.deploy("trips@3", reason="with a baseline")
        for hour in range(3):
            hours.log_hour(project, hour, ref="trips@3")
        for hour in (3, 4):
            hours.log_hour(project, hour, shift=0.3, zone="north", ref="trips@3")
        look_at_models(project)
    with served(root) as pages:
        yield pages


def test_what_is_watched(watched):
    """The list, and the model with its figures by hour and by slice."""
    (row,) = watched.ask("/monitoring.json").json["models"]
    assert ("trips", "trips@3") == (row["model"], row["live"])
    shown = watched.ask("/monitoring/trips.json?window=1h").json
    assert 5 == len(shown["windows"])
    assert {"predictions", "positive rate"} <= {chart["name"] for chart in shown["charts"]}
    traffic = next(each["picture"] for each in shown["charts"] if each["name"] == "predictions")
    assert 5 == len(traffic["points"])
    page = watched.ask("/monitoring/trips?window=1h").body
    assert 5 * len(shown["drift"]) + 5 * len(shown["slices"]) == page.count('<td class="step')


def test_hours_that_are_alike_are_as_loud(watched):
    """The score is as far from the baseline in three hours, and elsewhere in the two that moved."""
    shown = watched.ask("/monitoring/trips.json?window=1h").json
    lines = {line["name"]: [cell["step"] for cell in line["cells"]] for line in shown["drift"]}
    assert not set(lines["score"][:3]) & set(lines["score"][3:])
    assert -1 not in lines["score"]


@pytest.mark.parametrize("query", ["window=1m", "by=moon", "window=1h&metric=luck"])
def test_what_cannot_be_shown_is_said(watched, query):
    """An unknown length, slicing or metric."""
    answer = watched.ask(f"/monitoring/trips.json?{query}")
    assert answer.status in {404, 422}
    assert answer.json["error"]["what"]


def test_an_alert_to_its_rows(watched):
    """From the first page to the alert, and to the rows of its slice; what is said stands there."""
    waiting = watched.ask("/home.json").json["waiting"]
    assert {"alert"} == {each["kind"] for each in waiting}
    alerts = watched.ask("/alerts.json").json["alerts"]
    alert = next(each for each in alerts if each["where"] == "zone=north")
    path = f"/alerts/{alert['id'][:12]}"
    shown = watched.ask(f"{path}.json").json
    zone = shown["columns"].index("zone")
    assert {"north"} == {row[zone] for row in shown["rows"]}
    assert shown["windows"][1]["rows"] == shown["rows_in_all"]
    body = json.dumps({"reason": "<i>on it</i>"})
    said = watched.ask(
        f"{path}/acknowledge",
        method="POST",
        role="contributor",
        body=body,
        Content_Type="application/json",
    )
    assert 200 == said.status
    again = watched.ask(f"{path}.json").json
    assert "contributor: <i>on it</i>" == again["alert"]["acknowledged"]
    assert "acknowledged" == again["history"][0]["what"]
    assert "&lt;i&gt;on it&lt;/i&gt;" in watched.ask(path).body
    assert 404 == watched.ask("/alerts/ffffffff.json").status
