"""`interplane deploy | promote | rollback | deployments`: what answers, and what answered when."""

from datetime import UTC, datetime

import pytest

from interplane.project.project import Project


def names(folder):
    """What answers, as `interplane models` says it: pointers by crossing."""
    return {item["name"]: item["pointers"] for item in folder.must("models", "--json").json}


def test_a_canary_from_its_beginning_to_its_promotion(finished):
    """Shares are percent or numbers; each step is a line of the log."""
    said = finished.must("deploy", "rides@2", "--canary", "5%", "--reason", "first look").out
    assert said.startswith("rides@canary is rides@2 now, with 5% of the requests (first look), by ")
    assert {"rides@1": ["live"], "rides@2": ["canary"]} == names(finished)
    finished.must("deploy", "rides@2", "--canary", "0.5", "--reason", "no harm")
    assert "rides@2" in finished.must("show", "rides@canary").out
    assert (
        "rides@live is rides@2 now (proved)"
        in finished.must("promote", "rides", "--reason", "proved").out
    )
    assert {"rides@1": [], "rides@2": ["live"]} == names(finished)
    log = finished.must("deployments", "rides").out
    assert ["live", "canary", "shadow", "by", "why"] == log.splitlines()[0].split()[2:]
    assert "rides@2 5%" in log
    assert "rides@2 50%" in log
    plain = finished.must("deployments", "rides", "--json").json
    assert [0.0, 0.05, 0.5, 0.0] == [line["share"] for line in plain]
    assert ["rides@1", "rides@1", "rides@1", "rides@2"] == [line["live"]["name"] for line in plain]
    assert "rides@2" == plain[1]["canary"]["name"]


def test_a_rollback_says_what_it_took_back(finished):
    """The canary, the shadow, or what was live."""
    finished.must("deploy", "rides@2", "--canary", "5%", "--reason", "x")
    assert (
        "rides@live is rides@1 still; the canary ended (harm)"
        in finished.must("rollback", "rides", "--reason", "harm").out
    )
    assert (
        "rides@shadow is rides@2 now (look)"
        in finished.must("deploy", "rides@2", "--shadow", "--reason", "look").out
    )
    assert (
        "the shadow ended" in finished.must("rollback", "rides", "--shadow", "--reason", "seen").out
    )
    finished.must("deploy", "rides@2", "--reason", "x")
    assert (
        "rides@live is rides@1 again" in finished.must("rollback", "rides", "--reason", "back").out
    )


def test_what_was_live_on_a_date(finished):
    """In words and for programs; before the first deployment nothing was."""
    finished.must("deploy", "rides@2", "--canary", "5%", "--reason", "look")
    then = finished.must("deployments", "rides", "--at", "2999-01-01")
    assert "rides@live was rides@1 on 2999-01-01 00:00 UTC, canary rides@2 5%" in then.out
    assert ": look" in then.out
    plain = finished.must("deployments", "rides", "--at", "2999-01-01", "--json").json
    assert ("rides@1", "rides@2", None) == (
        plain["live"]["name"],
        plain["canary"]["name"],
        plain["shadow"],
    )
    assert (
        "Nothing of rides was live on 2000-01-01"
        in finished.must("deployments", "rides", "--at", "2000-01-01").out
    )
    assert finished.must("deployments", "rides", "--at", "2000-01-01", "--json").json is None
    (first, *_) = Project.find(finished.root).deployments("rides")
    at = finished.must("deployments", "rides", "--at", first.at[:19], "--json").json
    assert at is None or "rides@1" == at["live"]["name"]


@pytest.mark.parametrize("share", ["5 %%", "x", "500%", "-1", "nan", ""])
def test_what_is_no_share_is_wrong_usage(finished, share):
    """With an example of one."""
    result = finished("deploy", "rides@2", f"--canary={share}", "--reason", "x")
    assert 2 == result.code
    assert "For example 5% or 0.05" in result.err


def test_what_cannot_be_is_said(finished):
    """No canary to promote, no such model, a share of nothing."""
    assert "no canary of rides is under way" in finished("promote", "rides", "--reason", "x").err
    assert "Did you mean 'rides'" in finished("deployments", "ridse").err
    assert 2 == finished("deploy", "rides@2", "--canary", "0%", "--reason", "x").code
    assert 2 == finished("deploy", "rides@2", "--canary", "5%").code


def test_a_rollback_of_a_canary_that_ended_takes_nothing_live_back(finished):
    """With --canary what is live stays; the same deployment again says that it was there."""
    finished.must("deploy", "rides@2", "--force", "--reason", "second")
    result = finished("rollback", "rides", "--canary", "--reason", "too late")
    assert 2 == result.code
    assert "no canary of rides is under way" in result.err
    finished.must("deploy", "rides@1", "--force", "--canary", "20%", "--reason", "a try")
    again = finished.must("deploy", "rides@1", "--force", "--canary", "20%", "--reason", "again")
    assert "was rides@1 already, with 20% of the requests: nothing was moved" in again.out
    ended = finished.must("rollback", "rides", "--canary", "--reason", "enough").out
    assert "rides@live is rides@2 still; the canary ended" in ended


def test_a_date_shows_its_first_moment_and_what_moved_that_day(finished):
    """What was live when the day began, and then each move."""
    finished.must("deploy", "rides@2", "--force", "--reason", "second")
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    found = finished.must("deployments", "rides", "--at", today).out
    assert "Nothing of rides was live on" in found
    assert "That day:" in found
    assert "second" in found


def test_what_waits_for_a_second_person_is_declined(finished, monkeypatch):
    """Listed with who asked; withdrawn by them, refused by another; the log says both."""
    assert "one person is enough here" in finished.must("proposals").out
    file = finished.root / "interplane.toml"
    file.write_text(file.read_text() + "\n[approval]\nsecond_person = true\n")
    assert "Nothing waits for a second person." in finished.must("proposals").out
    for who, word in (("ann", "withdrawn"), ("bob", "refused")):
        monkeypatch.setenv("INTERPLANE_ACTOR", "ann")
        assert 5 == finished("deploy", "rides@2", "--reason", "better").code
        (line,) = finished.must("proposals", "--json").json
        assert ("rides@2", "ann", "better") == (line["name"], line["actor"], line["reason"])
        assert "rides@2" in finished.must("proposals").out
        monkeypatch.setenv("INTERPLANE_ACTOR", who)
        said = finished.must("proposals", "decline", "rides@2", "--reason", "not yet").out
        assert f"rides@2 is {word} (not yet), by {who}; what is live stays\n" == said
        assert [] == finished.must("proposals", "--json").json
    assert 2 == finished("proposals", "decline", "rides@2", "--reason", "again").code
    log = Project.find(finished.root).store.catalog.moves("proposal/rides")
    assert ["better", "withdrawn: not yet"] == [move.reason for move in log][:2]
    assert "refused: not yet (asked for by ann: better)" == log[-1].reason
