"""Frozen features: table equals row, JSON, what is refused, and nothing heavy in a server."""

from __future__ import annotations

import copy
import json
import math
import subprocess
import sys
from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interplane.data.table import Table
from interplane.data.types import arrow_type
from interplane.errors import DataError, RequestRejected, UnknownName, UsageError
from interplane.expressions.expr import if_else
from interplane.features import encodings as ip
from interplane.features.batch import matrix_of, transform
from interplane.features.definition import features
from interplane.features.edges import EDGES
from interplane.features.frozen import Frozen
from interplane.features.parity import same_bits

TYPES = {
    "id": "int",
    "late": "bool",
    "x": "float",
    "y": "float",
    "n": "int",
    "dest": "str",
    "ok": "bool",
    "day": "date",
    "at": "timestamp",
}


def definition(function):
    """Return features of the columns above."""
    return features(label="late", time="at", key=["id"], context=["dest"])(function)


@definition
def scaled(row):
    return {
        "z": ip.standardize(row.x),
        "unit": ip.min_max(row.n),
        "filled": ip.impute(row.y),
        "clipped": row.x.clip(-2, 2),
        "ratio": row.x / row.y,
        "log": (row.n + 1).ln(),
        "far": row.x > row.x.median(),
    }


@definition
def grouped(row):
    return {
        "to": ip.one_hot(row.dest, top=3),
        "share": ip.frequency_encode(row.dest),
        "rate": ip.target_encode([row.dest, row.ok], row.late, smoothing=1),
        "by_day": ip.target_encode(row.day, row.late, folds=2),
        "within": row.x - row.x.mean(by=[row.dest]),
        "ranked": row.n.max(by=[row.dest, row.ok], where=row.x > 0),
        "weeks": row.x.count(by=[row.at.truncate("week")]),
    }


@definition
def timed(row):
    age = row.at.year() - row.n
    return {
        "hour": ip.cyclic(row.at.hour()),
        "minute": ip.cyclic(row.at.minute(), period=60),
        "weekday": ip.one_hot(row.at.day_of_week()),
        "age": age.clip(0, 60),
        "since": row.at.epoch_seconds() / 3600.0,
        "late_hours": row.x.mean(by=[row.at.hour()]),
        "old": if_else(age > 30, row.y, 0.0).fill_null(-1.0),
    }


@definition
def staged(row):
    within = row.x - row.x.mean(by=[row.dest])
    rate = ip.target_encode(row.dest, row.late)
    return {
        "z": within / within.std(by=[row.dest]),
        "rate": ip.standardize(rate),
        "over": (rate > rate.mean()).cast("float") * row.x,
        "bucket": ip.one_hot(row.x.bucket([-1, 0, 1])),
        "bucket_rate": ip.target_encode([row.y.bucket([0.0])], row.late),
        "product": rate * ip.frequency_encode(row.dest) + row.x.mean(),
    }


DEFINITIONS = {each.name: each for each in (scaled, grouped, timed, staged)}

values = {
    "float": st.one_of(st.sampled_from(EDGES["float"]), st.floats(), st.none()),
    "int": st.one_of(st.sampled_from(EDGES["int"]), st.integers(-5, 5)),
    "str": st.one_of(st.sampled_from(EDGES["str"]), st.sampled_from(["JFK", "LGA"])),
    "bool": st.sampled_from(EDGES["bool"]),
    "date": st.one_of(st.sampled_from(EDGES["date"]), st.dates()),
    "timestamp": st.one_of(
        st.sampled_from(EDGES["timestamp"]), st.datetimes().map(lambda time: time.replace(fold=0))
    ),
}
rows = st.fixed_dictionaries({name: values[kind] for name, kind in TYPES.items()})


def to_table(dicts):
    """Return rows that are dicts as a table of the columns above."""
    return Table.from_arrow(
        pa.table(
            {
                name: pa.array([row[name] for row in dicts], arrow_type(kind))
                for name, kind in TYPES.items()
            }
        )
    )


def usual(count=40):
    """Return rows without surprises."""
    return [
        {
            "id": number,
            "late": number % 3 == 0,
            "x": number / 7 - 2,
            "y": float(number % 5),
            "n": 1980 + number,
            "dest": ("JFK", "LGA", "EWR")[number % 3],
            "ok": number % 2 == 0,
            "day": date(2013, 1, 1 + number % 28),
            "at": datetime(2013, 1, 1 + number % 28, number % 24, 30),  # noqa: DTZ001
        }
        for number in range(count)
    ]


def assert_equal_for_a_row_and_a_table(frozen, dicts):
    """Hold row program, its loop, and engine against each other, for every row and feature."""
    table = to_table(dicts)
    found = transform(frozen, table, few_rows=0).to_rows()
    matrix = matrix_of(frozen, table, few_rows=0)
    assert repr(found) == repr(frozen.transform(table, seen="allow").to_rows())
    assert without_signs_of_nan(matrix) == without_signs_of_nan(frozen.matrix(table, seen="allow"))
    for row, expected, vector in zip(dicts, found, matrix, strict=True):
        only = {name: row[name] for name in frozen.inputs}
        result = frozen.row(only)
        assert list(expected) == list(result)
        for name, value in expected.items():
            assert same_bits(value, result[name]), (name, row, value, result[name])
        assert without_signs_of_nan(frozen.vector(only)) == without_signs_of_nan(vector)


def without_signs_of_nan(vector):
    """Return the bytes of a vector in which all NaN are alike: no model tells them apart."""
    floats = np.array(vector)
    return np.where(np.isnan(floats), np.nan, floats).tobytes()


@pytest.mark.parametrize("name", DEFINITIONS)
@settings(max_examples=8, deadline=None)
@given(odd=st.lists(rows, min_size=1, max_size=30))
def test_a_table_equals_its_rows(name, odd):
    """Fitted on usual and odd rows together, and asked for both."""
    dicts = [*usual(20), *odd]
    frozen = DEFINITIONS[name].fit(to_table(dicts))
    assert_equal_for_a_row_and_a_table(frozen, dicts)


@pytest.mark.parametrize("name", DEFINITIONS)
@settings(max_examples=8, deadline=None)
@given(odd=st.lists(rows, min_size=1, max_size=20))
def test_rows_that_no_fit_has_seen(name, odd):
    """Unseen categories and extremes are the same on both sides."""
    assert_equal_for_a_row_and_a_table(DEFINITIONS[name].fit(to_table(usual())), odd)


@pytest.mark.parametrize("name", DEFINITIONS)
@settings(max_examples=4, deadline=None)
@given(odd=st.lists(rows, max_size=10))
def test_json_round_trip(name, odd):
    """What is read equals what was written, and works the same."""
    frozen = DEFINITIONS[name].fit(to_table([*usual(), *odd]))
    text = json.dumps(frozen.to_dict(), allow_nan=False)
    again = Frozen.from_dict(json.loads(text))
    assert (frozen, frozen.digest) == (again, again.digest)
    assert text == json.dumps(again.to_dict(), allow_nan=False)
    for row in usual(5):
        only = {name: row[name] for name in frozen.inputs}
        assert repr(frozen.row(only)) == repr(again.row(only))


def test_every_value_of_another_type_is_a_float():
    """Models take numbers: bools and integers are floats, on both sides."""
    frozen = scaled.fit(to_table(usual()))
    assert {"float"} == set(frozen.transform(to_table(usual())).types.values())


def test_the_order_of_rows_is_kept():
    """Look-ups are joins, and many rows are worked on at once."""
    many = Table.from_columns(
        {
            "id": np.arange(300_000),
            "dest": pa.array(np.arange(300_000) % 7).cast(pa.string()),
            "late": np.arange(300_000) % 7 == 0,
        }
    )
    frozen = features(label="late", key=["id"])(
        lambda row: {"id": row.id, "rate": ip.target_encode(row.dest, row.late, smoothing=0)}
    ).fit(many)
    found = frozen.transform(many, seen="allow")
    assert (found.numpy("id") == np.arange(300_000)).all()
    assert (found.numpy("rate") == (np.arange(300_000) % 7 == 0)).all()


def test_no_rows_are_no_features():
    """An empty table becomes an empty table."""
    frozen = grouped.fit(to_table(usual()))
    empty = to_table(usual()).sql("FROM self WHERE false")
    assert (0, len(frozen.names)) == frozen.matrix(empty).shape


def test_features_of_nothing():
    """A feature that reads no column is the same for every row."""
    frozen = features()(lambda row: {"mean": row.x.mean()}).fit(to_table(usual()))
    assert {} == frozen.inputs
    three = to_table(usual()).head(3)
    assert [frozen.row({})["mean"]] * 3 == frozen.matrix(three)[:, 0].tolist()
    for few_rows in (0, 3):
        found = transform(frozen, three, few_rows=few_rows).column("mean").to_pylist()
        assert [frozen.row({})["mean"]] * 3 == found


def test_what_it_says_of_itself():
    """Names in order, inputs by first use, the label not among them."""
    frozen = scaled.fit(to_table(usual()))
    assert ("z", "unit", "filled", "clipped", "ratio", "log", "far") == frozen.names
    assert {"x": "float", "n": "int", "y": "float"} == frozen.inputs
    assert ("late", "at", ("id",), ("dest",)) == (
        frozen.label,
        frozen.time,
        frozen.key,
        frozen.context,
    )
    assert "<Frozen 7 features of 3 columns, fitted on 40 rows: 6 statistics in 1 pass>" == repr(
        frozen
    )


# ---- refused --------------------------------------------------------------------------------


def test_a_table_without_a_column():
    """The nearest name is offered."""
    frozen = scaled.fit(to_table(usual()))
    wrong = Table.from_columns({"X": [1.0], "y_": [1.0], "n": [1]})
    with pytest.raises(UnknownName, match=r"no column 'x' in the table.*data step"):
        frozen.transform(wrong)


def test_a_table_with_another_type():
    """Both types are named."""
    frozen = scaled.fit(to_table(usual()))
    with pytest.raises(DataError, match=r"'n' of the table is str. Expected int"):
        frozen.transform(Table.from_columns({"x": [1.0], "y": [1.0], "n": ["1"]}))


def test_integers_serve_as_floats():
    """A column of whole numbers is a column of numbers, in a table and in a row."""
    frozen = scaled.fit(to_table(usual()))
    whole = Table.from_columns({"x": [1], "y": [2**53 + 1], "n": [3]})
    assert frozen.transform(whole).to_rows() == [frozen.row({"x": 1, "y": 2**53 + 1, "n": 3})]


def test_a_row_with_a_typo():
    """Neither a missing nor an unknown column is passed over."""
    frozen = scaled.fit(to_table(usual()))
    with pytest.raises(UnknownName, match="'n' in the row"):
        frozen.row({"x": 1.0, "y": 1.0, "m": 3})
    with pytest.raises(UnknownName, match=r"'desst'.*'dest'"):
        frozen.row({"x": 1.0, "y": 1.0, "n": 3, "desst": "JFK"})
    with pytest.raises(RequestRejected, match=r"\$\.x"):
        frozen.vector({"x": "1.0", "y": 1.0, "n": 3})


def test_a_row_may_have_label_key_time_and_context():
    """A whole row of the training table fits, as far as it is declared."""
    frozen = scaled.fit(to_table(usual()))
    row = {"x": 1.0, "y": math.nan, "n": 3, "id": 1, "late": None, "at": None, "dest": "JFK"}
    assert frozen.row({"x": 1.0, "y": None, "n": 3}) == frozen.row(row)


PLAIN = grouped.fit(to_table(usual())).to_dict()


def changed(*path, value):
    """Return the JSON form of some features with something else in one place."""
    plain = copy.deepcopy(PLAIN)
    *above, last = path
    place = plain
    for step in above:
        place = place[step]
    place[last] = value
    return plain


@pytest.mark.parametrize(
    ("plain", "message"),
    [
        (None, "no frozen features"),
        ({"form": "something"}, "no frozen features"),
        (changed("version", value=3), "newer Interplane"),
        (changed("features", value=None), "features"),
        (changed("inputs", value=[]), "inputs"),
        (changed("lookups", value={}), "not there"),
        (changed("features", 0, "name", value="to_EWR"), "twice"),
        (changed("features", 0, "expression", "nodes", 0, "column", value="x"), "cannot be read"),
        (changed("features", 0, "expression", "nodes", -1, "op", value="system"), "cannot be read"),
        (changed("extra", value="__import__('os')"), "extra"),
        (changed("training", "rows", value="many"), "rows"),
    ],
)
def test_a_broken_form_is_refused(plain, message):
    """Whatever is wrong in a stored form, it is said; nothing of it is run."""
    with pytest.raises(DataError, match=message):
        Frozen.from_dict(plain)


def test_a_form_with_a_statistic_left_is_refused():
    """Only a fit makes frozen features."""
    statistic = {
        "version": 1,
        "nodes": [
            {"column": "x", "type": "float"},
            {"reduce": "mean", "args": [0], "by": [], "type": "float"},
        ],
    }
    plain = changed("features", 0, "expression", value=statistic)
    plain["inputs"].append({"name": "y", "type": "float"})
    with pytest.raises(DataError, match="cannot be read"):
        Frozen.from_dict(plain)


def test_a_server_needs_no_engine(tmp_path):
    """Loading features and running a row imports the standard library, msgspec and blake3 only."""
    path = tmp_path / "frozen.json"
    path.write_text(json.dumps(PLAIN))
    row = dict.fromkeys(Frozen.from_dict(PLAIN).inputs)
    code = (
        "import json, sys\n"
        "from interplane.features.frozen import Frozen\n"
        f"frozen = Frozen.from_dict(json.load(open({str(path)!r})))\n"
        f"frozen.row({row!r}), frozen.vector({row!r}), frozen.digest\n"
        "heavy = {'duckdb', 'numpy', 'pyarrow', 'pandas', 'lightgbm', 'rich', 'click'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]\n" == done.stdout


def test_a_column_of_the_name_that_rows_are_kept_in_order_by():
    """Refused: the rows would come back in its order."""

    @features()
    def plain(row):
        return {"x": row.x + 1}

    rows = Table.from_columns({"x": [10.0, 20.0], "place of the row": [2, 1]})
    frozen = plain.fit(rows)
    assert [11.0, 21.0] == [row["x"] for row in frozen.transform(rows).to_rows()]

    @features()
    def odd(row):
        return {"x": row.x + row["place of the row"]}

    with pytest.raises(DataError, match="place of the row"):
        odd.fit(rows)


def _renamed(plain):
    plain["features"].append({**plain["features"][0], "name": plain["features"][0]["name"].upper()})


@pytest.mark.parametrize(
    "change",
    [
        lambda plain: plain.update(version=[1]),
        lambda plain: plain.update(label="x"),
        lambda plain: plain["inputs"].reverse(),
        lambda plain: plain["inputs"].append(plain["inputs"][0]),
        lambda plain: plain["features"][0].update(name=""),
        lambda plain: next(iter(plain["lookups"].values())).update(code="1"),
        lambda plain: next(iter(plain["lookups"].values()))["value"].update(code="1"),
        _renamed,
    ],
)
def test_a_form_that_was_edited_is_refused(change):
    """Versions of another kind, inputs in another order, a label that is read, unknown members."""
    rows = Table.from_columns({"x": [1.0, 2.0], "g": ["a", "b"], "y": [True, False]})
    written = features(label="y")(
        lambda row: {"a": ip.standardize(row.x), "b": row.g.count(by=row.g)}
    )
    plain = json.loads(json.dumps(written.fit(rows).to_dict()))
    assert Frozen.from_dict(plain).names == ("a", "b")
    change(plain)
    with pytest.raises(DataError):
        Frozen.from_dict(plain)


@pytest.mark.parametrize("row", [None, [1.0]])
def test_a_row_that_is_no_dict(row):
    """It is said, and which call takes a list."""
    frozen = features()(lambda r: {"x": r.x}).fit(Table.from_columns({"x": [1.0]}))
    with pytest.raises(UsageError, match="a dict from columns to values"):
        frozen.row(row)


def test_floats_of_numpy_serve_as_floats():
    """They are calculated with as Python's are: no warnings, and nothing of NumPy comes out."""
    rows = Table.from_columns({"x": [0.0, 1.0]})
    frozen = features()(lambda r: {"x": r.x, "far": r.x * 1e308 * 10, "part": 1 / r.x}).fit(rows)
    found = frozen.row({"x": np.float64(1.0)})
    assert {"x": 1.0, "far": math.inf, "part": 1.0} == found
    assert {float} == set(map(type, found.values()))
    assert [0.0, 0.0] == frozen.vector({"x": np.float64(0.0)})[:2]
