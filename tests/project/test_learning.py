"""Learning on: in the order of what was known, judged before it is learned, each outcome once."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import learning_toy as toy

from interplane.errors import Fenced, UnknownName, UsageError
from interplane.models.model import Model
from interplane.project.config import ProjectConfig
from interplane.project.config_learning import LearnerConfig
from interplane.project.journal import open_journal
from interplane.project.learners import learn_all
from interplane.project.learning import Learning
from interplane.project.learning_place import Pending, Place
from interplane.project.prequential import Prequential
from interplane.project.project import Project
from interplane.record import Checkpoint
from interplane.storage.names import learner_pointer
from interplane.storage.verify import verify

TRIPS = toy.trips(400, toy.LIVE, first=10_000)


def forget(root):
    """Forget modules of a folder, as a new process would."""
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", "") or "").startswith(str(root)):
            del sys.modules[name]


@pytest.fixture(scope="session")
def _made(tmp_path_factory):
    root = tmp_path_factory.mktemp("learning") / "trips"
    toy.make(root)
    shutil.rmtree(root / "__pycache__", ignore_errors=True)
    return root


@pytest.fixture
def project(_made, tmp_path, monkeypatch):
    """A project with one crossing, a learner, that is live."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delenv("INTERPLANE_WORKSPACE", raising=False)
    forget(_made)
    root = tmp_path / "trips"
    shutil.copytree(_made, root, symlinks=True)
    yield Project.find(root)
    forget(root)


def last(project) -> Checkpoint:
    digest = project.store.catalog.pointer(learner_pointer("trips"))
    return project.store.record(digest, Checkpoint)


def bits(project) -> tuple:
    """Everything that a checkpoint keeps."""
    found = last(project)
    return found.model.digest, project.store.read(found.place)


def plainly(project, rows, *, after=timedelta(hours=2)):
    """The learner, and the score of each trip, by the words of the documentation."""
    model = project.model("trips@1")
    learner, features = model.learner(), model.features
    events = []
    for row in rows:
        events.append((row["began_at"] + after, 0, row))
        events.append((row["began_at"], 1, row))
    scores = {}
    for _, kind, row in sorted(events, key=lambda event: event[:2]):
        vector = features.vector({name: row[name] for name in ("miles", "night")})
        if any(value != value for value in vector):
            continue
        if kind == 1:
            scores[row["trip"]] = learner.predict_one(vector)
        else:
            learner.learn_one(vector, float(row["tipped"]))
    return learner, scores


def test_it_learns_what_came_true_in_the_order_of_time(project):
    """The same bits as by hand: score, wait for the outcome, judge, learn."""
    served = {entry.row["trip"]: entry.score for entry in toy.log(project, TRIPS)}
    toy.tell(project, TRIPS)
    done = project.learn("trips", now=toy.NOW)
    learner, scores = plainly(project, TRIPS)
    expected = Model(learner, features=project.model("trips@1").features)
    found = last(project)
    assert expected.digest == load(project, found).digest
    assert (len(scores), len(scores), found.learned) == (
        done.met["scored"],
        done.met["judged"],
        len(scores),
    )
    sums = Prequential(ranks=True, is_probability=True)
    for row in TRIPS:
        if row["trip"] in scores:
            sums.add(
                toy.micros(row["began_at"]),
                learner=scores[row["trip"]],
                served=served[row["trip"]],
                label=float(row["tipped"]),
            )
    total = done.standing.days[-1]
    assert ("total", len(scores)) == (total.day, total.rows)
    assert sums.figures()[-1].learner.roc_auc == total.learner.roc_auc
    assert sums.figures()[-1].learner.log_loss == pytest.approx(total.learner.log_loss, abs=1e-12)
    assert total.learner.log_loss < total.served.log_loss
    assert [each.day for each in done.standing.days] == ["2024-05-01", "2024-05-02", "total"]


def load(project, checkpoint):
    from interplane.project.crossings import load as load_artifact

    return load_artifact(project.store, checkpoint.model)


def test_nothing_new_writes_nothing(project):
    """An advance that finds nothing leaves the checkpoint as it was."""
    toy.log(project, TRIPS)
    toy.tell(project, TRIPS)
    Learning(project, "trips").advance(toy.NOW)
    before = project.store.catalog.pointer(learner_pointer("trips"))
    again = Learning(project, "trips").advance(toy.NOW)
    assert (0, 0, {}) == (again.checkpoints, again.learned, again.met)
    assert before == project.store.catalog.pointer(learner_pointer("trips"))


@pytest.mark.parametrize("chunk", [1_000_000, 50])
def test_however_it_is_cut_it_comes_to_the_same(project, chunk):
    """Hour by hour as time goes on, in small pieces or at once: the same learner, the same sums."""
    toy.log(project, TRIPS)
    toy.tell(project, TRIPS)
    begin, end = TRIPS[0]["began_at"], TRIPS[-1]["began_at"] + timedelta(hours=3)
    moment = begin
    while moment < end:
        moment += timedelta(hours=7)
        Learning(project, "trips", chunk=chunk, lateness_us=0).advance(moment)
    learner, scores = plainly(project, TRIPS)
    expected = Model(learner, features=project.model("trips@1").features)
    assert expected.digest == load(project, last(project)).digest
    assert len(scores) == last(project).counts["judged"]


def test_a_checkpoint_says_what_it_stands_on(project):
    """Parent, the one before, figures; and the whole workspace verifies."""
    toy.log(project, TRIPS[:200])
    toy.tell(project, TRIPS[:200])
    Learning(project, "trips").advance(toy.NOW)
    first = project.store.catalog.pointer(learner_pointer("trips"))
    toy.log(project, TRIPS[200:])
    toy.tell(project, TRIPS[200:])
    Learning(project, "trips").advance(toy.NOW)
    found = last(project)
    parent = project.crossing("trips@1").digest
    assert (parent, parent, first) == (found.parent, found.live, found.before)
    assert found.counts["learned"] == found.learned
    assert "total" in found.metrics
    moves = project.store.catalog.moves(learner_pointer("trips"))
    assert f"learned {found.learned:,} examples" == moves[-1].reason
    report = verify(project.store)
    assert (True, ()) == (report.is_sound, report.orphans)


def test_a_correction_is_counted_and_not_learned(project):
    """A learner cannot unlearn; nor does it learn one row twice."""
    toy.log(project, TRIPS)
    toy.tell(project, TRIPS)
    Learning(project, "trips").advance(toy.NOW)
    before = last(project).model.digest
    turned = [{**row, "tipped": not row["tipped"]} for row in TRIPS[:20]]
    toy.tell(project, turned, after=timedelta(hours=5))
    other = [
        {"id": toy.prediction_id(row["trip"]), "value": row["tipped"]}
        for row in TRIPS[21:40:2]  # the outcomes of these came by key
    ]
    project.add_outcomes("trips", other)
    null = {"key": {"trip": TRIPS[50]["trip"]}, "value": None}
    project.add_outcomes("trips", [null])
    done = Learning(project, "trips").advance(toy.NOW.replace(year=2100))
    assert {"corrections": 30, "taken_back": 1} == done.met
    assert before == last(project).model.digest


def test_a_null_is_no_label_and_what_comes_after_it_is(project):
    """Of a trip that was refunded nobody knows; later somebody does."""
    rows = [row for row in TRIPS[:60] if row["miles"] is not None]
    toy.log(project, rows)
    project.add_outcomes(
        "trips",
        [
            {"key": {"trip": row["trip"]}, "value": None, "known_at": row["began_at"].isoformat()}
            for row in rows
        ],
    )
    assert 0 == Learning(project, "trips").advance(toy.NOW).learned
    toy.tell(project, rows)
    assert len(rows) == Learning(project, "trips").advance(toy.NOW).learned


def test_outcomes_wait_for_their_prediction_and_for_their_time(project):
    """One that came first, and one that is known tomorrow only, are learned when it is time."""
    rows = [row for row in TRIPS[:60] if row["miles"] is not None]
    toy.log(project, rows[:10])
    toy.tell(project, rows)
    early = toy.NOW - timedelta(days=1)
    done = Learning(project, "trips").advance(early)
    assert (10, len(rows) - 10) == (done.learned, done.standing.waiting)
    toy.log(project, rows[10:])
    done = Learning(project, "trips").advance(early)
    # Their predictions turned up after the time of what was learned: they are learned, not judged.
    assert (len(rows) - 10, 0) == (done.learned, done.standing.waiting)
    assert {"learned": len(rows) - 10, "not_judged": len(rows) - 10} == done.met
    later = toy.trips(5, toy.NOW - timedelta(hours=1), first=20_001)
    later = [row for row in later if row["miles"] is not None]
    toy.log(project, later)
    toy.tell(project, later, after=timedelta(hours=2))
    assert 0 == Learning(project, "trips").advance(toy.NOW).learned
    done = Learning(project, "trips").advance(toy.NOW + timedelta(hours=4))
    assert (len(later), len(later)) == (done.learned, done.met["judged"])


def test_predictions_from_before_the_learner_are_not_learned(project):
    """What the parent did not answer may be among the rows that it was trained on."""
    rows = [row for row in TRIPS[:60] if row["miles"] is not None]
    made = toy.entries(project, rows[:10])
    from interplane.predictions.writer import SegmentWriter
    from interplane.project.predictions import log_folder

    with SegmentWriter(log_folder(project), name="older") as writer:
        writer.append([msgspec.structs.replace(entry, crossing="a" * 64) for entry in made])
    toy.tell(project, rows)
    assert 0 == Learning(project, "trips").advance(toy.NOW).checkpoints
    toy.log(project, rows[10:])
    done = Learning(project, "trips").advance(toy.NOW)
    assert (len(rows) - 10, 10) == (done.learned, done.met["earlier"])


def test_a_pipeline_publishes_what_was_learned(project):
    """Taken as an input, evaluated beside the champion, gated, deployed; the learner goes on."""
    toy.log(project, TRIPS)
    toy.tell(project, TRIPS)
    plan = project.plan("trips")
    assert {"reuse"} == {step.action for step in plan.steps.values()} - {"run", "wait"}
    before = project.run()
    Learning(project, "trips").advance(toy.LIVE + timedelta(hours=1))
    assert 0 == last(project).learned < last(project).counts["scored"]
    assert {"reused"} == set(project.run().steps.values())
    Learning(project, "trips").advance(toy.NOW)
    outcome = project.run()
    assert "run" == outcome.plan.steps["model"].action
    assert "examples instead of nothing learned" in outcome.plan.steps["model"].because
    assert {"reused"} == set(project.run().steps.values())
    found = project.crossing("trips@2").crossing
    assert last(project).model.digest == found.model.digest
    assert found.steps["model"].inputs["snapshot"] == found.model.digest
    assert project.crossing("trips@1").digest == found.champion
    assert before.published[0].crossing == project.crossing("trips@1").digest
    evaluation = outcome.artifact("evaluation")
    assert "roc_auc 0.8" in evaluation.summary
    project.deploy("trips@2", reason="it follows the world")
    more = toy.trips(100, TRIPS[-1]["began_at"] + timedelta(hours=5), first=30_000)
    toy.log(project, more)
    toy.tell(project, more)
    done = Learning(project, "trips").advance(toy.NOW)
    assert last(project).parent == project.crossing("trips@1").digest
    assert last(project).live == project.crossing("trips@2").digest
    assert done.standing.learned == done.learned + 390 > 390


def test_another_live_crossing_begins_another_learner(project):
    """One that was not made of what this one learned."""
    toy.log(project, TRIPS)
    toy.tell(project, TRIPS)
    Learning(project, "trips").advance(toy.NOW)
    text = (project.root / "trips.py").read_text()
    text = text.replace("if snapshot is not None:", "if False:").replace("eta0=0.05", "eta0=0.01")
    (project.root / "trips.py").write_text(text)
    forget(project.root)
    project.run()
    project.deploy("trips@2", reason="trained anew")
    assert ("trips@2", None, 0) == (
        Learning(project, "trips").standing().parent,
        Learning(project, "trips").standing().checkpoint,
        Learning(project, "trips").advance(toy.NOW).checkpoints,
    )
    more = toy.trips(100, TRIPS[-1]["began_at"] + timedelta(hours=5), first=30_000)
    toy.log(project, more)
    toy.tell(project, [*TRIPS[:10], *more])
    done = Learning(project, "trips").advance(toy.NOW)
    known = sum(row["miles"] is not None for row in more)
    assert (known, None, "trips@2") == (done.learned, last(project).before, done.standing.parent)
    project.rollback("trips", reason="that one was worse")
    assert "trips@1" == Learning(project, "trips").standing().parent


def test_a_model_that_is_no_learner_is_refused(project):
    """Naming the crossing, and what to make."""
    with pytest.raises(UnknownName, match="Did you mean 'trips'"):
        Learning(project, "trip").advance(toy.NOW)
    text = (project.root / "trips.py").read_text()
    text = text.replace(
        "    learner = ip.learner(",
        "    return ip.Model(ip.FeatureScore('night'), features=frozen)\n    learner = ip.learner(",
    )
    (project.root / "trips.py").write_text(text)
    forget(project.root)
    project.run(least=0.0)
    project.deploy("trips@2", reason="a baseline")
    with pytest.raises(UsageError, match=r"trips@2: a model of the flavor 'feature' learns no"):
        Learning(project, "trips").advance(toy.NOW)


def test_two_at_once_write_once(project):
    """Who comes second is refused by the catalog; nothing is learned twice."""
    toy.log(project, TRIPS)
    toy.tell(project, TRIPS)

    class Slow(Learning):
        def _write(self, at):
            if not getattr(self, "done", False):
                self.done = True
                Learning(project, "trips").advance(toy.NOW)
            super()._write(at)

    with pytest.raises(Fenced):
        Slow(project, "trips", chunk=100).advance(toy.NOW)
    assert 390 == last(project).learned
    assert 0 == Learning(project, "trips").advance(toy.NOW).learned


@pytest.mark.parametrize("after", [False, True])
def test_stopped_at_any_checkpoint_it_goes_on(project, after):
    """Just before each write, and just after it: the next one comes to the same bits."""
    toy.log(project, TRIPS)
    toy.tell(project, TRIPS)
    disturbed = project.root.parent / "disturbed"
    shutil.copytree(project.root, disturbed, symlinks=True)
    whole = Learning(project, "trips", chunk=100).advance(toy.NOW)
    assert whole.checkpoints > 5

    class Stopped(Exception):
        pass

    class Stops(Learning):
        def __init__(self, project, *, at):
            super().__init__(project, "trips", chunk=100)
            self.left = at

        def _write(self, at):
            self.left -= 1
            if self.left < 0 and not after:
                raise Stopped
            super()._write(at)
            if self.left < 0:
                raise Stopped

    again = Project.find(disturbed)
    for number in range(whole.checkpoints + 1):
        try:
            Stops(again, at=number % 3).advance(toy.NOW)
        except Stopped:
            continue
        break
    else:
        Learning(again, "trips", chunk=100).advance(toy.NOW)
    assert bits(project) == bits(again)
    assert last(project) == last(again)


def test_whatever_comes_when_each_is_learned_once(project):
    """Predictions and outcomes that come in any order, late, twice, corrected, between advances."""
    draw = random.Random(int(os.environ.get("INTERPLANE_FUZZ_SEED", "11")))
    rows = [row for row in TRIPS[:160] if row["miles"] is not None]
    toy.log(project, rows[:1])
    steps = [("log", row) for row in rows[1:]] + [("tell", row) for row in rows]
    steps += [("tell", draw.choice(rows)) for _ in range(40)]
    steps += [("turn", draw.choice(rows)) for _ in range(20)]
    draw.shuffle(steps)
    first: dict[str, bool] = {}
    moment, learned = toy.LIVE, 0
    for begin in range(0, len(steps), 40):
        some = steps[begin : begin + 40]
        toy.log(project, [row for what, row in some if what == "log"])
        for what, row in some:
            if what != "log":
                said = {**row, "tipped": row["tipped"] is not (what == "turn")}
                toy.tell(project, [said], after=timedelta(minutes=draw.randrange(300)))
                first.setdefault(row["trip"], said["tipped"])
        moment += timedelta(hours=draw.randrange(12))
        done = Learning(project, "trips", chunk=draw.choice([7, 1000])).advance(moment)
        learned += done.learned
    learned += Learning(project, "trips").advance(toy.NOW).learned
    found = last(project)
    assert len(rows) == len(first) == learned == found.learned
    assert 0 == Learning(project, "trips").standing().waiting
    assert found.counts["judged"] + found.counts["not_judged"] == learned
    assert found.counts["scored"] + found.counts.get("late", 0) <= len(rows)


@pytest.mark.crash
def test_killed_anywhere_it_learns_each_outcome_once(project):
    """The state after any number of kills is that of an undisturbed run, bit for bit."""
    toy.log(project, TRIPS)
    toy.tell(project, TRIPS)
    disturbed = project.root.parent / "disturbed"
    shutil.copytree(project.root, disturbed, symlinks=True)
    Learning(project, "trips", chunk=40).advance(toy.NOW)
    draw = random.Random(int(os.environ.get("INTERPLANE_FUZZ_SEED", "7")))
    kills = 0
    for attempt in range(40):
        with subprocess.Popen(
            [sys.executable, toy.__file__, str(disturbed), "40"],
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert "begun\n" == process.stdout.readline()
            if attempt < 6:
                time.sleep(draw.uniform(0.2, 1.2))
                process.send_signal(signal.SIGKILL)
            if process.wait(timeout=100) == 0:
                break
            kills += 1
    again = Project.find(disturbed)
    assert kills
    assert bits(project) == bits(again)
    assert last(project) == last(again)


# ---- the pieces ---------------------------------------------------------------------------


def test_scores_that_wait_are_bounded(monkeypatch):
    """Beyond the bound a share that a hash chooses is judged; what waited too long goes."""
    monkeypatch.setattr("interplane.project.learning_place.MOST_PENDING", 100)
    pending = Pending()
    for number in range(1000):
        pending.put(f"{number:032x}", number, 0.5)
        assert len(pending.scores) <= 100
    assert pending.depth >= 3
    kept = [int(id_, 16) for id_ in pending.scores]
    assert min(kept) < 200 < 800 < max(kept)
    pending.forget(500)
    assert all(time_us >= 500 for time_us, _ in pending.scores.values())
    assert 0.5 == pending.take(next(iter(pending.scores)))
    assert None is pending.take("f" * 32)


def test_a_place_reads_back_as_it_was():
    """Scores keep their bits and their order."""
    place = Place(
        begin_us=5,
        at_us=7,
        waiting=[3, 4],
        pending=Pending(scores={"b": (1, 0.1 + 0.2), "a": (2, 1e-300)}),
        prequential=Prequential(ranks=True, is_probability=True),
    )
    place.prequential.add(86_400_000_000, learner=0.3, served=0.7, label=1.0)
    again = Place.from_bytes(place.to_bytes())
    assert place == again
    assert ["b", "a"] == list(again.pending.scores)


def test_figures_are_those_of_scikit_learn():
    """The log loss and the error exactly; the area within the width of a bin."""
    from sklearn.metrics import log_loss, mean_absolute_error, roc_auc_score

    draw = random.Random(0)
    rows = [(draw.random() < 0.1, min(max(draw.gauss(0.1, 0.05), 1e-6), 1)) for _ in range(2000)]
    rows = [(label, min(score + 0.03 * label, 1.0)) for label, score in rows]
    sums = Prequential(ranks=True, is_probability=True)
    for number, (label, score) in enumerate(rows):
        sums.add(number * 10**9, learner=score, served=0.5, label=float(label))
    [*days, total] = sums.figures()
    labels, scores = zip(*rows, strict=True)
    assert log_loss(labels, scores) == pytest.approx(total.learner.log_loss, rel=1e-9)
    assert mean_absolute_error(labels, scores) == pytest.approx(total.learner.mae, rel=1e-9)
    assert roc_auc_score(labels, scores) == pytest.approx(total.learner.roc_auc, abs=5e-3)
    assert 0.5 == total.served.roc_auc
    assert sum(day.rows for day in days) == total.rows == 2000
    assert sorted(day.day for day in days) == [day.day for day in days]


def test_figures_of_values_have_no_classes():
    """Errors only; days beyond the bound are in the total alone."""
    sums = Prequential(ranks=False, is_probability=False)
    for day in range(100):
        sums.add(day * 86_400_000_000, learner=2.0, served=5.0, label=3.0)
    sums.add(0, learner=2.0, served=5.0, label=3.0)
    [*days, total] = sums.figures()
    assert (60, 101) == (len(days), total.rows)
    assert (1.0, 1.0, None, None) == (
        total.learner.mae,
        total.learner.rmse,
        total.learner.log_loss,
        total.learner.roc_auc,
    )
    assert 2.0 == total.served.mae


def test_a_pass_advances_those_whose_time_has_come(project):
    """Each checkpoint starts one run; one that fails keeps no other from learning."""
    learners = (
        LearnerConfig(model="nothing"),
        LearnerConfig(model="trips", every="1h", then=_action()),
    )
    config = ProjectConfig(name="trips", pipelines=("trips:pipeline",), learner=learners)
    project = Project(project.root, config, actor="keeper")
    toy.log(project, TRIPS)
    toy.tell(project, TRIPS)
    with pytest.raises(UnknownName, match="there is no model 'nothing'"):
        learn_all(project, toy.NOW)
    assert 390 == last(project).learned
    checkpoint = project.store.catalog.pointer(learner_pointer("trips"))
    journal = open_journal(project)
    try:
        [firing] = journal.firings()
        assert ("learner-trips", checkpoint) == (firing.trigger, firing.key)
        assert ("trips", "waiting") == (firing.action.run, firing.state)
        assert [] == learn_all(project, toy.NOW + timedelta(minutes=59))
        [again] = learn_all(
            Project(project.root, msgspec.structs.replace(config, learner=learners[1:])),
            toy.NOW + timedelta(hours=1),
        )
        assert (0, "trips") == (again.advance.checkpoints, again.model)
        assert [firing] == list(journal.firings())
    finally:
        journal.close()


def _action():
    from interplane.monitoring.rules import Action

    return Action(run="trips")
