"""A pipeline whose champion goes on: its trees, in its features, on newer rows; keys tell it apart."""

from __future__ import annotations

import random
import sys

import pytest

from interplane.errors import StepFailed
from interplane.models.lightgbm_text import read_model_text
from interplane.project.project import Project

PIPELINE = '''\
import lightgbm
import numpy as np

import interplane as ip

trips = ip.dataset("trips")


@ip.features(label="tipped", key=["trip"])
def trip_features(trip):
    return {"miles": ip.standardize(trip.miles), "night": ip.if_else(trip.night, 1.0, 0.0)}


pipeline = ip.Pipeline("trips", inputs={"trips": trips, "champion": ip.live("trips")})


@pipeline.step(outputs=("train", "test"))
def split(trips: ip.Table):
    return (
        trips.sql("FROM self WHERE trip % 3 > 0 ORDER BY trip"),
        trips.sql("FROM self WHERE trip % 3 = 0 ORDER BY trip"),
    )


@pipeline.step
def model(train: ip.Table, champion, *, trees: int = 8) -> ip.Model:
    """The champion's trees and some more; the first time, features and trees of its own."""
    frozen = champion.features if champion else trip_features.fit(train)
    label = np.asarray(train.column("tipped"), dtype=float)
    data = lightgbm.Dataset(frozen.matrix(train), label, feature_name=list(frozen.names))
    start = champion.warm_start() if champion else None
    settings = ip.lightgbm_params(objective="binary", num_leaves=5, num_threads=1)
    grown = lightgbm.train(settings, data, num_boost_round=trees, init_model=start)
    return ip.Model(grown, features=frozen)


@pipeline.step
def evaluation(model: ip.Model, test: ip.Table, champion) -> ip.Evaluation:
    return ip.evaluate(model, test, against=champion, metrics=["roc_auc"], resamples=100)


@pipeline.gate
def good_enough(evaluation: ip.Evaluation):
    return [evaluation["roc_auc"].at_least(0.5)]


pipeline.publish(
    "trips", model="model", evaluation="evaluation", gate="good_enough", rows="test", train="train"
)
'''


def trips_csv(seed, count=600):
    """Made-up trips."""
    draw = random.Random(seed)
    lines = ["trip,miles,night,tipped"]
    for number in range(count):
        miles, night = draw.lognormvariate(1.0, 0.6) + seed, draw.random() < 0.3
        tipped = draw.random() < min(0.95, 0.1 + 0.1 * (miles - seed) + 0.3 * night)
        lines.append(f"{number},{miles:.3f},{str(night).lower()},{str(tipped).lower()}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with data."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delenv("INTERPLANE_WORKSPACE", raising=False)
    (tmp_path / "warm_trips.py").write_text(PIPELINE)
    (tmp_path / "trips.csv").write_text(trips_csv(0))
    (tmp_path / "interplane.toml").write_text(
        'name = "trips"\npipelines = ["warm_trips:pipeline"]\n[run]\nworkers = 1\n'
    )
    found = Project.find(tmp_path)
    found.add("trips", tmp_path / "trips.csv")
    yield found
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", "") or "").startswith(str(tmp_path)):
            del sys.modules[name]


def trees(project, ref):
    return read_model_text(project.model(ref).files["model.txt"]).trees


def test_a_run_grows_the_champion(project):
    """The champion is in the key: the same run is reused until another one is live."""
    project.run()
    assert {"reused"} == set(project.run().steps.values())
    project.deploy("trips@1", reason="the first")
    assert ("trips@1 instead of no live model",) == project.plan().steps["model"].reasons
    (project.root / "trips.csv").write_text(trips_csv(1))
    project.add("trips", project.root / "trips.csv")
    project.run()
    first, second = (project.crossing(f"trips@{number}").crossing for number in (1, 2))
    assert first.model.digest == second.steps["model"].inputs["champion"]
    assert (8, 16) == (trees(project, "trips@1"), trees(project, "trips@2"))
    assert first.frozen.digest == second.frozen.digest
    assert project.crossing("trips@1").digest == second.champion
    assert {"reused"} == set(project.run().steps.values())
    project.deploy("trips@2", reason="it has grown")
    project.run(trees=4)
    assert 20 == trees(project, "trips@3")
    project.rollback("trips", reason="too large")
    again = project.run()
    assert {"reused"} == set(again.steps.values())
    assert project.crossing("trips@2").digest == again.published[0].crossing


def test_other_features_stop_the_run(project):
    """Trees of the champion under features of another fit are refused where the model is made."""
    project.run()
    project.deploy("trips@1", reason="the first")
    (project.root / "trips.csv").write_text(trips_csv(1))
    project.add("trips", project.root / "trips.csv")
    text = PIPELINE.replace("champion.features if champion else trip_features", "trip_features")
    (project.root / "warm_trips.py").write_text(text)
    del sys.modules["warm_trips"]
    with pytest.raises(StepFailed, match=r"goes on with 8 trees that were grown in the features"):
        project.run()
