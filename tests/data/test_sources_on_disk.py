"""Files as they are found: archives, Parquet, Arrow, foreign formats, horrors."""

from __future__ import annotations

import gzip
import io
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interplane.data.options import Limits, ReadOptions
from interplane.data.readers import read_table
from interplane.data.table import Table
from interplane.errors import DataError, UnreadableFile, UsageError
from interplane.record import digest_bytes

CSV = b"a,b\n1,x\n2,y\n"
ROWS = [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]


def zipped(path, members):
    """Write a zip archive with these members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def refused(path, **how):
    """Read what must be refused; return the message."""
    with pytest.raises(UnreadableFile) as caught:
        read_table(path, **how)
    return str(caught.value)


# ---- each format --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["csv", "gz", "zip", "parquet", "feather", "file", "stream"])
def test_each_format_gives_the_same_rows(tmp_path, kind):
    """What a file is, is told by its first bytes; its digest is that of its bytes."""
    path = tmp_path / "rows"
    arrow = pa.Table.from_pylist(ROWS)
    match kind:
        case "csv":
            path.write_bytes(CSV)
        case "gz":
            path.write_bytes(gzip.compress(CSV))
        case "zip":
            zipped(path, {"rows.csv": CSV, "__MACOSX/rows.csv": b"junk"})
        case "parquet":
            pq.write_table(arrow, path)
        case "feather":
            pyarrow.feather.write_feather(arrow, str(path))
        case "file":
            with pa.ipc.new_file(path, arrow.schema) as sink:
                sink.write_table(arrow)
        case _:
            with pa.ipc.new_stream(path, arrow.schema) as sink:
                sink.write_table(arrow)
    found = read_table(path)
    assert found.table.to_rows() == ROWS
    assert found.digest == digest_bytes(path.read_bytes())
    assert (found.name, found.options) == ("rows", {})


def test_frames_are_named_by_their_type_and_content():
    """Two frames with the same rows are the same source, whatever library made them."""
    frames = [
        pd.DataFrame(ROWS),
        pa.Table.from_pylist(ROWS),
        Table.from_columns({"a": [1, 2], "b": ["x", "y"]}),
    ]
    found = [read_table(frame) for frame in frames]
    assert [item.name for item in found] == ["DataFrame", "Table", "Table"]
    assert len({item.digest for item in found}) == 1


def test_options_are_for_text_files(tmp_path):
    """An option that would do nothing is refused."""
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "rows.parquet")
    for source in (tmp_path / "rows.parquet", pd.DataFrame(ROWS)):
        with pytest.raises(UsageError, match="delimiter"):
            read_table(source, options=ReadOptions(delimiter=";"))


@pytest.mark.parametrize("compression", ["snappy", "zstd", "gzip", "lz4", "none"])
def test_parquet_dictionaries_and_groups(tmp_path, compression):
    """Row groups, dictionaries and each compression give back what was written."""
    rows = pa.table({"s": ["a", "b", None] * 1000, "n": range(3000)})
    path = tmp_path / "t.parquet"
    pq.write_table(rows, path, row_group_size=700, compression=compression)
    assert read_table(path).table.to_arrow() == rows


# ---- what is no such file -----------------------------------------------------------------------


def test_missing_file_and_folder(tmp_path):
    """A path without a file says where it was looked for."""
    with pytest.raises(UsageError, match="there is no file"):
        read_table(tmp_path / "gone.csv")
    with pytest.raises(UsageError, match="is no file"):
        read_table(tmp_path)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("t.parquet", b"a,b\n1,2\n", "it begins with"),
        ("t.parquet", b"PAR1 and nothing", "no whole Parquet"),
        ("t.arrow", b"ARROW1 and nothing", "no whole Arrow"),
        ("t.feather", b"FEA1....", "Feather of version 1"),
        ("t.json", b'[{"a": 1}]', "it is JSON"),
        ("t.csv", b"\x89HDF\r\n", "it is HDF5"),
        ("t.csv.xz", b"\xfd7zXZ\x00\x00", "xz archive"),
        ("t.csv.gz", b"\x1f\x8b\x08 and nothing else", "the archive is damaged"),
        ("t.csv.zip", b"PK\x03\x04 and nothing else", "the archive is damaged"),
        ("t.csv", b"", "the file is empty"),
    ],
)
def test_what_is_no_such_file(tmp_path, name, data, message):
    """Foreign and damaged files are called what they are."""
    path = tmp_path / name
    path.write_bytes(data)
    assert message in refused(path)


def test_archives_have_one_member(tmp_path):
    """Two files, or none, are not guessed between."""
    both = zipped(tmp_path / "two.zip", {"a.csv": CSV, "b.csv": CSV})
    assert "has 2 files ('a.csv', 'b.csv' …)" in refused(both)
    assert "has 0 files" in refused(zipped(tmp_path / "none.zip", {"__MACOSX/x": b""}))


def test_a_fault_in_an_archive_names_the_member(tmp_path):
    """Line and byte are those of the file inside."""
    path = zipped(tmp_path / "f.zip", {"inner.csv": b"a,b\n1\n"})
    assert "f.zip (inner.csv), line 2 (byte 4)" in refused(path)


def test_unsupported_types_are_named_before_anything_is_decoded(tmp_path):
    """A list column is refused by name."""
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"tags": [[1, 2]]}), path)
    with pytest.raises(DataError, match="'tags'"):
        read_table(path)


# ---- budgets ------------------------------------------------------------------------------------


def test_archives_that_unpack_to_too_much(tmp_path):
    """Ratio and size are looked at while unpacking."""
    big = b"a,b\n" + b"1,2\n" * 1_000_000
    path = zipped(tmp_path / "bomb.zip", {"a.csv": big})
    assert "unpack to more" in refused(path, limits=Limits(ratio=10, ratio_from=1000))
    assert "at most 1,000 bytes" in refused(path, limits=Limits(size_bytes=1000))
    gz = tmp_path / "bomb.gz"
    gz.write_bytes(gzip.compress(big))
    assert "unpack to more" in refused(gz, limits=Limits(ratio=10, ratio_from=1000))


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_dictionaries_are_paid_for_before_they_are_decoded(tmp_path, kind):
    """A million references to one text of a megabyte are a terabyte, found in no time."""
    path = tmp_path / f"bomb.{kind}"
    values = pa.DictionaryArray.from_arrays(np.zeros(1_000_000, np.int32), ["x" * (1 << 20)])
    table = pa.table({"s": values})
    if kind == "parquet":
        pq.write_table(table, path)
    else:
        with pa.ipc.new_file(path, table.schema) as sink:
            sink.write_table(table)
    assert path.stat().st_size < 6 << 20
    assert "or more" in refused(path)


def test_rows_and_columns_of_parquet(tmp_path):
    """The footer's claims are checked by counting."""
    path = tmp_path / "t.parquet"
    pq.write_table(pa.Table.from_pylist(ROWS), path)
    assert "at most 1." in refused(path, limits=Limits(rows=1))
    assert "at most 1." in refused(path, limits=Limits(columns=1))


# ---- laws ---------------------------------------------------------------------------------------


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["parquet", "arrow", "zip", "gz"]), st.data())
def test_damaged_files_are_refused_or_read(tmp_path, kind, data):
    """A flipped byte or a missing end gives an error of ours or rows, never anything else."""
    out = io.BytesIO()
    arrow = pa.Table.from_pylist(ROWS)
    if kind == "parquet":
        pq.write_table(arrow, out)
    elif kind == "arrow":
        with pa.ipc.new_file(out, arrow.schema) as sink:
            sink.write_table(arrow)
    elif kind == "zip":
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.csv", CSV)
    else:
        out.write(gzip.compress(CSV, mtime=0))
    raw = bytearray(out.getvalue())
    if data.draw(st.booleans()):
        del raw[data.draw(st.integers(1, len(raw) - 1)) :]
    else:
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    path = tmp_path / "damaged"
    path.write_bytes(bytes(raw))
    try:
        found = read_table(path)
    except (DataError, UsageError):
        return
    assert isinstance(found.table, Table)


# ---- what others left ----------------------------------------------------------------------------

HORRORS = {
    "211.csv": "no utf-8",
    "begrotingsanalyse-2011.csv": "no name",
    "characters.csv": "no utf-8",
    "complex.csv": "skip_initial_space",
    "example.tsv": 140,
    "excel_pasting.csv": "no name",
    "long.csv": 3999,
    "mixedGLB.csv": "no name",
    "null.csv": "the same name",
    "simple.csv": 6,
    "simple.psv": 28,
    "simple.ssv": 6,
    "skip_initials.csv": 2,
    "small.csv": "no row",
    "spanish_chars.csv": "no utf-8",
    "sparse_with_column_errors.csv": "no utf-8",
    "utf-16le_encoded.csv": 327,
    "utf8bom.csv": "no row",
    "weird_head_padding.csv": "skip_rows=2",
}


@pytest.mark.parametrize(("name", "expected"), HORRORS.items())
def test_horrors_are_read_right_or_refused(shared_data, name, expected):
    """Each of the messy files has its rows, or its reason."""
    path = shared_data / "messytables-horror" / name
    if isinstance(expected, int):
        assert read_table(path).table.rows == expected
    else:
        assert expected in refused(path)


@pytest.mark.parametrize(
    ("name", "options", "size"),
    [
        ("211.csv", {"encoding": "windows-1252"}, "no windows-1252"),
        ("complex.csv", {"skip_initial_space": True}, (3, 4)),
        ("null.csv", {"header": False, "null_values": ["null", ""]}, (10, 4)),
        ("spanish_chars.csv", {"encoding": "latin-1"}, (116, 8)),
        ("characters.csv", {"encoding": "gb18030"}, (382, 18)),
        ("small.csv", {"header": False, "names": ["c"]}, (1, 1)),
        ("utf8bom.csv", {"header": False, "names": ["x", "y"]}, (1, 2)),
    ],
)
def test_horrors_under_options(shared_data, name, options, size):
    """The options that a message names read the file, or give the next reason."""
    path = shared_data / "messytables-horror" / name
    asked = ReadOptions.of(options)
    if isinstance(size, str):
        assert size in refused(path, options=asked)
    else:
        found = read_table(path, options=asked).table
        assert (found.rows, len(found.columns)) == size


@pytest.mark.parametrize(
    ("name", "rows", "types"),
    [
        ("chicago-taxi/simple.csv", 15_002, {"pickup_census_tract": "int", "company": "str"}),
        ("bike-sharing/hour.csv", 17_379, {"dteday": "date", "temp": "float"}),
        ("vega-dirty/birdstrikes.csv", 10_000, {"Flight Date": "date"}),
        ("online-retail/online_retail.parquet", 541_909, {}),
    ],
)
def test_other_data(shared_data, name, rows, types):
    """Whole files with their traps: a column that is empty but for one value, ISO dates."""
    table = read_table(shared_data / name).table
    assert table.rows == rows
    assert {column: table.types[column] for column in types} == types


def test_movies_are_json(shared_data):
    """JSON is refused with what to do instead."""
    assert "read it with pandas" in refused(shared_data / "vega-dirty" / "movies.json")


def test_dates_of_another_order(shared_data):
    """DD-MM-YYYY is text until its format is said."""
    path = shared_data / "bike-sharing" / "hour_asfound_ddmmyyyy.csv"
    assert read_table(path).table.types["dateday"] == "str"
    options = ReadOptions.of({"types": {"dateday": "date"}, "formats": {"dateday": "%d-%m-%Y"}})
    assert read_table(path, options=options).table.types["dateday"] == "date"


def test_flights(flights_data):
    """All flights of 2013, from the archive: times in UTC, NA is null."""
    table = read_table(flights_data / "flights.csv.zip").table
    assert (table.rows, len(table.columns)) == (336_776, 19)
    assert table.types["time_hour"] == "timestamp"
    assert table.column("arr_delay").null_count == 9_430
