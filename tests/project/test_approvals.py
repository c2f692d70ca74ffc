"""What is live takes two people where the project file says so: asked for, confirmed, on record."""

import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from test_deployment import CLOSED, Trips

from interplane.errors import ConfigError, Fenced, GateClosed, Unconfirmed, UsageError
from interplane.project.approvals import decline, find_proposal, proposals
from interplane.project.config import read_config
from interplane.project.config_approval import ApprovalConfig, read_approval
from interplane.project.deployment import deploy, promote, rollback
from interplane.project.rollouts import deployments

TWO = ApprovalConfig(second_person=True)


class Two(Trips):
    """A workspace in which two people have to agree."""

    def do(self, what, actor, *words, **options):
        """Do something in somebody's name."""
        writer = self.store.catalog.writer(actor)
        return what(self.store, *words, reason="why", writer=writer, approval=TWO, **options)

    def ask(self, what, actor, *words, **options):
        """Do something, which only asks for it; return who did, by the error."""
        before = self.now
        with pytest.raises(Unconfirmed) as caught:
            self.do(what, actor, *words, **options)
        assert before == self.now
        return caught.value.details["asked_by"]

    @property
    def proposal(self):
        """Who asked for which number."""
        found = find_proposal(self.store, "trips", TWO)
        return None if found is None else (found.actor, self.made.index(found.crossing) + 1)


@pytest.fixture
def trips():
    """Three crossings, the first of which is live."""
    made = Two()
    for _ in range(3):
        made.record()
    made.deploy(1, "the first")
    return made


def test_one_asks_and_another_confirms(trips):
    """Both stand on record, in the log and in the reason."""
    assert "ann" == trips.ask(deploy, "ann", "trips@2")
    assert ("ann", 2) == trips.proposal
    assert "ann" == trips.ask(deploy, "ann", "trips@2")  # however often one says it
    trips.do(deploy, "bob", "trips@2")
    assert (2, None, None, 0.0) == trips.now
    assert trips.proposal is None
    line = deployments(trips.store, "trips")[-1]
    assert ("bob", "why (asked for by ann: why)") == (line.actor, line.reason)
    log = trips.store.catalog.moves("proposal/trips")
    assert ["ann", "bob"] == [move.actor for move in log]
    assert 2 == len(deployments(trips.store, "trips"))


def test_promoting_and_rolling_back_take_two(trips):
    """So does going back; beginning and ending a canary or a shadow leave what is live."""
    trips.do(deploy, "ann", "trips@2", canary=0.1)
    trips.do(deploy, "ann", "trips@3", shadow=True)
    trips.do(rollback, "ann", "trips", shadow=True)
    assert "ann" == trips.ask(promote, "ann", "trips")
    trips.do(promote, "bob", "trips")
    assert (2, None, None, 0.0) == trips.now
    assert "bob" == trips.ask(rollback, "bob", "trips")
    trips.do(rollback, "ann", "trips")
    assert (1, None, None, 0.0) == trips.now
    trips.do(deploy, "ann", "trips@3", canary=0.5)
    trips.do(rollback, "ann", "trips")
    assert (1, None, None, 0.0) == trips.now


def test_another_wish_confirms_nothing(trips):
    """Who wants something else asks for that instead."""
    trips.ask(deploy, "ann", "trips@2")
    assert "bob" == trips.ask(deploy, "bob", "trips@3")
    assert ("bob", 3) == trips.proposal
    trips.do(deploy, "ann", "trips@3")
    assert (3, None, None, 0.0) == trips.now


def test_what_was_asked_for_does_not_outlive_what_was_live(trips):
    """Nor its time."""
    trips.ask(deploy, "ann", "trips@2")
    trips.deploy(3, "where one person was enough")
    assert trips.proposal is None
    assert "bob" == trips.ask(deploy, "bob", "trips@2")
    assert ("bob", 2) == trips.proposal
    assert find_proposal(trips.store, "trips", ApprovalConfig(within="0s")) is None


def test_a_program_is_nobodys_second_person(trips):
    """What decides about canaries may ask; a person confirms it."""
    trips.do(deploy, "ann", "trips@2", canary=0.1)
    assert "ann" == trips.ask(promote, "ann", "trips")
    assert "ann" == trips.ask(promote, "canary", "trips", is_person=False)
    trips.do(rollback, "ann", "trips")
    trips.do(deploy, "ann", "trips@3", canary=0.1)
    assert "canary" == trips.ask(promote, "canary", "trips", is_person=False)
    trips.do(promote, "ann", "trips")
    assert (3, None, None, 0.0) == trips.now


def test_a_canary_that_is_as_good_as_live_is_refused(trips):
    """One person may give it half."""
    with pytest.raises(UsageError, match="two people"):
        trips.do(deploy, "ann", "trips@2", canary=0.51)
    trips.do(deploy, "ann", "trips@2", canary=0.5)


def test_gates_are_asked_of_both(trips):
    """What is closed stays closed to who confirms, too, unless they force it themselves."""
    trips.record(verdict=CLOSED)
    assert "ann" == trips.ask(deploy, "ann", "trips@4", force=True)
    with pytest.raises(GateClosed, match="is closed"):
        trips.do(deploy, "bob", "trips@4")
    trips.do(deploy, "bob", "trips@4", force=True)
    assert (4, None, None, 0.0) == trips.now


def test_who_asked_withdraws_it(trips):
    """Nothing is live by it; the log says so, and it may be asked for again."""
    trips.ask(deploy, "ann", "trips@2")
    assert ["trips"] == list(proposals(trips.store, TWO))
    found, word = trips.do(decline, "ann", "trips@2")
    assert ("trips@2", "withdrawn") == (found.name, word)
    assert (None, {}) == (trips.proposal, proposals(trips.store, TWO))
    last = trips.store.catalog.moves("proposal/trips")[-1]
    assert ("ann", None, "withdrawn: why") == (last.actor, last.target, last.reason)
    assert "bob" == trips.ask(deploy, "bob", "trips@2")
    assert (1, None, None, 0.0) == trips.now


def test_another_refuses_it(trips):
    """Under their own name, with who had asked and why."""
    trips.ask(deploy, "ann", "trips@2")
    assert "refused" == trips.do(decline, "bob", "trips@2")[1]
    last = trips.store.catalog.moves("proposal/trips")[-1]
    assert ("bob", "refused: why (asked for by ann: why)") == (last.actor, last.reason)
    assert "ann" == trips.ask(deploy, "ann", "trips@2")
    assert ("ann", 2) == trips.proposal


def test_what_is_not_asked_for_cannot_be_declined(trips):
    """Nothing, something else, what is too old; and never without a reason."""
    with pytest.raises(UsageError, match=r"trips@2 is not asked to be live; nothing of trips is"):
        trips.do(decline, "ann", "trips@2")
    trips.ask(deploy, "ann", "trips@2")
    with pytest.raises(UsageError, match=r"trips@3 is not asked to be live; trips@2 of trips is"):
        trips.do(decline, "ann", "trips@3")
    writer = trips.store.catalog.writer("bob")
    old = ApprovalConfig(second_person=True, within="0s")
    with pytest.raises(UsageError, match="not asked"):
        decline(trips.store, "trips@2", approval=old, reason="why", writer=writer)
    with pytest.raises(UsageError, match="without a reason"):
        decline(trips.store, "trips@2", approval=TWO, reason=" ", writer=writer)
    assert ("ann", 2) == trips.proposal


@pytest.mark.parametrize("turn", range(8))
def test_of_agreeing_and_refusing_at_once_one_happens(trips, turn):
    """The other is told so; what is live and the log are of one mind."""
    trips.ask(deploy, "ann", "trips@2")
    start, came = threading.Barrier(3), {}

    def do(what, actor):
        start.wait()
        try:
            trips.do(what, actor, "trips@2")
        except (Fenced, UsageError, Unconfirmed) as error:
            came[actor] = error
        else:
            came[actor] = "done"

    doing = [("bob", deploy), ("cid", decline), ("ann", decline)]
    threads = [threading.Thread(target=do, args=(what, actor)) for actor, what in doing]
    for each in threads[turn % 3 :] + threads[: turn % 3]:
        each.start()
    for each in threads:
        each.join()
    done = [actor for actor, word in came.items() if word == "done"]
    log = trips.store.catalog.moves("proposal/trips")
    assert 3 == len(came)
    if done == ["bob"]:
        assert (2, None, None, 0.0) == trips.now
    else:  # it was declined first: who agreed then was told, or asked for it anew
        assert (1, None, None, 0.0) == trips.now
        assert set(done) <= {"ann", "cid"}
        assert isinstance(came["bob"], (Fenced, Unconfirmed))
        assert ("bob", 2) == trips.proposal or trips.proposal is None
    assert set(done) <= {move.actor for move in log}


def test_a_program_takes_a_no(trips):
    """It asks again only for another canary, or beside another live crossing; a person may."""
    trips.do(deploy, "ann", "trips@2", canary=0.1)
    trips.ask(promote, "canary", "trips", is_person=False)
    trips.do(decline, "bob", "trips@2")
    assert "bob" == trips.ask(promote, "canary", "trips", is_person=False)
    assert trips.proposal is None
    assert "ann" == trips.ask(promote, "ann", "trips")
    trips.do(decline, "ann", "trips@2")
    trips.do(rollback, "ann", "trips")
    trips.do(deploy, "ann", "trips@2", canary=0.1)
    assert "canary" == trips.ask(promote, "canary", "trips", is_person=False)
    assert ("canary", 2) == trips.proposal


def test_the_section(tmp_path):
    """Is read; what makes no sense is refused with its place."""
    path = tmp_path / "interplane.toml"
    path.write_text('name = "p"\n[approval]\nsecond_person = true\nwithin = "2h"\n')
    assert 7200.0 == read_config(path).approval.within_s
    for plain, why in (
        (5, "approval is 5"),
        ({"second": True}, r"no setting approval\.second"),
        ({"second_person": "yes"}, "approval"),
        ({"within": "soon"}, r"approval\.within is 'soon'"),
        ({"canary_up_to": 2}, r"approval\.canary_up_to is"),
    ):
        with pytest.raises(ConfigError, match=why):
            read_approval(plain, place="interplane.toml")
