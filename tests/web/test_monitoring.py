"""What monitors know, on pages: lines, heat maps, alerts with their rows, and what is said to them."""

import json
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "project"))
import trips_project as trips
import watching_trips as hours

from interplane.monitoring.alerts.episodes import abandoned
from interplane.monitoring.skew import FirstSkew, SkewFigure, SkewReport
from interplane.project.journal import open_journal
from interplane.project.watching import look_at_models
from interplane.record import Audit
from interplane.serving.minute_file import MINUTES, MinuteFile
from interplane.serving.minutes import Minute, ModelMinute
from interplane.serving.tokens import TOKENS
from interplane.storage.names import audit_pointer

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
        pages.root = root
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
    assert shown["slices"] is None  # no outcome came
    shown = watched.ask("/monitoring/trips.json?window=1h&metric=mean_score").json
    page = watched.ask("/monitoring/trips?window=1h&metric=mean_score").body
    lines = [*shown["drift"]["lines"], *shown["slices"]["lines"]]
    assert 5 * len(lines) == page.count('<td class="step')
    assert 2 == page.count(f'<th scope="colgroup" colspan="5">{shown["windows"][0]}</th>')
    ends = [f"{shown[heat]['quiet']:.3f} or less" in page for heat in ("drift", "slices")]
    assert [True, True] == ends


def test_hours_that_are_alike_are_as_loud(watched):
    """The score is as far from the baseline in three hours, and elsewhere in the two that moved."""
    shown = watched.ask("/monitoring/trips.json?window=1h").json
    lines = {
        line["name"]: [cell["step"] for cell in line["cells"]] for line in shown["drift"]["lines"]
    }
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
    for words in (alert["id"][:8], alert["rule"]):
        found = watched.ask(f"/search.json?q={words}").json["found"]
        assert path in {each["href"] for each in found if each["kind"] == "alert"}
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


def test_an_alert_that_is_over_is_not_acknowledged(watched, tmp_path):
    """409 with what to do, and nothing more on record; its page offers no form."""
    root = tmp_path / "trips"
    shutil.copytree(watched.root, root, ignore=shutil.ignore_patterns(TOKENS, f"{TOKENS}-lock"))
    with trips.opened(root) as project:
        journal = open_journal(project)
        over = journal.end_alerts(abandoned(journal.alerts(), rules={}), now_us=2**50)
        journal.close()
    path = f"/alerts/{over[0].id[:12]}"
    with served(root) as pages:
        before = pages.ask(f"{path}.json").json
        said = pages.ask(
            f"{path}/acknowledge",
            method="POST",
            role="contributor",
            body=json.dumps({"reason": "too late"}),
            Content_Type="application/json",
        )
        error = said.json["error"]
        assert (409, True, True) == (said.status, "is resolved" in error["what"], bool(error["do"]))
        assert before == pages.ask(f"{path}.json").json
        assert "Acknowledge</button>" not in pages.ask(path, role="contributor").body


def test_alerts_are_read_page_by_page(watched, monkeypatch):
    """Each once; behind the last one is said where the first is."""
    whole = watched.ask("/alerts.json").json
    assert (len(whole["alerts"]), None) == (whole["in_all"], whole["skip"])
    assert whole["in_all"] > 1
    monkeypatch.setattr("interplane.web.pages.alerts._MOST", 1)
    found, skip = [], 0
    while skip is not None:
        page = watched.ask(f"/alerts.json?skip={skip}").json
        found, skip = found + page["alerts"], page["skip"]
    assert whole["alerts"] == found
    assert f'<a href="?skip=1">{whole["in_all"] - 1} more alerts</a>' in watched.ask("/alerts").body
    assert "No alert is behind these." in watched.ask("/alerts?skip=99").body


def test_slices_and_stretches_that_are_left_out_are_counted(watched, monkeypatch):
    """Of what is watched, and of what was live."""
    path = "/monitoring/trips{}?window=1h&metric=mean_score"
    whole, model = watched.ask(path.format(".json")).json, watched.ask("/models/trips.json").json
    assert (0, 0) == (whole["slices_left_out"], model["spans_left_out"])
    monkeypatch.setattr("interplane.web.pages.monitoring._SHOWN", 1)
    monkeypatch.setattr("interplane.web.pages.models._MOST_LINES", 1)
    some = watched.ask(path.format(".json")).json
    assert (1, len(whole["slices"]["lines"]) - 1) == (
        len(some["slices"]["lines"]),
        some["slices_left_out"],
    )
    assert "smaller slices are left out" in watched.ask(path.format("")).body
    left_out = watched.ask("/models/trips.json").json["spans_left_out"]
    assert len(model["spans"]) - 1 == left_out > 0
    assert f"{left_out} stretches of time before these" in watched.ask("/models/trips").body


def test_what_servers_counted(watched):
    """Nothing says what to do; minutes become charts, and errors by whose fault they are."""
    assert watched.ask("/monitoring/trips.json").json["traffic"] is None
    assert "No server has kept a minute yet." in watched.ask("/monitoring/trips").body
    made = {"predictions": 60, "rejected": 4, "buckets": (0, 30, 30, *[0] * 14)}
    file = MinuteFile(watched.root / ".interplane" / MINUTES)
    file.write(
        [
            Minute(
                server="one",
                number=number,
                begin_us=number * 60_000_000,
                end_us=(number + 1) * 60_000_000,
                requests={"predict": {"2xx": 60, "5xx": 3}},
                shed=2,
                in_flight=5,
                workers=2,
                models={"trips": ModelMinute(**made)},
            )
            for number in range(3)
        ]
    )
    file.close()
    shown = watched.ask("/monitoring/trips.json").json["traffic"]
    now = {each["name"]: each["now"] for each in shown["charts"]}
    wanted = {"requests a second": "1.0", "latency": "0.47 ms", "errors": "9", "in flight": "5"}
    assert wanted == now
    counts = {each["name"]: each["count"] for each in shown["errors"]}
    assert (9, 6, 12, 0) == tuple(counts[each] for each in ("5xx", "shed", "rows refused", "4xx"))
    assert "0.47 ms" in watched.ask("/monitoring/trips?traffic=4w").body
    assert 422 == watched.ask("/monitoring/trips.json?traffic=1h").status


def test_what_differs_from_the_data(watched):
    """The latest audit of what is live: what differs most first, and where it begins to."""
    assert [] == watched.ask("/monitoring/trips.json").json["skew"]
    assert "interplane audit trips" in watched.ask("/monitoring/trips").body
    figures = (
        SkewFigure(name="score", kind="score", compared=100, differing=0, high=0.03),
        SkewFigure(name="<b>", kind="looked_up", compared=100, differing=1, high=0.05),
        SkewFigure(name="rate", kind="feature", compared=100, differing=9, high=0.2),
    )
    first = FirstSkew(
        prediction_id="f" * 32,
        time="2026-03-01T10:00:00Z",
        what="rate",
        operation="mean(late)",
        recomputed="0.5",
        served="0.25",
    )
    report = SkewReport(rows=100, skewed=9, pending=2, figures=figures, first=first)
    with trips.opened(watched.root) as project:
        crossing = project.crossing("trips@live").digest
        draft = project.store.draft()
        record = Audit(
            crossing=crossing,
            rows=100,
            skewed=9,
            pending=2,
            worst=0.09,
            worst_of="rate",
            report=draft.put_json(report),
        )
        draft.move(audit_pointer(crossing), draft.record(record), reason="tried")
        project.store.commit(draft, writer=project.store.catalog.writer("ann"))
    (shown,) = watched.ask("/monitoring/trips.json").json["skew"]
    assert ("trips@3", "live", 9, 1) == tuple(
        shown[each] for each in ("crossing", "word", "skewed", "alike")
    )
    lines = [(each["name"], each["rate"], each["is_much"]) for each in shown["lines"]]
    assert [("rate", 0.09, True), ("<b>", 0.01, False)] == lines
    page = watched.ask("/monitoring/trips").body
    assert "<code>mean(late)</code> is 0.5 from the data and was 0.25" in page


def test_how_much_is_known_is_a_strip(watched):
    """Beside figures that wait for outcomes, and those alone."""
    shown = watched.ask("/monitoring/trips.json?window=1h").json
    strips = {each["name"]: each["coverage"] is not None for each in shown["charts"]}
    assert {"predictions": False, "positive rate": False} == {
        name: strips[name] for name in ("predictions", "positive rate")
    }
    waiting = [
        name for name in strips if name not in {"predictions", "positive rate", "latency_p99"}
    ]
    assert all(strips[name] for name in waiting)


def test_what_happened_last(watched):
    """It is another moment when an alert is acknowledged or something is moved, and says by whom."""
    before = watched.ask("/latest.json").json
    assert before == watched.ask("/latest.json").json
    alert = watched.ask("/alerts.json").json["alerts"][-1]["id"][:12]
    json_said = {"method": "POST", "role": "operator", "Content_Type": "application/json"}
    body = json.dumps({"reason": "<u>seen</u>"})
    assert 200 == watched.ask(f"/alerts/{alert}/acknowledge", body=body, **json_said).status
    seen = watched.ask("/latest.json").json
    assert ("operator", "<u>seen</u>", f"/alerts/{alert}") == (
        *(seen["who"], seen["why"]),
        seen["href"],
    )
    assert before["moment"] != seen["moment"]
    said = json.dumps({"reason": "look", "kind": "shadow"})
    assert 200 == watched.ask("/models/trips/1/deploy", body=said, **json_said).status
    moved = watched.ask("/latest.json").json
    assert ("operator", "look", "/models/trips") == (moved["who"], moved["why"], moved["href"])
    assert seen["moment"] != moved["moment"]
    row = next(
        each for each in watched.ask("/moves.json").json["moves"] if each["what"] == "beside it"
    )
    assert "trips@1 as shadow" == row["after_name"]
