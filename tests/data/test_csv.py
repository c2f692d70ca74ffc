"""CSV: read exactly, or refused with line, byte and reason."""

from __future__ import annotations

import csv
import datetime as dt
import io
import string

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interplane.data.csv_reader import read_csv
from interplane.data.csv_structure import Structure
from interplane.data.options import LIMITS, Limits, ReadOptions
from interplane.errors import UnknownName, UnreadableFile, UsageError


def at(*parts):
    """A time of the engine: UTC, without saying so."""
    return dt.datetime(*parts)  # noqa: DTZ001


def read(text, *, limits=LIMITS, hints=None, **options):
    """Read text or bytes; return the rows and the options found."""
    raw = text.encode() if isinstance(text, str) else text
    asked = ReadOptions.of(options)
    table, found = read_csv(raw, name="f.csv", options=asked, limits=limits, hints=hints)
    return table, found


def values(text, **options):
    """Read a file with one column and return its values."""
    return read(text, **options)[0].column(0).to_pylist()


def refused(text, **options):
    """Read what must be refused and return the error."""
    with pytest.raises(UnreadableFile) as caught:
        read(text, **options)
    return caught.value


# ---- types ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "type_"),
    [
        (["1", "-2", "0"], pa.int64()),
        (["1", "007"], pa.string()),
        (["1", "+5"], pa.float64()),
        (["1", "-0"], pa.float64()),
        (["1", "0x10"], pa.string()),
        (["1", "9223372036854775807"], pa.int64()),
        (["1", "9223372036854775808"], pa.string()),
        (["1.5", "9007199254740993"], pa.string()),
        (["1.5", "1e3", ".5", "5."], pa.float64()),
        (["1.5", "1e400"], pa.string()),
        (["1.5", "nan", "-inf"], pa.float64()),
        (["1.5", "1_000"], pa.string()),
        (["1.5", "01.5"], pa.string()),
        (["true", "False"], pa.bool_()),
        (["true", "0"], pa.string()),
        (["2013-01-01"], pa.date32()),
        (["2013-1-1"], pa.string()),
        (["2013-01-01 05:00"], pa.timestamp("us")),
        (["2013-01-01T05:00:00Z"], pa.timestamp("us")),
        (["2013-01-01T05:00:00Z", "2013-01-01T05:00:00"], pa.string()),
        (["2013-01-01T05:00:00.123456789"], pa.string()),
        (["2013"], pa.int64()),
        (["12:30"], pa.string()),
        (["", "NA"], pa.string()),
        (["1"] * 10_000 + ["x"], pa.string()),
        ([""] * 10_000 + ["17031"], pa.int64()),
    ],
)
def test_type_of_all_values(cells, type_):
    """A column's type is one that every value is written as; one cell in 10,000 decides."""
    table, _ = read("c,d\n" + "".join(f"{cell},0\n" for cell in cells))
    assert table.schema.field("c").type == type_
    if type_ == pa.string():
        assert table.column("c").to_pylist() == [None if c in {"", "NA"} else c for c in cells]


def test_zoned_times_are_moved_to_utc():
    """An offset is data."""
    table, _ = read("t,x\n2013-01-01T05:00:00+02:00,1\n2013-01-01T05:00:00Z,1\n")
    assert table.column("t").to_pylist() == [
        at(2013, 1, 1, 3),
        at(2013, 1, 1, 5),
    ]


def test_quoted_na_is_text_and_unquoted_is_null():
    """Namibia survives where quotes say that it is text."""
    table, _ = read('country,n\n"NA",1\nNA,2\n"",3\n,4\n')
    assert table.column("country").to_pylist() == ["NA", None, "", None]


def test_quoted_nulls_among_numbers_are_null():
    """A file that quotes every field still has numbers."""
    table, _ = read('n,t\n"1","2013-01-01"\n"","NA"\n')
    assert table.to_pydict() == {"n": [1, None], "t": [dt.date(2013, 1, 1), None]}


def test_null_values_can_be_said():
    """Other words for null are an option, which is recorded."""
    table, found = read("a,b\n-999,x\nNA,y\n", null_values=["-999"])
    assert table.to_pydict() == {"a": [None, "NA"], "b": ["x", "y"]}
    assert found.to_record() == {"null_values": ["-999"]}


def test_types_can_be_said():
    """A column is read as asked, though it could be something else."""
    table, _ = read("a,b\n1,2\n", types={"a": "str", "b": "float"})
    assert table.to_pydict() == {"a": ["1"], "b": [2.0]}


def test_a_value_of_another_type_is_found():
    """The first value that is not as asked is named with its line and byte."""
    error = refused('a,b\n1,"x\ny"\n2,z\nthree,w\n', types={"a": "int"})
    assert "f.csv, line 5 (byte 16): column 'a' has 'three'" in str(error)
    assert error.details == {"file": "f.csv", "line": 5, "byte": 16}


def test_unknown_column_in_types():
    """A typo finds its neighbour."""
    with pytest.raises(UnknownName, match="Did you mean 'distance'"):
        read("distance,b\n1,2\n", types={"distnace": "int"})


def test_hints_are_tried_first_and_never_forced():
    """A schema's type is taken where the values allow it."""
    table, _ = read("a,b,c\n1,2,\n3,x,\n", hints={"a": "str", "b": "int", "c": "date"})
    assert [field.type for field in table.schema] == [pa.string(), pa.string(), pa.date32()]


def test_decimal_comma_thousands_and_formats():
    """Numbers and dates as they are written elsewhere."""
    text = "n;m;d\n1,5;1.000;31.12.2011\n0;-2.345.678;01.01.2012\n"
    table, _ = read(
        text, decimal=",", thousands=".", types={"d": "date"}, formats={"d": "%d.%m.%Y"}
    )
    assert table.to_pydict() == {
        "n": [1.5, 0.0],
        "m": [1000, -2345678],
        "d": [dt.date(2011, 12, 31), dt.date(2012, 1, 1)],
    }


@pytest.mark.parametrize(
    ("value", "written", "expected"),
    [
        ("1.2.2013", "%d.%m.%Y", "2013-02-01 00:00:00"),
        ("2013-01-01 05:00 +0200", "%Y-%m-%d %H:%M %z", "2013-01-01 03:00:00"),
        ("2013-01-01 05:00:00.5", "%Y-%m-%d %H:%M:%S.%f", "2013-01-01 05:00:00.500000"),
        ("5:07 PM 2013-01-01", "%I:%M %p %Y-%m-%d", "2013-01-01 17:07:00"),
    ],
)
def test_formats_read_what_is_written(value, written, expected):
    """Also without leading zeros, with a zone, with parts of a second."""
    table, _ = read(f"x,y\n{value},1\n,2\n{value},3\n", formats={"x": written})
    assert [expected, "None", expected] == [str(item) for item in table.column("x").to_pylist()]


@pytest.mark.parametrize(
    ("value", "written", "to"),
    [
        ("31.02.2013", "%d.%m.%Y", "date"),
        ("2013-01-01 24:00", "%Y-%m-%d %H:%M", "timestamp"),
        ("2013-01-01 05:00", "%Y-%m-%d %H:%M", "date"),
        ("31.12.2013 or so", "%d.%m.%Y", "date"),
    ],
)
def test_formats_refuse_what_is_no_such_time(value, written, to):
    """The 31st of February is not the third of March, and a date has no hour."""
    with pytest.raises(UnreadableFile, match=f"line 3 .*{value}"):
        read(
            f"x,y\n{'2013-01-01 00:00' if '-' in written else '01.01.2013'},1\n{value},2\n",
            formats={"x": written},
            types={"x": to},
        )


def test_thousands_stand_between_three_digits():
    """1,5 is no 15."""
    table, _ = read('n;m\n"1,5";1\n', thousands=",")
    assert table.column("n").to_pylist() == ["1,5"]


# ---- dialects ---------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends(end, last):
    """Each kind of line end, with and without one at the end of the file."""
    text = end.join(["a,b", "1,2", '"x', 'y",4']) + (end if last else "")
    table, _ = read(text.replace('"x' + end, '"x '))
    assert table.num_rows == 2


def test_mixed_line_ends_and_byte_order_mark():
    """A file put together from several still has its rows."""
    table, found = read(b"\xef\xbb\xbfa,b\r\n1,2\n3,4\r5,6")
    assert table.to_pydict() == {"a": [1, 3, 5], "b": [2, 4, 6]}
    assert found.to_record() == {}


@pytest.mark.parametrize(("mark", "name"), [(";", "ssv"), ("\t", "tsv"), ("|", "psv")])
def test_delimiter_is_found_and_recorded(mark, name):
    """The header shows the delimiter; what was found is part of the record."""
    table, found = read(f"a{mark}b\n1{mark}{name}\n")
    assert table.to_pydict() == {"a": [1], "b": [name]}
    assert found.to_record() == {"delimiter": mark}


def test_delimiter_inside_quotes_is_no_sign():
    """A semicolon in a quoted name is text."""
    table, _ = read('"a;b;c",d\n1,2\n')
    assert table.column_names == ["a;b;c", "d"]


def test_unclear_delimiter_is_refused():
    """Where two delimiters could be meant, nobody guesses."""
    assert "not clear" in str(refused("a;b;c,d\n1;2;3,4\n"))


def test_encodings_are_known_by_mark_or_said():
    """UTF-16 by its mark; Latin-1 only when said; both recorded."""
    table, found = read("a,b\n1,é\n".encode("utf-16"))
    assert (table.column("b").to_pylist(), found.to_record()) == (["é"], {"encoding": "utf-16-le"})
    table, found = read("a,b\n1,é\n".encode("latin-1"), encoding="latin-1")
    assert (table.column("b").to_pylist(), found.to_record()) == (["é"], {"encoding": "latin-1"})


def test_reading_again_under_the_options_found_gives_the_same():
    """What is recorded is enough to read the file again."""
    raw = "t\tb\n1\té\n".encode("utf-16")
    table, found = read(raw)
    again, same = read_csv(raw, name="f.csv", options=found, limits=LIMITS)
    assert (again, same) == (table, found)


def test_spaces_after_delimiters_can_be_left_out():
    """A quote after a space is refused with that advice, and read with it."""
    text = 'a, b\n1, "x, y"\n'
    assert "skip_initial_space" in str(refused(text))
    table, _ = read(text, skip_initial_space=True)
    assert table.to_pydict() == {"a": [1], "b": ["x, y"]}


def test_quotes_can_be_plain_text():
    """Inches are refused with advice, and read with it."""
    text = 'size,n\n5" pipe,1\n'
    assert "quote=''" in str(refused(text))
    assert read(text, quote="")[0].to_pydict() == {"size": ['5" pipe'], "n": [1]}


def test_preamble_and_names():
    """Lines above the header are skipped when said; names can be given."""
    text = "A title\n\na,a\n1,2\n"
    table, found = read(text, skip_rows=2, names=["x", "y"])
    assert table.to_pydict() == {"x": [1], "y": [2]}
    assert found.to_record() == {"skip_rows": 2, "names": ["x", "y"]}


def test_files_without_header():
    """The first line can be data; names are given or made."""
    assert read("1,2\n", header=False, names=["x", "y"])[0].to_pydict() == {"x": [1], "y": [2]}
    assert read("1,2\n", header=False)[0].column_names == ["column_1", "column_2"]


def test_blank_lines_by_option():
    """What a blank line means is said, never guessed."""
    text = "a,b\n1,2\n\n3,4\n"
    error = refused(text)
    assert "line 3 (byte 8): the line is blank" in str(error)
    assert read(text, blank_lines="skip")[0].to_pydict() == {"a": [1, 3], "b": [2, 4]}
    assert read(text, blank_lines="null")[0].column("a").to_pylist() == [1, None, 3]


def test_blank_lines_at_the_end_are_no_rows():
    """But in a single column they might be nulls."""
    assert read("a,b\n1,2\n\n\n")[0].num_rows == 1
    assert "blank" in str(refused("a\n1\n\n"))
    assert values("a\n1\n\n", blank_lines="null") == [1, None]
    assert values("a\n1\n\n", blank_lines="skip") == [1]


def test_blank_lines_inside_quotes_are_text():
    """A paragraph in a field."""
    assert read('a,b\n"x\n\ny",2\n')[0].column("a").to_pylist() == ["x\n\ny"]


def test_a_row_longer_than_a_block():
    """Texts of several megabytes are rows too."""
    long = "x" * (10 << 20)
    assert read(f"a,b\n1,{long}\n2,y\n")[0].column("b").to_pylist() == [long, "y"]


# ---- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        (" \n\n", "the file is empty"),
        ("a,b\n", "a header of 2 columns and no row"),
        ("a,b\n\n\n", "a header of 2 columns and no row"),
        ("a,a\n1,2\n", "line 1: columns 'a' and 'a'"),
        ("a,\n1,2\n", "line 1: column 2 of the header has no name"),
        ("a,b\n1,2\n3\n", "line 3 (byte 8): the row has 1 field. Expected 2"),
        ("a,b\n1,2\n3,4,5\n", "line 3 (byte 8): the row has 3 fields. Expected 2"),
        ('a,b\n"1\n2",2\n3\n', "line 4 (byte 12): the row has 1 field"),
        ("\n\na,b\n1,2\n", "--option skip_rows=2"),
        ("Title\na,b\n" + "1,2\n" * 20, "--option skip_rows=1"),
        ('a,b\n"1,2\n3,4\n', "line 2 (byte 4): a quoted field is never closed"),
        ('a,b\n"x"y,2\n', "line 2 (byte 6): text follows the closing quote"),
        ('a,b\n1,x"y"\n', "line 2 (byte 7): a quote stands inside a field"),
        (b"a,b\n1,\xff\n", "line 2 (byte 6): the bytes ff are no utf-8"),
        (b"a,b\n1,\x00\n", "line 2 (byte 6): there is a NUL byte"),
        ("a,b\n1,é\n".encode("utf-16-le"), "encoding='utf-16-le'"),
    ],
)
def test_what_cannot_be_read_exactly(text, message):
    """Each is refused with its place, the reason and what to do."""
    error = refused(text)
    assert message in str(error)
    assert error.do or error.expected


def test_places_count_what_was_skipped_and_the_file_s_encoding():
    """Line and byte are those of the file, not of what was left of it."""
    raw = "título\na,b\n1,é\n3\n".encode("latin-1")
    error = refused(raw, encoding="latin-1", skip_rows=1)
    assert (error.details["line"], error.details["byte"]) == (4, raw.index(b"3"))


def test_unknown_encoding_and_options():
    """Typos are usage errors."""
    with pytest.raises(UsageError, match="not known"):
        read("a,b\n1,2\n", encoding="utf-99")
    with pytest.raises(UnknownName, match="Did you mean 'delimiter'"):
        ReadOptions.of({"delimeter": ";"})
    with pytest.raises(UsageError, match="one ASCII character"):
        ReadOptions(delimiter=";;")
    with pytest.raises(UnknownName, match="type 'integer'"):
        ReadOptions.of({"types": {"a": "integer"}})


def test_budgets():
    """Rows and columns are bounded."""
    assert "at most 2" in str(refused("a,b,c\n1,2,3\n", limits=Limits(columns=2)))
    assert "at most 1" in str(refused("a,b\n1,2\n3,4\n", limits=Limits(rows=1)))


# ---- laws -------------------------------------------------------------------------------------

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
FIELDS = st.sampled_from(string.ascii_lowercase + '",;\n\r é')


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8))
def test_what_python_writes_is_read_back(rows):
    """Texts come back as they were written, whatever is in them."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([("a", "b"), *rows])
    table, _ = read(out.getvalue(), types={"a": "str", "b": "str"}, delimiter=",")
    assert list(zip(*table.to_pydict().values(), strict=True)) == rows


@given(st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), min_size=1))
def test_integers_are_read_back(numbers):
    """All of 64 bits, with nulls."""
    text = "n,x\n" + "".join(f"{'' if n is None else n},0\n" for n in numbers)
    assert read(text)[0].column("n").to_pylist() == numbers


@given(st.lists(st.floats(allow_nan=False), min_size=1))
def test_floats_are_read_back_bit_for_bit(numbers):
    """The shortest text of a float is that float again."""
    table, _ = read("n,x\n" + "".join(f"{n!r},0\n" for n in numbers), types={"n": "float"})
    assert [n.hex() for n in table.column("n").to_pylist()] == [n.hex() for n in numbers]


@settings(max_examples=200)
@given(st.text(FIELDS, max_size=30))
def test_any_text_is_read_like_the_strict_parser_or_refused(text):
    """What is taken has the rows that Python's parser finds; nothing crashes."""
    raw = "a,b\n" + text
    try:
        table, _ = read(raw, delimiter=",", types={"a": "str", "b": "str"}, null_values=["\x01"])
    except UnreadableFile:
        return
    rows = [row for row in csv.reader(io.StringIO(raw, newline=""), strict=True) if row][1:]
    assert [list(row.values()) for row in table.to_pylist()] == rows


@given(st.lists(st.lists(CELLS.filter(bool), min_size=1, max_size=4), min_size=1, max_size=6))
def test_structure_counts_fields_like_the_parser(rows):
    """Records and fields are those that Python's parser finds."""
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    structure = Structure(out.getvalue().encode(), delimiter=",", quote='"')
    assert structure.fields().tolist() == [len(row) for row in rows]
    assert structure.quote_fault() is None
