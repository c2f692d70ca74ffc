"""Rows of the log as they were served: the values that a learner learns from."""

# ruff: noqa: DTZ001 - timestamps are UTC, and naive, by definition of the type
from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from interplane.expressions.expr import Row
from interplane.expressions.nodes import Column
from interplane.features.frozen import Frozen
from interplane.predictions.entry import Entry
from interplane.predictions.table import read_log
from interplane.predictions.writer import SegmentWriter
from interplane.project.learning_rows import read_rows
from interplane.views.view import Latest, ViewUse, example


def test_a_row_of_the_log_has_the_values_that_were_served(tmp_path):
    """Times, dates, texts, whole numbers, nulls, and what feature views knew: the same bits."""
    view = replace(
        example(),
        columns={**example().columns, "seen": "timestamp", "day": "date"},
        arguments=(Column("x", "float"), Column("seen", "timestamp"), Column("day", "date")),
        features={
            "x": Latest(0, "float"),
            "seen": Latest(1, "timestamp"),
            "day": Latest(2, "date"),
        },
    )
    row = Row(
        {"at": "timestamp", "on": "date", "name": "str", "many": "int", "size": "float"},
        name="row",
    )
    frozen = Frozen(
        features={
            "hour": (row.at.hour() * 1.0).node,
            "weekday": (row.on.day_of_week() * 1.0).node,
            "name": (row.name.length() * 1.0).node,
            "many": (row.many / 3).node,
            "size": row.size.node,
        },
        uses={"who": ViewUse(view, ("name",))},
        time="at",
    )
    looked_up = {
        "who.x": 0.1 + 0.2,
        "who.seen": datetime(2024, 5, 1, 3, 4, 5, 678901),
        "who.day": date(2024, 5, 2),
    }
    rows = [
        {"at": datetime(2024, 5, 1, 23, 59, 59), "on": date(2024, 2, 29), "name": "é", "many": 7},
        {"at": datetime(2024, 5, 2), "on": None, "name": "", "many": None},
        {"at": datetime(2024, 5, 3), "on": date(1969, 1, 1), "name": "x" * 9, "many": 2**53},
    ]
    sizes = [1.0, None, 5e-324]
    entries = []
    for number, (given, size) in enumerate(zip(rows, sizes, strict=True)):
        logged = {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in {**given, "size": size}.items()
        }
        entries.append(
            Entry(f"{number:032x}", "m", "c" * 64, number, number, row=logged, looked_up=looked_up)
        )
    with SegmentWriter(tmp_path / "log", name="test") as writer:
        writer.append(entries)
    log = read_log(tmp_path / "log", model="m", types=frozen.inputs)
    events = [{"prediction_id": f"{number:032x}", "at": number} for number in (2, 0, 9, 1)]
    found = list(read_rows(log, frozen, events))
    assert (None, None) == found[2]
    for place, number in ((0, 2), (1, 0), (3, 1)):
        served = [{**rows[number], "size": sizes[number]}[name] for name in frozen.inputs]
        assert [*served, *looked_up.values()] == found[place][0]
        assert repr(frozen.vector([*served, *looked_up.values()])) == repr(
            frozen.vector(found[place][0])
        )


def test_a_column_on_whose_type_crossings_do_not_agree(tmp_path):
    """Each value is read as a request's is; a row that is none of ours has no values."""
    row = Row({"size": "float", "many": "int", "on": "date", "name": "str"}, name="row")
    frozen = Frozen(
        features={
            "size": row.size.node,
            "many": (row.many * 1.0).node,
            "on": (row.on.day() * 1.0).node,
            "name": (row.name.length() * 1.0).node,
        }
    )
    logged = [
        {"size": 1.5, "many": 3, "on": "2024-02-29", "name": "JFK"},
        {"size": None, "many": None, "on": None, "name": None},
        {"size": "1.5", "many": 2.5, "on": 7, "name": True},
        {"size": 2, "many": 4.0, "on": "soon", "name": "x"},
    ]
    with SegmentWriter(tmp_path / "log", name="test") as writer:
        writer.append(
            [
                Entry(f"{number:032x}", "m", "c" * 64, number, number, row=each)
                for number, each in enumerate(logged)
            ]
        )
    log = read_log(tmp_path / "log", model="m")
    events = [{"prediction_id": f"{number:032x}", "at": number} for number in range(4)]
    found = [values for values, _ in read_rows(log, frozen, events, mixed=frozen.inputs)]
    assert [[1.5, 3, date(2024, 2, 29), "JFK"], [None] * 4, None, None] == found
