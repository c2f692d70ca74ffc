"""Episodes: one alert from the window that opens it to the one that resolves it, whatever comes twice."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.errors import UnknownName
from interplane.monitoring.alerts.alert import Alert, Mute, alert_id
from interplane.monitoring.alerts.episodes import advance
from interplane.monitoring.findings import Cell, Finding
from interplane.monitoring.rules import Rule

HOUR = 3_600_000_000
RULES = {
    "late": Rule(
        name="late", model="flights", metric="positive_rate", owner="ops", resolves_after=2
    )
}
CELLS = [
    Cell(rule="late", model="flights", metric="positive_rate", by=("origin",), values=(origin,))
    for origin in ("EWR", "JFK")
]


def finding(hour, kind, *, cell=CELLS[0], effect=0.05):
    """A window of an hour: ``fires``, ``counts`` (but chance could do it), ``quiet`` or ``skipped``."""
    return Finding(
        cell=cell,
        begin_us=hour * HOUR,
        end_us=(hour + 1) * HOUR,
        effect=effect if kind in {"fires", "counts"} else 0.0,
        fires=kind == "fires",
        counts=kind in {"fires", "counts"},
        skipped="12 rows, fewer than 100" if kind == "skipped" else "",
    )


def play(kinds, alerts=()):
    """Return the kinds of change, window by window, and the alerts at the end."""
    latest = {alert.id: alert for alert in alerts}
    changes = []
    for hour, kind in enumerate(kinds):
        for change in advance(latest.values(), [finding(hour, kind)], rules=RULES):
            latest[change.alert.id] = change.alert
            changes.append((hour, change.kind))
    return changes, list(latest.values())


def test_one_alert_an_episode():
    """It opens once, goes on while the effect counts, and two quiet windows end it."""
    changes, [alert] = play(["quiet", "fires", "fires", "counts", "quiet", "quiet", "quiet"])
    assert [
        (1, "opened"),
        (2, "continued"),
        (3, "continued"),
        (4, "continued"),
        (5, "resolved"),
    ] == changes
    assert ("resolved", 3, 2, "ops") == (alert.state, alert.windows, alert.quiet, alert.owner)
    assert (1 * HOUR, 5 * HOUR) == (alert.opened.begin_us, alert.last.begin_us)


def test_what_only_counts_opens_nothing():
    """Chance could have done it."""
    assert ([], []) == play(["counts", "counts"])


def test_a_quiet_window_between_does_not_end_it():
    """Quiet windows count in a row."""
    changes, [alert] = play(["fires", "quiet", "counts", "quiet"])
    assert ("open", 1) == (alert.state, alert.quiet)
    assert ["opened", "continued", "continued", "continued"] == [kind for _, kind in changes]


def test_a_skipped_window_is_neither():
    """Nobody knows what happened in it: it keeps what was."""
    changes, [alert] = play(["fires", "quiet", "skipped", "skipped", "quiet"])
    assert [(0, "opened"), (1, "continued"), (4, "resolved")] == changes
    assert "resolved" == alert.state


def test_another_episode_is_another_alert():
    """Its name says when it began."""
    _, alerts = play(["fires", "quiet", "quiet", "fires"])
    assert ["resolved", "open"] == [alert.state for alert in alerts]
    assert [alert_id(CELLS[0], begin_us=hour * HOUR) for hour in (0, 3)] == [a.id for a in alerts]


def test_the_worst_window_is_kept():
    """Whichever way the effect went."""
    findings = [
        finding(0, "fires", effect=0.05),
        finding(1, "counts", effect=-0.2),
        finding(2, "counts", effect=0.1),
    ]
    *_, last = advance([], findings, rules=RULES)
    assert -0.2 == last.alert.worst.effect
    assert 0.1 == last.alert.last.effect


def test_cells_do_not_touch_each_other():
    """Each has its own episode."""
    findings = [finding(0, "fires"), finding(0, "quiet", cell=CELLS[1])]
    [change] = advance([], findings, rules=RULES)
    assert CELLS[0] == change.alert.cell


def test_acknowledged_and_muted_stay():
    """What people said of an alert is not lost when a window comes."""
    [opened] = advance([], [finding(0, "fires")], rules=RULES)
    mute = Mute(who="ada", why="storm", until_us=5 * HOUR)
    muted = msgspec.structs.replace(opened.alert, muted=mute)
    [change] = advance([muted], [finding(1, "counts")], rules=RULES)
    assert mute == change.alert.muted
    assert change.alert.is_muted(now_us=5 * HOUR - 1)
    assert not change.alert.is_muted(now_us=5 * HOUR)


def test_a_rule_that_is_not_there_is_refused():
    """It cannot say who is told."""
    with pytest.raises(UnknownName, match="there is no rule 'late'"):
        advance([], [finding(0, "fires")], rules={})


def test_an_alert_is_kept_as_json():
    """As the journal stores it."""
    [change] = advance([], [finding(0, "fires")], rules=RULES)
    assert change.alert == msgspec.json.decode(msgspec.json.encode(change.alert), type=Alert)


kinds = st.lists(st.sampled_from(["fires", "counts", "quiet", "skipped"]), max_size=12)


@given(kinds, st.randoms())
def test_windows_that_come_again_change_nothing(sequence, draw):
    """After a crash any of the windows before may come again."""
    once, alerts = play(sequence)
    again = [finding(hour, kind) for hour, kind in enumerate(sequence)]
    draw.shuffle(again)
    assert [] == advance(alerts, again, rules=RULES)
    assert len([kind for _, kind in once if kind == "opened"]) == len(alerts)


@given(kinds)
def test_all_windows_at_once_are_as_one_after_the_other(sequence):
    """How many windows an advance takes in does not matter."""
    once, alerts = play(sequence)
    together = advance([], [finding(hour, kind) for hour, kind in enumerate(sequence)], rules=RULES)
    assert [kind for _, kind in once] == [change.kind for change in together]
    assert alerts == list({change.alert.id: change.alert for change in together}.values())
