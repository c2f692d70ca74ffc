"""Frozen features that were stored before: they are read, and keep their name."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

from interplane.data.table import Table
from interplane.features import encodings as ip
from interplane.features.definition import features
from interplane.features.frozen import Frozen
from interplane.features.training import Stage, Training

FIRST = Path(__file__).parent / "forms" / "frozen-1.json"
"""Written before a fit told its stages and remembered its rows."""

DIGEST = "269c487ce3869a2e0f02d2ff0ee6bd56af5c1a7e508977ef4e35271e8fd02172"

FLIGHTS = {
    "id": [1, 2, 3, 4],
    "x": [1.0, 2.0, 4.0, None],
    "city": ["A", "A", "B", None],
    "late": [True, False, True, False],
    "at": [dt.datetime(2013, 1, day) for day in (1, 2, 3, 4)],  # noqa: DTZ001  UTC
}


@features(label="late", time="at", key=["id"])
def flight_features(row):
    """What the first form was fitted from."""
    return {
        "z": ip.standardize(row.x),
        "by": row.x.mean(by=[row.city]),
        "to": ip.one_hot(row.city, top=2),
        "rate": ip.target_encode(row.city, row.late, smoothing=1),
    }


def first():
    """Return the first form, as plain JSON."""
    return json.loads(FIRST.read_text())


def test_an_old_form_keeps_its_digest():
    """And it is written as it was read."""
    frozen = Frozen.from_dict(first())
    assert DIGEST == frozen.digest
    assert first() == frozen.to_dict()
    assert () == frozen.training.stages
    assert 0 == frozen.training.passes


def test_a_fit_of_today_freezes_the_same_values():
    """Expressions and tables to the bit; only what is said of the fit is more."""
    found = flight_features.fit(Table.from_columns(FLIGHTS)).to_dict()
    old = first()
    for part in ("inputs", "features", "lookups", "label", "time", "key", "context"):
        assert old[part] == found[part]
    assert set(old["training"]) <= set(found["training"])


def test_stages_are_told():
    """Mean and deviation, a mean by group, a vocabulary, a target encoding: at once."""
    training = flight_features.fit(Table.from_columns(FLIGHTS)).training
    assert (Stage(statistics=5, groups=1, passes=1),) == training.stages
    assert "5 statistics in 1 pass" == training.computed


def test_nested_statistics_and_pools_share_a_pass():
    """A statistic of a statistic is computed after it, in the pass in which rare groups are pooled."""
    definition = features()(
        lambda row: {
            "kurtosis": row.x - (ip.standardize(row.x) ** 4).mean(),
            "by": row.x.mean(by=[row.city], min_rows=2),
        }
    )
    training = definition.fit(Table.from_columns(FLIGHTS)).training
    assert 2 == training.passes
    assert [1, 1] == [stage.passes for stage in training.stages]


def test_pools_alone_take_a_second_pass():
    """Rare groups are known after a first look."""
    definition = features()(lambda row: {"by": row.x.mean(by=[row.city], min_rows=2)})
    (stage,) = definition.fit(Table.from_columns(FLIGHTS)).training.stages
    assert (1, 2) == (stage.statistics, stage.passes)


def test_stages_come_back_from_json():
    """What a fit told is a part of its record."""
    frozen = flight_features.fit(Table.from_columns(FLIGHTS))
    assert frozen.training == Frozen.from_dict(frozen.to_dict()).training
    assert "stages" not in Training(rows=1).to_dict()
