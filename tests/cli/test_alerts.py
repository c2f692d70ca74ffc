"""`interplane alerts` and `interplane trigger`: what a person sees and says."""

import pytest

from interplane.project.journal import open_journal
from interplane.project.project import Project
from interplane.testing.journal_laws import finding, judge

MORE = """
[owners.ops]

[[monitor]]
name = "late"
model = "flights"
metric = "positive_rate"
window = "1h"
at_most = 0.5
owner = "ops"
then = "run:rides"

[[trigger]]
name = "nightly"
run = "rides"
schedule = "0 3 * * *"

[[trigger]]
name = "by-hand"
run = "rides"
"""


@pytest.fixture
def watched(empty):
    """A project with three alerts: two open, one resolved."""
    with (empty.root / "interplane.toml").open("a", encoding="utf-8") as file:
        file.write(MORE)
    journal = open_journal(Project.find(empty.root))
    judge(journal, 0, finding(0, fires=True), finding(0, fires=True, origin="LGA"))
    judge(journal, 1, finding(1, fires=True, effect=0.4), finding(1, fires=False, origin="LGA"))
    judge(journal, 2, finding(2, fires=True, origin="EWR"))
    journal.close()
    return empty


def ids(folder, *words):
    """Return the ids by slice."""
    found = folder.must("alerts", *words, "--json").json
    return {alert["cell"]["values"][0]: alert["id"] for alert in found}


def test_open_alerts_are_listed(watched):
    """Where, since when, how much; past ones on request."""
    out = watched.must("alerts").out
    alert = ids(watched)["JFK"][:8]
    assert f"{alert}  open          late of flights: origin=JFK\n" in out
    assert "since 1970-01-01 00:00, 2 windows, now unknown, size 0.4, ops\n" in out
    assert 80 >= max(map(len, out.splitlines()))
    assert "LGA" not in out
    assert {"EWR", "JFK"} == set(ids(watched))
    assert ["EWR", "JFK", "LGA"] == list(ids(watched, "--all"))
    assert {} == ids(watched, "--model", "other")


def test_without_alerts_it_says_so(empty):
    """And where past ones are."""
    assert "No alert is open" in empty.must("alerts").out
    assert "no alert yet" in empty.must("alerts", "--all").out
    assert [] == empty.must("alerts", "--json").json


def test_one_alert_on_a_screen(watched):
    """The rows behind it, its history, and who was told."""
    out = watched.must("alerts", "show", ids(watched)["JFK"][:8]).out
    assert "late of flights, origin=JFK" in out
    assert "worst   1970-01-01 01:00" in out
    command = (
        "interplane predictions flights --since 1970-01-01T01:00:00 --until 1970-01-01T02:00:00"
    )
    assert command in out
    assert "continued" in out
    assert "waiting" in out
    whole = watched.must("alerts", "show", ids(watched)["JFK"], "--json").json
    assert ["opened", "continued"] == [event["kind"] for event in whole["history"]]
    assert ["log"] == [item["channel"] for item in whole["deliveries"]]


def test_an_alert_is_acknowledged(watched):
    """By whom, with what they say."""
    alert = ids(watched)["JFK"][:10]
    assert "is acknowledged" in watched.must("alerts", "ack", alert, "--reason", "a storm").out
    (shown,) = [item for item in watched.must("alerts", "--json").json if item["id"][:10] == alert]
    assert ("acknowledged", "a storm") == (shown["status"], shown["acknowledged"]["why"])
    assert "a storm" in watched.must("alerts", "show", alert).out
    assert 2 == watched("alerts", "ack", alert).code
    assert "no reason" in watched("alerts", "ack", alert, "--reason", " ").err


def test_a_rule_is_muted_and_heard_again(watched):
    """A slice of it, for a while."""
    words = ("alerts", "mute", "late", "--slice", "origin=JFK", "--for", "2d", "--reason", "known")
    assert "It is about 1 open alert." in watched.must(*words).out
    out = watched.must("alerts").out
    assert "late origin=JFK" in out
    assert "(known)" in out
    states = {i["cell"]["values"][0]: i["status"] for i in watched.must("alerts", "--json").json}
    assert {"EWR": "open", "JFK": "muted"} == states
    assert "0 mutes" in watched.must("alerts", "unmute", "late", "--slice", "origin=EWR").out
    assert "1 mute of late ended" in watched.must("alerts", "unmute", "late").out
    until = ("--until", "2199-01-01", "--reason", "known")
    assert {} == watched.must("alerts", "mute", "late", *until, "--json").json["where"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "zz"), "no alert whose id begins with 'zz'"),
        (("show", ""), "no alert"),
        (("mute", "lat", "--for", "2d", "--reason", "x"), "Did you mean 'late'"),
        (("mute", "late", "--reason", "x"), "--until or --for"),
        (("mute", "late", "--for", "2d", "--until", "2199-01-01", "--reason", "x"), "needs an end"),
        (("mute", "late", "--for", "soon", "--reason", "x"), "6h, 2d"),
        (("mute", "late", "--until", "2001-01-01", "--reason", "x"), "over already"),
        (("mute", "late", "--for", "2d", "--slice", "JFK", "--reason", "x"), "COLUMN=VALUE"),
        (("unmute", "other"), "there is no rule 'other'"),
    ],
)
def test_what_is_wrong_is_said(watched, words, said):
    """With what was expected."""
    result = watched("alerts", *words)
    assert 2 == result.code
    assert said in result.err


def test_what_could_not_be_told_is_shown(watched):
    """Nobody has to look for it."""
    journal = open_journal(Project.find(watched.root))
    first = journal.deliveries()[0]
    fields = {name: getattr(first, name) for name in first.__struct_fields__}
    journal.record_delivery(
        first.__class__(**{**fields, "state": "failed", "error": "nobody there"})
    )
    journal.close()
    assert f"Not told: {first.alert[:8]} opened by log: nobody there" in watched.must("alerts").out


# ---- triggers -------------------------------------------------------------------------------


def test_triggers_are_listed(watched):
    """With what they fire on; rules that start a run are among them."""
    out = watched.must("trigger").out
    for words in ("nightly   0 3 * * *", "by-hand   a person", "late      its alerts"):
        assert words in out
    listed = watched.must("trigger", "--json").json
    assert ["nightly", "by-hand", "late"] == [item["name"] for item in listed]


def test_a_trigger_is_fired_by_hand(watched):
    """With a reason; the keeper starts it."""
    assert (
        'starts it; "interplane up --once"'
        in watched.must("trigger", "late", "--reason", "a new airport").out
    )
    assert "a new airport" in watched.must("trigger", "--firings").out
    (firing,) = watched.must("trigger", "--firings", "--json").json
    assert ("late", "person", "waiting") == (firing["trigger"], firing["cause"], firing["state"])
    assert "" == watched.must("trigger", "--log", firing["id"][:8]).out
    assert "waiting" in watched.must("trigger").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("lat", "--reason", "x"), "Did you mean 'late'"),
        (("late",), "without a reason"),
        (("late", "--reason", " "), "without a reason"),
        (("--log", "zz"), "0 firings"),
    ],
)
def test_what_is_wrong_with_a_trigger_is_said(watched, words, said):
    """With what was expected."""
    result = watched("trigger", *words)
    assert 2 == result.code
    assert said in result.err


def test_nothing_fired_yet(watched):
    """It says so."""
    assert "Nothing has fired yet" in watched.must("trigger", "--firings").out
