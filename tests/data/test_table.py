"""Tables: taken exactly or refused, read the same from memory and from parts."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from interplane.data.engine import connect
from interplane.data.render import table_text
from interplane.data.schema_file import parse_schema
from interplane.data.table import Table
from interplane.errors import DataError, UnknownName, UsageError
from interplane.record import Column


def at(*parts):
    """A time of the engine: UTC, without saying so."""
    return dt.datetime(*parts)  # noqa: DTZ001


ROWS = {
    "ok": [True, None, False],
    "n": [1, None, 2**63 - 1],
    "x": [0.5, None, -0.0],
    "s": ["", None, "ß\N{COW FACE}"],
    "d": [dt.date(1, 1, 1), None, dt.date(9999, 12, 31)],
    "t": [at(2013, 1, 1, 5), None, at(9999, 12, 31, 23, 59, 59, 999999)],
}
TYPES = {"ok": "bool", "n": "int", "x": "float", "s": "str", "d": "date", "t": "timestamp"}


@pytest.fixture(params=["memory", "parts", "projected", "chained"])
def table(request, tmp_path):
    """The same rows, from each kind of source."""
    memory = Table.from_columns(ROWS)
    if request.param == "memory":
        return memory
    if request.param == "projected":
        schema = parse_schema(
            "extra = 'allow'\n[columns.n]\ntype = 'int'\nmin = 0\non_breach = 'null'"
        )
        return memory.through(schema)
    arrow = memory.to_arrow()
    if request.param == "chained":
        return Table.from_arrow(arrow.slice(0, 2)).concat(Table.from_arrow(arrow.slice(2)))
    paths = [tmp_path / "it's one", tmp_path / "two[*]"]
    pq.write_table(arrow.slice(0, 1), paths[0])
    pq.write_table(arrow.slice(1), paths[1])
    return Table.from_parts(paths, columns=memory.columns, part_rows=[1, 2])


def test_types_and_rows(table):
    """Each source gives the same types, the same number of rows and the same rows."""
    assert table.types == TYPES
    assert (table.rows, len(table)) == (3, 3)
    assert table.to_rows() == Table.from_columns(ROWS).to_rows()
    assert table.equals(Table.from_columns(ROWS))


def test_select_head_and_column(table):
    """Selecting keeps the order asked for; head takes the first rows."""
    chosen = table.select("s", "n")
    assert chosen.names == ("s", "n")
    assert chosen.head(1).to_rows() == [{"s": "", "n": 1}]
    assert table.column("n").to_pylist() == ROWS["n"]
    assert table.head(0).rows == 0


def test_sql_over_every_source(table):
    """SQL sees self and the tables given by keyword."""
    other = Table.from_columns({"n": [1], "name": ["one"]})
    found = table.sql("SELECT o.name, s.n + 1 AS m FROM self s JOIN other o USING (n)", other=other)
    assert found.to_rows() == [{"name": "one", "m": 2}]


def test_batches_give_all_rows_in_order(table):
    """Batches joined are the table."""
    joined = pa.Table.from_batches(list(table.batches(rows=2)))
    assert Table.from_arrow(joined).equals(table)


def test_frames_and_back(table):
    """pandas, Polars, Arrow and the PyCapsule stream give the same table back."""
    assert Table.from_arrow(table.to_polars()).equals(table)
    assert Table.from_arrow(table.to_pandas()).equals(table)
    assert Table.from_arrow(pa.table(table)).equals(table)
    assert pl.DataFrame(table).equals(table.to_polars())


def test_numpy_says_null_in_its_own_way(table):
    """Null is NaN in numbers and booleans, NaT in times, None in text."""
    assert np.array_equal(table.numpy("ok"), [1.0, np.nan, 0.0], equal_nan=True)
    assert np.isnan(table.numpy("x")[1])
    assert table.numpy("s").tolist() == ["", None, "ß\N{COW FACE}"]
    assert np.isnat(table.numpy("t")[1])
    assert table.numpy("d")[2] == np.datetime64("9999-12-31")


def test_integers_without_null_stay_integers():
    """Only a null makes a float of an integer column."""
    assert Table.from_columns({"n": [2**60 + 1]}).numpy("n").tolist() == [2**60 + 1]


@pytest.mark.parametrize(
    ("given", "type_", "value"),
    [
        (pa.array([1], pa.uint8()), "int", 1),
        (pa.array([2**63 - 1], pa.uint64()), "int", 2**63 - 1),
        (pa.array([1.5], pa.float32()), "float", 1.5),
        (pa.array(["a"], pa.large_string()), "str", "a"),
        (pa.array(["a"]).dictionary_encode(), "str", "a"),
        (pa.array(["a"], pa.string_view()), "str", "a"),
        (pa.nulls(1), "str", None),
        (pa.array([dt.date(2013, 1, 1)], pa.date64()), "date", dt.date(2013, 1, 1)),
        (pa.array([1_000], pa.timestamp("ns")), "timestamp", at(1970, 1, 1, 0, 0, 0, 1)),
        (pa.array([0], pa.timestamp("s", tz="Asia/Tokyo")), "timestamp", at(1970, 1, 1)),
    ],
)
def test_types_are_widened_at_the_edge(given, type_, value):
    """Each Arrow type that one of ours holds exactly is taken."""
    table = Table.from_columns({"c": given})
    assert table.types == {"c": type_}
    assert table.column("c").to_pylist() == [value]


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        (pa.array([2**63], pa.uint64()), "64 bits"),
        (pa.array([1], pa.timestamp("ns")), "whole microseconds"),
        (pa.array([Decimal("1.5")]), "cents"),
        (pa.array([[1]]), "JSON"),
        (pa.array([b"x"]), "Decode"),
        (pa.array([dt.time(1)]), "integer"),
        (pa.array([2**62], pa.timestamp("us")), "years 1 to 9999"),
        (pa.array([2**30], pa.date32()), "years 1 to 9999"),
    ],
)
def test_what_no_type_holds_is_refused_by_name(given, advice):
    """The message names the column and says what to do."""
    with pytest.raises(DataError, match="'price'") as caught:
        Table.from_columns({"price": given})
    assert advice in str(caught.value)


def test_text_that_is_not_utf8_is_refused():
    """Bytes labelled as text are looked at."""
    bad = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff")]
    )
    with pytest.raises(DataError, match="not UTF-8"):
        Table.from_columns({"s": bad})


@pytest.mark.parametrize("names", [["a", ""], ["a", "a"], ["Id", "ID"], ["a\0b", "c"]])
def test_names_that_cannot_stand_side_by_side(names):
    """Empty and equal names, also but for case, are refused."""
    with pytest.raises(DataError, match="name"):
        Table.from_arrow(pa.table([[1], [2]], names=names))


def test_pandas_index_is_never_lost_in_silence():
    """An index that is more than a row number is refused; row numbers are none."""
    frame = pd.DataFrame({"x": [1, 2]}, index=pd.Index(["a", "b"], name="key"))
    with pytest.raises(DataError, match="reset_index"):
        Table.from_arrow(frame)
    with pytest.raises(DataError, match="reset_index"):
        Table.from_arrow(pd.DataFrame({"x": [1]}, index=["a"]))
    assert Table.from_arrow(pd.DataFrame({"x": [1, 2]})[1:]).to_rows() == [{"x": 2}]
    with pytest.raises(DataError, match="text"):
        Table.from_arrow(pd.DataFrame({0: [1, 2]}))


def test_mixed_objects_are_refused():
    """A pandas column of numbers and text has no type."""
    with pytest.raises(DataError, match="one type"):
        Table.from_arrow(pd.DataFrame({"x": [1, "a"]}))


def test_what_is_no_table():
    """A list is refused with what could be given instead."""
    with pytest.raises(UsageError, match="list"):
        Table.from_arrow([1, 2])


def test_unknown_column_is_named():
    """A typo finds its neighbour."""
    with pytest.raises(UnknownName, match="Did you mean 'distance'"):
        Table.from_columns({"distance": [1]}).select("distnace")


def test_wrong_sql_names_the_tables_there_are():
    """The engine's words, and what could be asked for."""
    with pytest.raises(UsageError, match="Tables in it are self"):
        Table.from_columns({"x": [1]}).sql("SELECT y FROM other")


def test_sql_reads_no_file_names_of_ours(tmp_path):
    """Replacement scans of Python variables are off."""
    hidden = pa.table({"x": [1]})
    assert hidden.num_rows == 1
    with pytest.raises(UsageError, match="hidden"):
        Table.from_columns({"x": [1]}).sql("SELECT * FROM hidden")


def test_sql_results_take_our_types():
    """Wide sums and decimals of the engine come back as int and float."""
    table = Table.from_columns({"x": [1, 2]}).sql("SELECT sum(x) AS s, 0.5 AS h FROM self")
    assert table.to_rows() == [{"s": 3, "h": 0.5}]
    assert table.types == {"s": "int", "h": "float"}


def test_table_without_parts_has_no_rows():
    """An empty version still has its columns."""
    table = Table.from_parts([], columns=[Column(name="x", type="int")], part_rows=[])
    assert table.to_arrow().schema == pa.schema([("x", pa.int64())])
    assert table.sql("SELECT count(*) AS n FROM self").to_rows() == [{"n": 0}]


def test_text_and_html_are_bounded_and_escaped():
    """A person sees the first rows; HTML in a value is text."""
    table = Table.from_columns({"<b>": ["<script>"] * 50, "n": range(50)})
    assert repr(table).count("\n") == 12
    assert "50 rows" in repr(table)
    assert "<script>" not in table._repr_html_()
    assert "&lt;b&gt;" in table._repr_html_()


def test_truth_of_a_table_is_refused():
    """`if table:` is a question without an answer."""
    with pytest.raises(UsageError, match="neither true nor false"):
        bool(Table.from_columns({"x": [1]}))


def test_the_engine_loads_nothing():
    """Extensions are neither installed nor loaded by themselves; times are UTC."""
    with connect() as connection:
        settings = connection.sql(
            "SELECT current_setting('autoload_known_extensions'),"
            " current_setting('autoinstall_known_extensions'), current_setting('TimeZone')"
        ).fetchall()
    assert settings == [(False, False, "UTC")]


def test_the_text_of_a_table_fits_the_line():
    """Columns that do not fit are counted instead."""
    table = Table.from_columns({f"column_{number}": [number] for number in range(9)})
    text = table_text(table, rows=5, columns=9, width=40)
    assert max(map(len, text.splitlines())) <= 40
    assert text.endswith("1 rows, 9 columns, 5 columns not shown")


@pytest.mark.parametrize("columns", [{"a": [1, "x"]}, {"a": [1], "b": [1, 2]}])
def test_columns_that_are_no_table_are_refused(columns):
    """With the words of the engine, as an error of ours."""
    with pytest.raises(DataError, match="the table cannot be read as a table: "):
        Table.from_columns(columns)
