"""Calls of what ``import interplane as ip`` offers, each with one thing wrong, found by themselves.

A public function, or a public method of a public class, that is added is among them without a word
here, unless it has a required argument of a name that none had before.
"""

from __future__ import annotations

import inspect
import itertools
import math
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pandas as pd
import polars as pl
from sklearn.linear_model import SGDClassifier

import interplane as ip
from interplane.data.promises import Promise
from interplane.data.schema import ColumnRules, Schema
from interplane.data.sources import Memory
from interplane.data.splits import Split
from interplane.evaluation.views import Gap, MetricView
from interplane.expressions.expr import Expr, Row

TYPES = {"n": "int", "x": "float", "s": "str", "b": "bool", "y": "bool", "at": "timestamp"}
ROW = Row(TYPES)
_NUMBERS = itertools.count()

# What public calls return, and users call on: beside the classes that have a public name.
RETURNED = {"Expr": Expr, "Gap": Gap, "MetricView": MetricView, "Split": Split}


def _columns(rows: int) -> dict[str, list[Any]]:
    return {
        "n": [*range(rows)],
        "x": [number / rows for number in range(rows)],
        "s": ["ab"[number % 2] for number in range(rows)],
        "b": [number % 3 == 0 for number in range(rows)],
        "y": [number % 5 == 0 for number in range(rows)],
        "at": [datetime(2026, 1, 1 + number % 28) for number in range(rows)],  # noqa: DTZ001 - UTC
    }


@ip.features(label="y", time="at", key=["n"])
def made(row):
    """Return a feature."""
    return {"x": row.x}


@ip.feature_view(source="trips", entity="s", event_time="at", known_at="at")
def view(trips):
    """Return a feature of a view."""
    return {"x": trips.x}


class Given:
    """What calls are given where nothing is wrong; nearly all of it is made once."""

    def __init__(self, root: Path, project: ip.Project) -> None:
        self.table = ip.Table.from_columns(_columns(20))
        self.frozen = made.fit(self.table)
        model = ip.Model(ip.FeatureScore("x"), features=self.frozen)
        described, files = model.save()
        tests = ip.Table.from_columns(
            _columns(200) | {"n": [*range(1000, 1200)]}  # fitted on none of them
        )
        evaluation = ip.evaluate(model, tests, slices=["s"], min_rows=10, against=model)
        schema = Schema(columns={name: ColumnRules(type=kind) for name, kind in TYPES.items()})
        folder = root / "files"
        folder.mkdir()
        (folder / "a.txt").write_text("a")
        self._subjects: dict[str, Any] = {
            "Evaluation": evaluation,
            "Expr": ROW.x,
            "FeatureScore": ip.FeatureScore("x"),
            "FeatureView": view,
            "Features": made,
            "Files": ip.Files.below(folder),
            "Frozen": self.frozen,
            "Gap": evaluation["roc_auc"].gap_between("s"),
            "InterplaneError": ip.InterplaneError("x"),
            "MetricView": evaluation["roc_auc"],
            "Model": model,
            "Project": project,
            "Split": ip.split_at_random(self.table, "n", share=0.5),
            "Table": self.table,
            "Verdict": ip.Verdict(asked=0),
            "dataset": ip.dataset("rides"),
            "learned": ip.learned("rides"),
            "live": ip.live("rides"),
        }
        self._by_name: dict[str, Callable[[], Any]] = {
            "asked": lambda: 3,
            "actor": lambda: "tester",
            "args": lambda: ["float"],
            "base": lambda: 2.0,
            "null_labels": lambda: 0,
            "threshold": lambda: 0.5,
            "confidence": lambda: 0.95,
            "resamples": lambda: 500,
            "share": lambda: 0.5,
            "seed": lambda: 0,
            "min_rows": lambda: 10,
            "overall": lambda: evaluation.overall,
            "branches": lambda: (ROW.b, 1),
            "buckets": lambda: 8,
            "by": lambda: "s",
            "columns": lambda: "s",
            "condition": lambda: ROW.b,
            "config": lambda: project.config,
            "connection": duckdb.connect,
            "dataset": lambda: "rides",
            "description": lambda: described,
            "digits": lambda: 2,
            "do": lambda: "Do it",
            "earlier": lambda: ROW.at,
            "edges": lambda: [0.1, 0.5],
            "entities": lambda: [{"rider": "r1"}],
            "entity": lambda: "s",
            "error": lambda: "",
            "estimator": lambda: SGDClassifier(loss="log_loss", shuffle=False),
            "event_time": lambda: "at",
            "feature": lambda: "rides",
            "features": lambda: self.frozen,
            "files": lambda: files,
            "folder": lambda: folder,
            "found": lambda: "0.7",
            "function": lambda: one_feature,
            "gate": lambda: "gate",
            "group": lambda: 0,
            "holds": lambda: True,
            "index": lambda: 0,
            "key": lambda: "s",
            "known_at": lambda: "at",
            "label": lambda: ROW.y,
            "length": lambda: 3,
            "limit": lambda: 0.5,
            "made_by": lambda: "evaluate",
            "metric": lambda: "roc_auc",
            "misplaced": lambda: None,
            "model": lambda: "rides",
            "months": lambda: 1,
            "name": lambda: "x",
            "names": lambda: "x",
            "old": lambda: "a",
            "new": lambda: "b",
            "otherwise": lambda: 0,
            "out": lambda: "scores",
            "parity": lambda: None,
            "paths": lambda: {"a.txt": folder / "a.txt"},
            "pattern": lambda: "a+",
            "period": lambda: 24,
            "plain": evaluation.to_dict,
            "promise": lambda: Promise(by="entity", columns=("s",), part="train"),
            "q": lambda: 0.5,
            "query": lambda: "SELECT * FROM self",
            "read": lambda: lambda _: b"",
            "reason": lambda: "because",
            "ref": lambda: "rides@1",
            "reference": lambda: "rides:pipeline",
            "replacement": lambda: "b",
            "root": lambda: project.root,
            "row": lambda: {"x": 0.5},
            "rows": lambda: [{"key": {"ride": "r1"}, "value": True}],
            "schema": lambda: schema,
            "separator": lambda: "-",
            "slicing": lambda: "s",
            "source": lambda: self.table,
            "start": lambda: 0,
            "table": lambda: self.table,
            "test": lambda: tests,
            "then": lambda: 1,
            "times": lambda: 2,
            "to": lambda: "float",
            "trained": lambda: ip.FeatureScore("x"),
            "types": lambda: TYPES,
            "unit": lambda: "day",
            "until": lambda: "2026-01-15",
            "uses": lambda: None,
            "value": lambda: 0.5,
            "values": lambda: "a",
            "weight": lambda: ROW.n,
            "what": lambda: "it broke",
            "where": lambda: "there",
            "window": lambda: "7d",
            "words": lambda: "good enough",
            "x": lambda: ROW.x,
            "y": lambda: ROW.n,
            "zone": lambda: "Europe/Vienna",
        }
        self._by_place: dict[str, Callable[[], Any]] = {
            "Expr.__getitem__.item": lambda: 0,
            "Expr.identical_to.other": lambda: 0.1,
            "Expr.as_timestamp.unit": lambda: "s",
            "Expr.by": lambda: [ROW.s],
            "Expr.values": lambda: [1.0],
            "Expr.lower": lambda: 0.1,
            "Expr.upper": lambda: 0.9,
            "Expr.other": lambda: "a",
            "Expr.over.window": lambda: ip.last("7d"),
            "Expr.cast.to": lambda: "str",
            "FeatureView.entity": lambda: ("s",),
            "FeatureView.source": lambda: "trips",
            "FeatureView.use.by": lambda: ("s",),
            "FeatureView.use.types": lambda: {"trips": TYPES},
            "Features.key": lambda: ["n"],
            "Features.label": lambda: "y",
            "Files.copy_to.folder": lambda: root / "copies",
            "Files.path.name": lambda: "a.txt",
            "Files.read.name": lambda: "a.txt",
            "Frozen.features": lambda: self.frozen.features,
            "Frozen.from_dict.plain": self.frozen.to_dict,
            "MetricView.name": lambda: "roc_auc",
            "Pipeline.gate.function": lambda: gate,
            "Pipeline.step.function": lambda: step,
            "Project.add.name": lambda: "more",
            "Project.feature.name": lambda: "trips.risk",
            "Project.model": lambda: "trips",
            "Project.find.start": lambda: project.root,
            "Project.ref": lambda: "trips@1",
            "Project.table.ref": lambda: "rides",
            "Project.load_pipeline.reference": lambda: "trips:pipeline",
            "Project.name": lambda: "label",
            "Project.online_features.view": lambda: "history",
            "Project.pipeline.name": lambda: "trips",
            "Project.push.rows": lambda: [_end()],
            "Project.push.source": lambda: "ends",
            "Project.rows": lambda: [{"key": {"ride": 1}, "value": True}],
            "Project.tables.names": lambda: "rides_made",
            "Project.until": lambda: datetime(2026, 1, 15),  # noqa: DTZ001 - UTC
            "Table.concat.other": lambda: self.table,
            "Table.columns": lambda: self.table.columns,
            "Table.from_columns.columns": lambda: _columns(3),
            "Table.rows": lambda: Memory(self.table.to_arrow()),
            "Table.equals.other": lambda: self.table,
            "Table.from_arrow.source": lambda: pd.DataFrame({"x": [1.0]}),
            "Table.from_parts.columns": list,
            "Table.from_parts.part_rows": list,
            "Table.from_parts.paths": list,
            "Table.register.name": lambda: "rows",
            "Table.sql.tables": lambda: self.table,
            "dataset.name": lambda: "rides",
            "evaluate.model": lambda: model,
            "feature_view.source": lambda: "trips",
            "features.key": lambda: ["n"],
            "features.label": lambda: "y",
            "hashed_ngrams.s": lambda: ROW.s,
            "operation.name": lambda: f"half_{next(_NUMBERS)}",
            "operation.doc": lambda: "Half of it, or null.",
            "operation.args": lambda: ["float"],
            "operation.python": lambda: "{0} / 2",
            "operation.result": lambda: "float",
            "operation.sql": lambda: "{0} / 2",
            "split_at_random.key": lambda: "n",
            "split_by_entity.columns": lambda: "n",
            "split_by_time.column": lambda: "at",
            "target_encode.columns": lambda: [ROW.s],
            "text_length.s": lambda: ROW.s,
            "word_count.s": lambda: ROW.s,
        }

    def subject(self, name: str) -> Any:
        """Return what a method is called on, by its full name."""
        group, _, method = name.partition(".")
        if group == "Expr":
            return next((each for each, names in _OF_TYPE.items() if method in names), ROW.x)
        if group != "Pipeline":
            return self._subjects[group]
        pipeline = ip.Pipeline("rides", inputs={"rides": ip.dataset("rides")})  # steps are added
        pipeline.step(split)
        return pipeline

    def right(self, name: str, parameter: str) -> Any:
        """Return what a parameter of a public callable may be given."""
        group = name.partition(".")[0]
        for place in (f"{name}.{parameter}", f"{group}.{parameter}"):
            if place in self._by_place:
                return self._by_place[place]()
        if parameter == "x" and name in _OF_GROUPS:
            return ROW.s
        if parameter.startswith("first") or parameter == "others":
            return ROW.s if name in {"concat", "cross"} else ROW.x
        if parameter not in self._by_name:
            raise KeyError(f"say in {__file__} what {name} may be given for {parameter!r}")
        return self._by_name[parameter]()


def one_feature(row):
    """Return a feature, of a row or of a view's source."""
    return {"x": row.x}


def _end() -> dict[str, Any]:
    at = "2026-01-20T10:00:00"
    return {"ride": 9000, "rider": "r1", "began_at": at, "ended_at": at, "miles": 2.0}


_NEEDED = {
    "cases": ("branches",),
    "check": ("schema",),
    "feature_view": ("source", "entity", "event_time", "known_at"),
    "operation": ("args", "result", "sql", "python", "name", "doc"),
    "split_at_random": ("share",),
    "split_by_entity": ("share",),
    "MetricView.of": ("values",),
    "Project.find": ("start",),
    "Project.tables": ("names",),
}  # options without which a call is refused
_OF_GROUPS = {
    *("frequency_encode", "hash_bucket", "one_hot", "ordinal", "vocabulary"),
}
_OF_TYPE = {
    ROW.s: {
        *("contains", "count_parts", "ends_with", "find", "left", "like", "lpad", "re_count"),
        *("re_extract", "re_replace", "re_search", "repeat", "replace", "right", "rpad"),
        *("split_part", "starts_with", "substr"),
    },
    ROW.at: {"add_months", "days_since", "delta", "seconds_since", "to_local", "truncate"},
    ROW.b: {"all", "any"},
    ROW.n: {"as_timestamp"},
    ROW.x.mean(): {"over"},
}


def split(rides: ip.Table) -> ip.Table:
    """Be a step of a pipeline."""
    return rides


def step(rides: ip.Table) -> ip.Table:
    """Be another one."""
    return rides


def gate(split: ip.Table):
    """Be its gate."""
    return split


WRONG: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "a negative number": lambda: -3,
    "zero": lambda: 0,
    "a huge number": lambda: 10**30,
    "a fraction": lambda: 1.5,
    "no number": lambda: math.nan,
    "an endless number": lambda: math.inf,
    "a truth": lambda: True,
    "an unknown name": lambda: "no such thing",
    "an empty text": lambda: "",
    "a text with a zero byte": lambda: "a\0b",
    "a text that is no Unicode": lambda: "\ud800",
    "a path upwards": lambda: "../../x",
    "bytes": lambda: b"x",
    "an object": object,
    "a type": lambda: dict,
    "an empty list": list,
    "a list of numbers": lambda: [1, 2],
    "a list of lists": lambda: [[]],
    "an empty dict": dict,
    "a dict": lambda: {"x": 1},
    "a dict of lists": lambda: {"x": [1]},
    "a dict by numbers": lambda: {1: 2},
    "a moment": lambda: datetime(2026, 1, 2),  # noqa: DTZ001 - as people write it
    "a pandas frame": lambda: pd.DataFrame({"x": [1.0], "s": ["a"]}),
    "a pandas column": lambda: pd.Series([1.0]),
    "a Polars frame": lambda: pl.DataFrame({"x": [1.0], "s": ["a"]}),
    "an array": lambda: np.zeros(3),
    "an expression": lambda: ROW.x,
    "a path that is not there": lambda: Path("/no/such/place"),
    "a function": lambda: lambda *_, **__: None,
}


class Place(NamedTuple):
    """One parameter of one public callable.

    Attributes:
        name: the callable, for example ``Table.head``.
        parameter: its parameter.
    """

    name: str
    parameter: str

    def __str__(self) -> str:
        return f"{self.name}({self.parameter})"


def callables() -> dict[str, Any]:
    """Return each public callable by name; methods as their class holds them."""
    found: dict[str, Any] = {}
    classes = {name: each for name in ip.__all__ if inspect.isclass(each := getattr(ip, name))}
    found |= {name: getattr(ip, name) for name in ip.__all__}
    for name, cls in {**classes, **RETURNED}.items():
        for method in dir(cls):
            known = getattr(cls, method)
            is_ours = not getattr(known, "__module__", None) or known.__module__.startswith("inter")
            if callable(known) and is_ours and (method[0] != "_" or method == "__getitem__"):
                found[f"{name}.{method}"] = known
    return found


def places() -> list[Place]:
    """Return each parameter of each public callable."""
    return [
        Place(name, parameter.name)
        for name, found in callables().items()
        if not _is_error(found)
        for parameter in _parameters(name, found)
    ]


def _is_error(found: Any) -> bool:
    return inspect.isclass(found) and issubclass(found, Exception)


def _parameters(name: str, found: Any) -> list[inspect.Parameter]:
    try:
        given = [*inspect.signature(found).parameters.values()]
    except ValueError:  # of those that exceptions have from Python
        return []
    of_class = "." in name and not inspect.ismethod(found)
    return given[1:] if of_class else given


def call(place: Place, given: Given, wrong: Any) -> Any:
    """Call it with one argument wrong, or with none but what it needs (``...``), and look at what it gives."""
    found = callables()[place.name]
    _, _, method = place.name.partition(".")
    function = getattr(given.subject(place.name), method) if method else found
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for parameter in _parameters(place.name, found):
        is_wrong = parameter.name == place.parameter and wrong is not ...
        is_needed = parameter.name in _NEEDED.get(place.name, ())
        if not is_wrong and _is_optional(parameter) and not is_needed:
            continue
        value = wrong if is_wrong else given.right(place.name, parameter.name)
        if parameter.kind in {parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL}:
            args.append(value)
        elif parameter.kind is parameter.VAR_KEYWORD:
            kwargs[place.parameter] = value
        elif parameter.kind is parameter.POSITIONAL_OR_KEYWORD and len(args) == len(kwargs) == 0:
            args.append(value)
        else:
            kwargs[parameter.name] = value
    return _look_at(place.name, function(*args, **kwargs), given)


def _is_optional(parameter: inspect.Parameter) -> bool:
    variable = {parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL}
    return parameter.default is not parameter.empty or parameter.kind in variable


def _look_at(name: str, result: Any, given: Given) -> Any:
    """Go on with what was returned, as its caller would."""
    if name == "features":
        return result(one_feature).fit(given.table)
    if name == "feature_view":
        return result(one_feature).define(TYPES)
    if name in {"Features", "FeatureView"}:
        return result.fit(given.table) if name == "Features" else result.define(TYPES)
    if isinstance(result, Expr) and not name.startswith("Expr."):
        return ip.features(label="y", key=["n"])(
            lambda row: {"f": result.cast("float"), "x": row.x}
        ).fit(given.table)
    if isinstance(result, Iterator):
        return [*islice(result, 3)]
    return repr(result) if not name.startswith("InterplaneError") else result
