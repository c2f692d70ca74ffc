"""``interplane learn``: what was learned, how it did, and where it stands."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from interplane.predictions.entry import Entry
from interplane.predictions.writer import SegmentWriter
from interplane.project.predictions import log_folder
from interplane.project.project import Project

LEARNER = '''\
"""Which rides will be long? A learner goes on with what came true."""

from river import linear_model, preprocessing

import interplane as ip

rides = ip.dataset("rides", schema="schemas/rides.toml")


@ip.features(label="long", time="began_at", key=["ride"])
def ride_features(ride):
    return {"miles": ip.coalesce(ride.miles, 0.0), "card": ip.one_hot(ride.payment)}


pipeline = ip.Pipeline("rides", inputs={"rides": rides, "snapshot": ip.learned("rides")})


@pipeline.step
def train(rides: ip.Table):
    return rides.sql("FROM self ORDER BY ride")


@pipeline.step
def model(train: ip.Table, snapshot) -> ip.Model:
    if snapshot is not None:
        return snapshot
    frozen, x, y = ride_features.fit_transform(train)
    estimator = preprocessing.StandardScaler() | linear_model.LogisticRegression()
    learner = ip.learner(estimator, features=frozen)
    learner.learn_many(x, y)
    return ip.Model(learner, features=frozen)


@pipeline.step
def evaluation(model: ip.Model, train: ip.Table) -> ip.Evaluation:
    return ip.evaluate(model, train, metrics=["roc_auc"], seen="allow")


@pipeline.gate
def good_enough(evaluation: ip.Evaluation):
    return [evaluation["roc_auc"].at_least(0.1)]


pipeline.publish(
    "rides", model="model", evaluation="evaluation", gate="good_enough", rows="train", train="train"
)
'''

BEGAN = datetime(2024, 2, 1, tzinfo=UTC)


@pytest.fixture
def learning(finished):
    """A project whose live crossing learns on, with 60 predictions and what came true of 40."""
    finished.write("rides.py", LEARNER)
    finished.must("run")
    finished.must("deploy", "rides@latest", "--reason", "it learns on")
    project = Project.find(finished.root)
    crossing, draw = project.crossing("rides@live").digest, random.Random(3)
    entries, lines = [], ["ride,long,known_at"]
    for number in range(60):
        began = BEGAN + timedelta(hours=number)
        time_us = int(began.timestamp()) * 1_000_000
        ride, miles = f"n{number}", draw.uniform(0, 5)
        row = {"ride": ride, "began_at": began.isoformat(), "miles": miles, "payment": "card"}
        entries.append(
            Entry(f"{number:032x}", "rides", crossing, time_us, time_us, score=0.4, row=row)
        )
        if number < 40:
            known = (began + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
            lines.append(f"{ride},{str(miles > 2).lower()},{known}")
    with SegmentWriter(log_folder(project), name="test") as writer:
        writer.append(entries)
    finished.write("long.csv", "\n".join(lines) + "\n")
    added = ("--key", "ride", "--value", "long", "--known-at", "known_at")
    finished.must("labels", "add", "long.csv", "--model", "rides", *added)
    return finished


def test_it_learns_and_says_how_it_did(learning):
    """Before anything was learned, then what was, then that nothing is new."""
    assert "has learned nothing since it is live" in learning.must("learn", "rides", "--show").out
    done = learning.must("learn", "rides")
    assert "       40  examples learned" in done.out
    assert "       60  predictions scored" in done.out
    assert "rides: 40 examples learned since rides@3; checkpoint " in done.out
    assert "20 scores wait for their outcomes, 0 outcomes for their predictions" in done.out
    assert "day          rows   log_loss   served   roc_auc   served" in done.out
    assert ["2024-02-01", "2024-02-02", "total"] == [
        line.split()[0] for line in done.out.splitlines() if line.startswith(("2024", "total"))
    ]
    assert max(map(len, done.out.splitlines())) <= 80
    again = learning.must("learn", "rides")
    assert again.out.startswith("Nothing new to learn.\nrides: 40 examples learned")
    assert again.out.partition("\n")[2] == learning.must("learn", "rides", "--show").out


def test_programs_read_json(learning):
    """The whole of it, and where it stands alone."""
    done = learning.must("learn", "rides", "--json").json
    assert (40, 1) == (done["learned"], done["checkpoints"])
    assert {"scored": 60, "judged": 40, "learned": 40} == done["met"]
    assert "total" == done["standing"]["days"][-1]["day"]
    assert done["standing"] == learning.must("learn", "rides", "--show", "--json").json


def test_a_run_takes_what_was_learned(learning):
    """The next crossing is what was learned; the gate and the record are as for any other."""
    learning.must("learn", "rides")
    assert "rides after 40 examples instead of nothing learned" in learning.must("plan").out
    learning.must("run")
    shown = learning.must("show", "rides@4", "--json").json
    standing = learning.must("learn", "rides", "--show", "--json").json
    assert 40 == standing["learned"]
    assert "linear, 3 features" in str(shown)
    learning.must("verify")


def test_a_model_that_does_not_learn_says_so(finished):
    """With what to make instead."""
    refused = finished("learn", "rides")
    assert 2 == refused.code
    assert "learns no further examples" in refused.err
    assert "interplane.learner" in refused.err
    assert 2 == finished("learn", "ride").code


def test_learners_stand_in_the_project_file(finished):
    """What is wrong there is said with its place."""
    text = (finished.root / "interplane.toml").read_text()
    for line, said in (
        ('model = "rides"\nevry = "1h"', "there is no setting 'evry'"),
        ('model = "rides"\nevery = "soon"', "every is 'soon'"),
        ('every = "1h"', "model is None"),
        ('model = "rides"\n[[learner]]\nmodel = "rides"', "two learners are of the model 'rides'"),
        ('model = "rides"\nthen = 3', "then is 3"),
    ):
        finished.write("interplane.toml", f"{text}\n[[learner]]\n{line}\n")
        refused = finished("models")
        assert (2, True) == (refused.code, said in refused.err), refused
    finished.write(
        "interplane.toml",
        f'{text}\n[[learner]]\nmodel = "rides"\nevery = "30m"\nthen = "run:rides"\n',
    )
    finished.must("models")
    [learner] = Project.find(finished.root).config.learner
    assert (1800.0, "rides", "0s") == (learner.every_s, learner.then.run, learner.then.debounce)


def test_whoever_keeps_the_project_learns_and_starts_the_run(learning):
    """One turn: outcomes are learned, and the checkpoint starts the run that publishes it, once."""
    text = (learning.root / "interplane.toml").read_text()
    table = '[[learner]]\nmodel = "rides"\nevery = "1h"\nthen = "run:rides"\n'
    learning.write("interplane.toml", f"{text}\n{table}")
    for _ in range(2):
        done = learning.process("up", "--once", "--no-serve")
        assert 0 == done.code, done
    assert 40 == learning.must("learn", "rides", "--show", "--json").json["learned"]
    runs = learning.must("runs", "--json").json
    started = [run for run in runs if "trigger:learner-rides" in str(run)]
    assert 1 == len(started)
    assert "rides@4" in learning.must("models").out
