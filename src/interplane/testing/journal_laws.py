"""The laws of a journal: whoever writes another one runs these against it.

Each law takes an empty journal whose owner ``ops`` has the channels ``log`` and ``webhook``. ::

    @pytest.mark.parametrize("law", journal_laws.LAWS, ids=lambda law: law.__name__)
    def test_journal(law, tmp_path):
        law(my_journal(tmp_path))
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from interplane.errors import UnknownName, UsageError
from interplane.monitoring.alerts.alert import Acknowledgement, Mute
from interplane.monitoring.alerts.episodes import abandoned, advance
from interplane.monitoring.alerts.ports import RuleMute
from interplane.monitoring.calendar import HOUR_US, window_at
from interplane.monitoring.findings import Cell, Finding
from interplane.monitoring.rules import Action, Rule
from interplane.monitoring.triggers.firing import Firing
from interplane.record.digests import digest_bytes
from interplane.testing.refusals import refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interplane.monitoring.alerts.alert import Alert
    from interplane.monitoring.alerts.ports import Journal

__all__ = ["LAWS", "RULE", "channels", "finding", "firing", "judge"]

RULE = Rule(name="late", model="flights", metric="positive_rate", owner="ops", resolves_after=1)
"""A rule whose alerts are resolved by one quiet window."""


def channels(owner: str) -> tuple[str, ...]:
    """Return the channels of an owner, as the laws want them."""
    return ("log", "webhook") if owner == "ops" else ("log",)


def finding(hour: int, *, fires: bool, origin: str = "JFK", effect: float = 0.2) -> Finding:
    """Return what one slice looked like in one hour: far off, or quiet."""
    return Finding(
        cell=Cell(
            rule=RULE.name, model=RULE.model, metric=RULE.metric, by=("origin",), values=(origin,)
        ),
        begin_us=hour * HOUR_US,
        end_us=(hour + 1) * HOUR_US,
        effect=effect if fires else 0.0,
        rows=100,
        counts=fires,
        fires=fires,
    )


def firing(name: str, key: str, *, due_us: int = 0, run: str = "flights") -> Firing:
    """Return a firing that waits."""
    action = Action(run=run, debounce="0s")
    return Firing.of(
        name, key, cause="schedule", action=action, due_us=due_us, reason="it was time"
    )


def judge(
    journal: Journal, hour: int, *findings: Finding, firings: Sequence[Firing] = (), now_us: int = 0
) -> bool:
    """Let a journal take in an hour, as a pass of the monitors does."""
    changes = advance(journal.alerts(rule=RULE.name), findings, rules={RULE.name: RULE})
    return journal.record_judged(
        RULE.name,
        window_at("1h", hour * HOUR_US),
        findings=findings,
        changes=changes,
        firings=firings,
        now_us=now_us or (hour + 1) * HOUR_US,
    )


def _opened(journal: Journal, hour: int = 0) -> Alert:
    judge(journal, hour, finding(hour, fires=True))
    return journal.alerts()[0]


def a_window_is_judged_once(journal: Journal) -> None:
    """The same call again changes nothing, whatever it says."""
    assert judge(journal, 0, finding(0, fires=True), firings=[firing("late", "a")])
    before = (journal.alerts(), journal.deliveries(), journal.firings(), journal.judged("late"))
    assert not judge(
        journal, 0, finding(0, fires=True, origin="LGA"), firings=[firing("late", "b")]
    )
    assert before == (
        journal.alerts(),
        journal.deliveries(),
        journal.firings(),
        journal.judged("late"),
    )


def what_was_judged_is_kept_in_order(journal: Journal) -> None:
    """Windows with the findings that matter, by rule and from a time on."""
    for hour in (2, 0, 1):
        judge(journal, hour, finding(hour, fires=hour == 1))
    hours = [item.begin_us // HOUR_US for item in journal.judged("late")]
    assert hours == [0, 1, 2]
    assert [(finding(2, fires=False),)] == [
        item.findings for item in journal.judged("late", since_us=2 * HOUR_US)
    ]
    assert list(journal.judged("other")) == []
    assert [journal.judged_until(name) for name in ("late", "other")] == [3 * HOUR_US, None]


def an_episode_is_one_alert(journal: Journal) -> None:
    """Opened, continued, resolved: one alert, its history, one delivery for each end and channel."""
    for hour, fires in enumerate((True, True, False)):
        judge(journal, hour, finding(hour, fires=fires))
    (alert,) = journal.alerts()
    assert (alert.state, alert.windows) == ("resolved", 2)
    history = journal.history(alert.id)
    assert [event.kind for event in history] == ["opened", "continued", "resolved"]
    assert [(event.window_us or 0) // HOUR_US for event in history] == [1, 2, 3]
    assert [(item.event, item.channel) for item in journal.deliveries(alert=alert.id)] == [
        ("opened", "log"),
        ("opened", "webhook"),
        ("resolved", "log"),
        ("resolved", "webhook"),
    ]
    assert {"ops"} == {item.owner for item in journal.deliveries()}


def what_nobody_watches_any_more_ends_once(journal: Journal) -> None:
    """Its owner is told, once; an alert whose rule is there stays open."""
    alert = _opened(journal)
    rule = Rule(
        name=alert.cell.rule,
        model=alert.cell.model,
        metric=alert.cell.metric,
        slices=(alert.cell.by,),
    )
    assert abandoned(journal.alerts(), rules={rule.name: rule}) == []
    ends = abandoned(journal.alerts(), rules={})
    assert [item.id for item in journal.end_alerts(ends, now_us=5 * HOUR_US)] == [alert.id]
    assert list(journal.end_alerts(ends, now_us=6 * HOUR_US)) == []
    assert [item.state for item in journal.alerts()] == ["resolved"]
    assert [event.kind for event in journal.history(alert.id)] == ["opened", "resolved"]
    assert [item.event for item in journal.deliveries() if item.channel == "log"] == [
        "opened",
        "resolved",
    ]


def open_alerts_come_first(journal: Journal) -> None:
    """Then newest first; only those of a model, or open ones, on request."""
    judge(journal, 0, finding(0, fires=True), finding(0, fires=True, origin="LGA"))
    judge(journal, 1, finding(1, fires=True), finding(1, fires=False, origin="LGA"))
    judge(journal, 2, finding(2, fires=True, origin="EWR"))
    states = [(alert.cell.values[0], alert.state) for alert in journal.alerts()]
    assert states == [("EWR", "open"), ("JFK", "open"), ("LGA", "resolved")]
    assert len(journal.alerts(everything=False)) == 2
    assert list(journal.alerts(model="other")) == []


def an_alert_is_found_by_the_beginning_of_its_id(journal: Journal) -> None:
    """What fits nothing, or several, is refused."""
    alert = _opened(journal)
    assert alert == journal.find_alert(alert.id[:8])
    for text in ("zz", ""):
        with refused(UnknownName):
            journal.find_alert(text)
    for hour in range(1, 40):
        judge(journal, hour, finding(hour, fires=True, origin=f"A{hour}"))
    crowd = {item.id[0] for item in journal.alerts()}
    assert len(crowd) < 40
    several = next(
        sign for sign in sorted(crowd) if sum(i.id[0] == sign for i in journal.alerts()) > 1
    )
    with refused(UsageError):
        journal.find_alert(several)


def people_are_not_overwritten(journal: Journal) -> None:
    """A pass that read the alert before somebody acknowledged it does not take that away."""
    alert = _opened(journal)
    changes = advance([alert], [finding(1, fires=True)], rules={RULE.name: RULE})
    seen = journal.acknowledge(alert.id, who="ann", why="a storm", now_us=5)
    assert Acknowledgement(who="ann", why="a storm", at_us=5) == seen.acknowledged
    journal.record_judged(RULE.name, window_at("1h", HOUR_US), changes=changes, now_us=2 * HOUR_US)
    (kept,) = journal.alerts()
    assert (2, seen.acknowledged) == (kept.windows, kept.acknowledged)
    kinds = [event.kind for event in journal.history(alert.id)]
    assert kinds == ["opened", "acknowledged", "continued"]
    with refused(UnknownName):
        journal.acknowledge(digest_bytes(b"nowhere"), who="ann", why="x", now_us=5)


def what_is_over_is_not_acknowledged(journal: Journal) -> None:
    """Nor is anything written of it: who looks later sees who took care of it while it went on."""
    alert = _opened(journal)
    seen = journal.acknowledge(alert.id, who="ann", why="a storm", now_us=5)
    judge(journal, 1, finding(1, fires=False))
    before = list(journal.history(alert.id))
    with refused(UsageError):
        journal.acknowledge(alert.id, who="bob", why="too late", now_us=9)
    (kept,) = journal.alerts()
    assert ("resolved", seen.acknowledged) == (kept.state, kept.acknowledged)
    assert before == list(journal.history(alert.id))


def a_mute_is_of_a_rule_or_a_slice(journal: Journal) -> None:
    """Only what it is about is muted, until its time, or until somebody ends it."""
    judge(journal, 0, finding(0, fires=True), finding(0, fires=True, origin="LGA"))
    mute = RuleMute(
        rule="late", where={"origin": "JFK"}, until_us=900, at_us=100, who="ann", why="known"
    )
    assert [alert.cell.values[0] for alert in journal.mute(mute)] == ["JFK"]
    muted = {alert.cell.values[0]: alert.muted for alert in journal.alerts()}
    assert {"JFK": Mute(who="ann", why="known", until_us=900), "LGA": None} == muted
    assert [mute] == list(journal.mutes(now_us=899))
    assert list(journal.mutes(now_us=900)) == []
    assert journal.unmute("late", where={}, who="bob", why="over", now_us=200) == 0
    assert journal.unmute("late", where=None, who="bob", why="over", now_us=200) == 1
    assert {None} == {alert.muted for alert in journal.alerts()}
    alert = next(alert for alert in journal.alerts() if alert.cell.values == ("JFK",))
    kinds = [(event.kind, event.who) for event in journal.history(alert.id)]
    assert kinds == [("opened", ""), ("muted", "ann"), ("unmuted", "bob")]


def a_delivery_is_replaced_by_what_became_of_it(journal: Journal) -> None:
    """Only what waits or is muted is pending."""
    _opened(journal)
    first, second = journal.deliveries(pending=True)
    sent = msgspec.structs.replace(first, state="sent", attempts=1)
    journal.record_delivery(sent)
    assert [second] == list(journal.deliveries(pending=True))
    assert [sent, second] == list(journal.deliveries())


def a_firing_is_written_once(journal: Journal) -> None:
    """Under its key, with the mark of its trigger; what became of it stays."""
    assert journal.record_due([firing("a", "1"), firing("a", "2")], {"schedule/a": 7}) == 2
    done = msgspec.structs.replace(
        firing("a", "1"), state="done", began_us=3, ended_us=4, exit_code=0
    )
    journal.record_firing(done)
    assert journal.record_due([firing("a", "1"), firing("b", "1")], {"schedule/a": 9}) == 1
    assert dict(journal.marks()) == {"schedule/a": 9}
    assert [firing("b", "1"), firing("a", "2"), done] == list(journal.firings())
    assert [firing("a", "2"), done] == list(journal.firings(trigger="a"))
    assert [done] == list(journal.firings(states=["done", "failed"]))
    assert [firing("b", "1")] == list(journal.firings(limit=1))


def the_last_run_of_a_trigger_is_known(journal: Journal) -> None:
    """Whatever became of it."""
    journal.record_due([firing("a", "1"), firing("a", "2"), firing("b", "1")], {})
    for number, began in (("1", 30), ("2", 20)):
        journal.record_firing(msgspec.structs.replace(firing("a", number), began_us=began))
    assert {name: item.key for name, item in journal.last_begun().items()} == {"a": "1"}


def what_was_over_long_ago_goes(journal: Journal) -> None:
    """Open alerts, the last window of a rule and the last run of a trigger stay."""
    for hour, fires in enumerate((True, False, True)):
        judge(journal, hour, finding(hour, fires=fires), now_us=10 + hour)
    runs = [
        msgspec.structs.replace(firing("a", key), state="done", began_us=at, ended_us=at)
        for key, at in (("1", 10), ("2", 11))
    ]
    journal.record_due([*runs, firing("a", "3")], {})
    journal.mute(RuleMute(rule="late", until_us=12, at_us=10, who="ann", why="known"))
    assert journal.prune(before_us=1_000) > 0
    assert [alert.state for alert in journal.alerts()] == ["open"]
    assert [item.end_us for item in journal.judged("late")] == [3 * HOUR_US]
    assert [item.key for item in journal.firings()] == ["3", "2"]
    assert {"opened"} == {item.event for item in journal.deliveries()}
    assert len(journal.deliveries()) == 2
    assert journal.prune(before_us=1_000) == 0


LAWS: tuple[Callable[[Journal], None], ...] = (
    a_window_is_judged_once,
    what_was_judged_is_kept_in_order,
    an_episode_is_one_alert,
    what_nobody_watches_any_more_ends_once,
    open_alerts_come_first,
    an_alert_is_found_by_the_beginning_of_its_id,
    people_are_not_overwritten,
    what_is_over_is_not_acknowledged,
    a_mute_is_of_a_rule_or_a_slice,
    a_delivery_is_replaced_by_what_became_of_it,
    a_firing_is_written_once,
    the_last_run_of_a_trigger_is_known,
    what_was_over_long_ago_goes,
)
