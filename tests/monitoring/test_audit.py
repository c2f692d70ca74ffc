"""The skew audit: it passes what was served rightly, and names what was not."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

import interplane as ip
from interplane.expressions.nodes import Call
from interplane.expressions.row_program import compile_row
from interplane.expressions.trees import rebuild
from interplane.monitoring.audit import LoggedRow, audit_rows
from interplane.monitoring.margins import share_at_most
from interplane.testing.memory_online import MemoryOnline
from interplane.views.lookups import LookUps
from interplane.views.materialize import materialize
from interplane.views.pushing import Push, Pusher
from interplane.views.states import States
from interplane.views.view import micros

NOON = datetime(2026, 1, 5, 12)  # noqa: DTZ001 - timestamps are UTC, and naive
MINUTE = timedelta(minutes=1)


@ip.feature_view(
    source="landings", entity="carrier", event_time="left", known_at="landed", key="id"
)
def history(landings):
    """The last delay, and how many landed in four hours."""
    return {"delay": landings.delay, "landed": landings.id.count().over(ip.last("4h"))}


@ip.features(time="left", key=["id"])
def features(flight, carrier=history.by("carrier")):
    """Of the row alone, of the view alone, and of both."""
    return {
        "wave": (flight.distance * 2 + 1).sin(),
        "delay": (carrier.delay + 1).ln(),
        "both": carrier.landed / flight.distance,
    }


@ip.features(key=["id"])
def alone(flight):
    """Without any history."""
    return {"wave": (flight.distance * 2 + 1).sin(), "score": flight.distance}


LANDINGS = ip.Table.from_columns(
    {
        "id": list(range(40)),
        "carrier": ["AA", "UA"] * 20,
        "left": [NOON + 5 * MINUTE * number for number in range(40)],
        "landed": [NOON + 5 * MINUTE * number + 60 * MINUTE for number in range(40)],
        "delay": [float(number) for number in range(40)],
    }
)
LAST = NOON + 255 * MINUTE
"""When the last landing was known."""

FLIGHTS = ip.Table.from_columns(
    {
        "id": list(range(100, 130)),
        "carrier": ["AA", "UA", "DL"] * 10,
        "left": [NOON + 65 * MINUTE + 6 * MINUTE * number for number in range(30)],
        "distance": [100.0 + number for number in range(30)],
    }
)
SOURCES = {"landings": LANDINGS}


class Predictor:
    """A score of all features."""

    def predict_one(self, vector):
        """Add up what there is."""
        return sum(number for number in vector if number == number)


@pytest.fixture(scope="module")
def frozen():
    """The features, fitted."""
    return features.fit(FLIGHTS, sources=SOURCES)


def serve(frozen, rows=FLIGHTS, *, pushed=()):
    """Answer rows as a server does, with a history that things are pushed to; return the log."""
    store = MemoryOnline()
    (use,) = frozen.uses.values()
    materialize(store, use.view, LANDINGS, since=NOON, latest=LAST)
    if pushed:
        Pusher(store).push([Push.of("landings", pushed, now_us=micros(LAST))])
    look_ups = LookUps(frozen.uses, States(store))
    return [log(frozen, row, look_ups) for row in rows.to_rows()]


def log(frozen, row, look_ups):
    """Answer one row."""
    found = dict(zip(look_ups.names, look_ups.read(row, micros(row["left"])), strict=True))
    given = [row[name] for name in frozen.inputs]
    score = Predictor().predict_one(frozen.vector([*given, *found.values()]))
    return LoggedRow(str(row["id"]), row["left"], row, found, score)


def mistaken(broken, instead):
    """Return a compiler that mistakes one operation for another."""

    def wrong(node):
        if isinstance(node, Call) and node.op == broken:
            return replace(node, op=instead, args=tuple(rebuild(a, wrong) for a in node.args))
        return None

    def compiler(outputs, **settings):
        return compile_row({k: rebuild(v, wrong) for k, v in outputs.items()}, **settings)

    return compiler


def figures(report):
    """Return how many were compared and how many differ, by name."""
    return {each.name: (each.compared, each.differing) for each in report.figures}


def test_what_was_served_rightly_passes(frozen):
    """Every look-up, feature and score of every row, to the bit."""
    report = audit_rows(frozen, Predictor(), serve(frozen), sources=SOURCES)
    assert (30, 0, 0, None) == (report.rows, report.skewed, report.pending, report.first)
    names = ["carrier.delay", "carrier.landed", "wave", "delay", "both", "arithmetic", "score"]
    assert dict.fromkeys(names, (30, 0)) == figures(report)
    assert names == [*figures(report)]
    assert {"carrier": "2026-01-05T16:15:00Z"} == report.arrived


def test_a_rate_has_an_upper_bound(frozen):
    """None of thirty is not never."""
    report = audit_rows(frozen, Predictor(), serve(frozen), sources=SOURCES)
    assert {round(1 - 0.05 ** (1 / 30), 9)} == {round(each.high, 9) for each in report.figures}
    assert 0.0 == report.worst.rate


def test_an_event_that_was_pushed_with_another_value(frozen):
    """What the online store knew is not what the table has: rows, features and operation are named."""
    other = {"id": 10, "carrier": "AA", "left": NOON + 50 * MINUTE, "delay": 77.0}
    pushed = [{**other, "landed": NOON + 110 * MINUTE}]
    report = audit_rows(frozen, Predictor(), serve(frozen, pushed=pushed), sources=SOURCES)
    wrong = [r for r in serve(frozen, pushed=pushed) if r.looked_up["carrier.delay"] == 77.0]
    assert len(wrong) > 0
    found = figures(report)
    assert (30, len(wrong)) == found["carrier.delay"] == found["delay"] == found["score"]
    assert (30, 0) == found["wave"] == found["arithmetic"] == found["carrier.landed"]
    assert len(wrong) == report.skewed
    first = report.first
    assert (wrong[0].id, "delay", "carrier.delay") == (
        first.prediction_id,
        first.what,
        first.operation.replace("`", ""),
    )
    assert ("10.0", "77.0") == (first.recomputed, first.served)


def test_what_was_not_there_is_told_apart(frozen):
    """Nothing was looked up and the data have it; or the other way round."""
    rows = serve(frozen)
    none = {**rows[0].looked_up, "carrier.delay": None}
    rows[0] = rows[0]._replace(looked_up=none)
    assert rows[2].looked_up["carrier.delay"] is None
    some = {**rows[2].looked_up, "carrier.delay": 5.0}
    rows[2] = rows[2]._replace(looked_up=some)
    report = audit_rows(frozen, Predictor(), rows, sources=SOURCES)
    (figure,) = [each for each in report.figures if each.name == "carrier.delay"]
    assert (2, 1, 1) == (figure.differing, figure.not_served, figure.not_in_data)


def test_history_that_has_not_arrived_is_pending(frozen):
    """After the newest landing that the data know nobody can tell; the arithmetic still can."""
    early = LANDINGS.sql(f"FROM self WHERE landed <= TIMESTAMP '{NOON + 120 * MINUTE}'")
    logged = serve(frozen)
    report = audit_rows(frozen, Predictor(), logged, sources={"landings": early})
    known = sum(row.time <= NOON + 120 * MINUTE for row in logged)
    assert (30 - known, 0) == (report.pending, report.skewed)
    found = figures(report)
    assert (known, 0) == found["carrier.delay"] == found["both"] == found["score"]
    assert (30, 0) == found["wave"] == found["arithmetic"]


def test_a_row_of_the_future_does_not_say_that_data_have_arrived(frozen):
    """One landing with a wrong year: the others reach as far as they did, and nothing is called skew."""
    early = LANDINGS.sql(f"FROM self WHERE landed <= TIMESTAMP '{NOON + 120 * MINUTE}'")
    columns = ", ".join(
        f"'2099-01-01'::TIMESTAMP AS {name}" if kind == "timestamp" else name
        for name, kind in early.types.items()
    )
    wrong = early.concat(early.head(1).sql(f"SELECT {columns} FROM self"))
    logged = serve(frozen)
    expected = audit_rows(frozen, Predictor(), logged, sources={"landings": early})
    report = audit_rows(frozen, Predictor(), logged, sources={"landings": wrong}, now=LAST)
    assert (expected.pending, 0) == (report.pending, report.skewed)
    assert expected.arrived == report.arrived
    assert audit_rows(frozen, Predictor(), logged, sources={"landings": wrong}).skewed


def test_a_view_without_any_data_is_pending(frozen):
    """No row of it can be judged."""
    nothing = LANDINGS.sql("FROM self WHERE false")
    report = audit_rows(frozen, Predictor(), serve(frozen), sources={"landings": nothing})
    assert (30, {"carrier": None}) == (report.pending, report.arrived)
    assert "score" not in figures(report)


def test_a_broken_row_program_is_named(frozen):
    """The feature and the first operation that differs, whatever the history."""
    compiler = mistaken("sin", "cos")
    report = audit_rows(frozen, Predictor(), serve(frozen), sources=SOURCES, compiler=compiler)
    assert (30, 30) == figures(report)["wave"] == figures(report)["arithmetic"]
    assert (30, 0) == figures(report)["delay"]
    assert ("wave", "(distance * 2.0 + 1.0).sin()") == (report.first.what, report.first.operation)


def test_a_score_of_another_model(frozen):
    """All features are right, and the score is not."""
    rows = [row._replace(score=row.score + 1) for row in serve(frozen)]
    report = audit_rows(frozen, Predictor(), rows, sources=SOURCES)
    assert (30, 30) == figures(report)["score"] == figures(report)["arithmetic"]
    assert ("score", "the model") == (report.first.what, report.first.operation)
    assert 30 == report.skewed


def test_a_crossing_without_views():
    """Needs no sources; a feature may be called like one of ours."""
    frozen = alone.fit(FLIGHTS)
    rows = [
        LoggedRow(
            str(row["id"]),
            row["left"],
            row,
            {},
            Predictor().predict_one(frozen.vector([row[name] for name in frozen.inputs])),
        )
        for row in FLIGHTS.to_rows()
    ]
    report = audit_rows(frozen, Predictor(), rows)
    assert [("feature", "wave"), ("feature", "score"), ("score", "score")] == [
        (each.kind, each.name) for each in report.figures
    ]
    assert 0 == report.skewed


def test_a_score_that_is_no_number_is_null():
    """A server logs null for it, and so does the audit."""

    class Infinite:
        def predict_one(self, vector):
            return float("inf")

    frozen = alone.fit(FLIGHTS)
    (row,) = FLIGHTS.head(1).to_rows()
    report = audit_rows(frozen, Infinite(), [LoggedRow("a", row["left"], row, {}, None)])
    assert 0 == report.skewed


@pytest.mark.parametrize(("k", "n"), [(0, 1), (0, 500), (3, 500), (250, 500), (500, 500)])
def test_the_bound_of_a_rate(k, n):
    """With a true rate at the bound so few would be found in 5 % of the audits."""
    high = share_at_most(k, n, confidence=0.95)
    assert k / n <= high <= 1
    chance = sum(math.comb(n, i) * high**i * (1 - high) ** (n - i) for i in range(k + 1))
    assert k == n or abs(chance - 0.05) < 1e-6
