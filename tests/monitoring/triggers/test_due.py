"""Which triggers fire: nothing is skipped, nothing twice, whatever the steps of the clock."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.monitoring.alerts.alert import Alert, alert_id
from interplane.monitoring.rules import Action
from interplane.monitoring.triggers.decision import decide
from interplane.monitoring.triggers.due import alert_firings, due, person_firing
from interplane.monitoring.triggers.firing import Firing
from interplane.monitoring.triggers.parameters import filled
from interplane.monitoring.triggers.schedule import next_time, scheduled_key, times_between
from interplane.monitoring.triggers.trigger import Trigger
from interplane.record.digests import digest_value
from interplane.storage.clock import micros_of
from interplane.testing.journal_laws import RULE, finding

HOUR = 3_600_000_000
START = micros_of(datetime(2013, 6, 1, tzinfo=UTC))


def fired(triggers, looks, versions=lambda _now: {}):
    """Look again and again; return every firing."""
    marks, found = {}, []
    for now in looks:
        fires = due(triggers, marks=marks, versions=versions(now), now_us=now)
        marks.update(fires.marks)
        found += fires.firings
    return found


@given(
    schedule=st.sampled_from(["0 3 * * *", "*/7 * * * *", "30 */5 * * 1-5", "0 0 1 * *"]),
    steps=st.lists(st.integers(1, 50 * HOUR), min_size=1, max_size=12),
)
def test_every_scheduled_time_fires_once(schedule, steps):
    """Whenever it was looked at; with one run for all that were missed between two looks."""
    looks = [START]
    for step in steps:
        looks.append(looks[-1] + step)
    trigger = Trigger(name="t", run="p", schedule=schedule)
    found = fired([trigger], looks)
    times = list(times_between(schedule, looks[0], looks[-1]))
    assert [scheduled_key(at) for at in times] == [item.key for item in found]
    waiting = sum(item.state == "waiting" for item in found)
    hit = sum(any(a < at <= b for at in times) for a, b in pairwise(looks))
    assert hit == waiting


@given(added=st.lists(st.integers(0, 3), max_size=8), each=st.booleans())
def test_every_version_fires_once(added, each):
    """Those that were there before the trigger was do not."""
    there = [digest_value(number) for number in range(2)]

    def versions(look):
        if look:
            for _ in range(added[look - 1]):
                there.append(digest_value(len(there)))
        return {"flights": tuple(there)}

    missed = "each" if each else "one"
    trigger = Trigger(name="t", run="p", data="flights", missed=missed)
    found = fired([trigger], range(len(added) + 1), versions)
    assert sorted(there[2:]) == sorted(item.key for item in found)
    waiting = sum(item.state == "waiting" for item in found)
    assert (len(found) if each else sum(count > 0 for count in added)) == waiting


def test_a_clock_that_goes_back_fires_nothing_again():
    """What was looked at stays looked at."""
    trigger = Trigger(name="t", run="p", schedule="0 * * * *")
    found = fired([trigger], [START, START + 3 * HOUR, START + HOUR, START + 4 * HOUR])
    assert 4 == len({item.key for item in found})
    assert 4 == len(found)


def test_more_than_can_be_taken_up_at_once():
    """A machine that was off for weeks: each minute is on record, one run stands for all."""
    trigger = Trigger(name="t", run="p", schedule="* * * * *")
    end = START + 20 * 24 * HOUR
    found = fired([trigger], [START, end, end, end])
    assert 20 * 24 * 60 == len({item.key for item in found})


def test_parameters_say_when_it_fired():
    """The scheduled time, not the time of the look."""
    trigger = Trigger(
        name="t", run="p", schedule="0 3 * * *", parameters={"until": "$day-1d", "n": 3}
    )
    (first, *_) = fired([trigger], [START, START + 30 * HOUR])
    assert {"until": "2013-05-31", "n": 3} == first.action.parameters


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("$day", "2013-06-01"),
        ("$day+1d", "2013-06-02"),
        ("$day-36h", "2013-05-30"),
        ("$hour", "2013-06-01T17:00:00"),
        ("$hour-24h", "2013-05-31T17:00:00"),
        ("day", "day"),
        ("$days", "$days"),
    ],
)
def test_times_in_parameters(text, given):
    """In UTC."""
    at_us = START + 17 * HOUR + 1_234_567
    assert {"at": given} == filled({"at": text}, at_us=at_us)


def test_a_schedule_has_a_next_time():
    """For whoever wants to sleep until then."""
    assert START + 3 * HOUR == next_time("0 3 * * *", START)


def test_alerts_fire_if_their_rule_says_so():
    """Under the alert's id."""
    found = finding(0, fires=True)
    alert = Alert(
        id=alert_id(found.cell, begin_us=0), cell=found.cell, opened=found, worst=found, last=found
    )
    rule = RULE.__class__(
        **{**RULE.to_dict(), "then": Action(run="flights", parameters={"until": "$day"})}
    )
    assert [] == alert_firings([alert], rules={"late": RULE}, now_us=START)
    (firing,) = alert_firings([alert], rules={"late": rule}, now_us=START)
    assert ("late", alert.id, "alert", {"until": "2013-06-01"}) == (
        firing.trigger,
        firing.key,
        firing.cause,
        firing.action.parameters,
    )


# ---- what becomes of a firing ---------------------------------------------------------------


def waiting(name="t", key="1", *, run="p", due_us=START, cause="alert", **action):
    """Return a firing that waits."""
    return Firing.of(
        name,
        key,
        cause=cause,
        action=Action(run=run, **{"debounce": "0s", **action}),
        due_us=due_us,
        reason="so",
    )


def begun(name="t", key="0", *, at=START, due_us=START):
    """Return a firing that began."""
    firing = waiting(name, key, due_us=due_us)
    return firing.__class__(**{**dict_of(firing), "state": "done", "began_us": at})


def dict_of(firing):
    """Return the fields of a firing."""
    return {name: getattr(firing, name) for name in firing.__struct_fields__}


def what(*firings, last=None, busy=None, now=START):
    """Return what is decided about firings."""
    return [
        (item.firing.key, item.what)
        for item in decide(firings, last=last or {}, busy=busy or {}, now_us=now)
    ]


def test_one_run_of_a_pipeline_at_a_time():
    """The oldest goes first; the next is skipped, or waits."""
    first, second = waiting(key="1"), waiting("u", "2", due_us=START + 1)
    assert [("1", "start"), ("2", "skip")] == what(second, first)
    queued = waiting("u", "2", due_us=START + 1, busy="queue")
    assert [("1", "start"), ("2", "wait")] == what(queued, first)
    assert [("1", "start"), ("3", "start")] == what(first, waiting("u", "3", run="q"))
    assert [("1", "skip")] == what(first, busy={"p": "ann"})


def test_a_run_is_not_followed_by_another_too_soon():
    """Counted from when it began; a person may."""
    last = {"t": begun()}
    again = waiting(debounce="6h")
    assert [("1", "skip")] == what(again, last=last, now=START + 6 * HOUR - 1)
    assert [("1", "start")] == what(again, last=last, now=START + 6 * HOUR)
    asked = waiting(debounce="6h", cause="person")
    assert [("1", "start")] == what(asked, last=last, now=START + HOUR)
    other = waiting("u", debounce="6h")
    assert [("1", "start")] == what(other, last=last, now=START + HOUR)


def test_schedules_are_debounced_by_what_they_say():
    """A daily run that began a minute late does not skip the next day's."""
    last = {"t": begun(at=START + 60_000_000)}
    daily = waiting(cause="schedule", debounce="1d", due_us=START + 24 * HOUR)
    assert [("1", "start")] == what(daily, last=last, now=START + 24 * HOUR)
    early = waiting(cause="schedule", debounce="1d", due_us=START + 23 * HOUR)
    assert [("1", "skip")] == what(early, last=last, now=START + 23 * HOUR)


def test_a_person_s_firing():
    """Says who and why; two of them are two."""
    one, two = (
        person_firing("t", Action(run="p"), who="ann", reason="new", token=token, now_us=START)
        for token in ("a", "b")
    )
    assert one.id != two.id
    assert ("ann", "new", "person", "person/a") == (one.who, one.reason, one.cause, one.key)
    assert one.actor == f"trigger:t#{one.id[:12]}"
