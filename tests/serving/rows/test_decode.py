"""Two ways to decode a request, one policy: the quick way equals the exact one or steps aside."""

# ruff: noqa: DTZ001  our timestamps are UTC without a zone

from __future__ import annotations

import json
import math
import struct
from datetime import date, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from interplane.errors import RequestRejected
from interplane.models.request_schema import Field, RequestSchema
from interplane.serving.decode import Decoder, Request
from interplane.serving.refusals import Malformed

TYPES = ("bool", "int", "float", "str", "date", "timestamp")


def field(name: str, kind: str, *, nullable: bool = False, required: bool = True) -> Field:
    """A column."""
    return Field(name=name, type=kind, nullable=nullable, required=required)


STRICT = RequestSchema(fields=tuple(field(kind, kind) for kind in TYPES), inputs=6)
NULLABLE = RequestSchema(fields=tuple(field(k, k, nullable=True) for k in TYPES), inputs=6)
LOOSE = RequestSchema(
    fields=tuple(field(k, k, nullable=True, required=False) for k in TYPES), inputs=6
)
MIXED = RequestSchema(
    fields=(
        field("f1", "float"),
        field("f0", "str", nullable=True),
        field("größe", "int", required=False),
        field("", "timestamp", nullable=True, required=False),
    ),
    inputs=3,
)
SCHEMAS = {"strict": STRICT, "nullable": NULLABLE, "loose": LOOSE, "mixed": MIXED}
DECODERS = {name: Decoder(schema, most_rows=4) for name, schema in SCHEMAS.items()}
GOOD = {
    "bool": True,
    "int": 7,
    "float": 2.5,
    "str": "JFK",
    "date": "2013-05-01",
    "timestamp": "2013-05-01T06:15:00Z",
}


def bits(value: Any) -> Any:
    """A value with its type, floats by their bits."""
    return type(value), struct.pack("<d", value) if isinstance(value, float) else value


def plain(request: Request) -> Any:
    """What a request came to: values by their bits, errors by what they say."""
    rows = [
        row.to_dict() if isinstance(row, RequestRejected) else [bits(value) for value in row[0]]
        for row in request.rows
    ]
    return rows, request.is_batch, request.id


def body_of(value: Any) -> bytes:
    """JSON without escapes where there need be none."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def check_same(decoder: Decoder, body: bytes) -> bool:
    """Hold the two ways against each other; return whether the quick one took the body."""
    quick, row = decoder.decode_quick(body), decoder.decode_row(body)
    if row is not None:
        assert plain(decoder.decode_exact(body)) == plain(Request([row]))
    if quick is None:
        assert row is None
        return False
    assert plain(decoder.decode_exact(body)) == plain(quick)
    logged = [json.loads(msgspec.json.encode(logged)) for _, logged in quick.rows]
    again = [list(decoder.schema.decode(row).values()) for row in logged]
    assert [[bits(v) for v in row] for row in again] == plain(quick)[0]
    return True


# ---- values: near to good ones, and hostile ones, written in every way ------------------------

NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(
        [
            "-0",
            "-0.0",
            "0e5",
            "5.0",
            "1e2",
            "1E+2",
            "1e400",
            "-1e400",
            "1e-400",
            "01",
            "1.",
            ".5",
            "+1",
            "-",
            "1e",
            "0x1",
            "NaN",
            "Infinity",
            "-Infinity",
            "9007199254740991",
            "9007199254740992",
            "9007199254740993",
            "9007199254740993.0",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775808",
            "-9223372036854775809",
            "0.1000000000000000055511151231257827021181583404541015625",
            "2.5e-324",
            "1797693134862315807937289714053034150799341327100378269361737789804449682927647509466490179772072076e300",
        ]
    ),
)
SEPARATORS = st.sampled_from(["T", " ", "t", "_", "", "x"])
ZONES = st.sampled_from(["", "Z", "z", "+02:00", "-00:00", "+0200", "+02", "+24:00", " Z", "Z1"])
TIMES = st.one_of(
    st.builds(
        "{}{}{}{}{}".format,
        st.sampled_from(["2013-05-01", "2013-W01-1", "20130501", "0001-01-01", "9999-12-31"]),
        SEPARATORS,
        st.sampled_from(
            ["06:15:00", "06:15", "061500", "06:15:60", "24:00:00", "23:59:59", "6:15:00"]
        ),
        st.sampled_from(["", ".5", ".123456", ".1234567", ".9999999", ".", ",5"]),
        ZONES,
    ),
    st.datetimes().map(lambda time: f"{time.isoformat()}Z"),
    st.dates().map(date.isoformat),
    st.sampled_from(
        [
            "2013-02-30",
            "0000-01-01",
            "\uff12013-05-01",
            "2013-05-01 ",
            "2013-5-1",
            "2013-05-01T0x:00:00Z",
        ]
    ),
)
TEXTS = st.one_of(
    st.text(max_size=8),
    TIMES,
    st.sampled_from(["", "\0", "\ud800", '"', "\\", "a\nb", "\x7f", "𝄞", "é", "true", "5"]),
)


def as_json(text: str) -> str:
    """A text as JSON, with escapes only where there must be some."""
    return json.dumps(text, ensure_ascii=False)


SCALARS = st.one_of(
    NUMBERS,
    TEXTS.map(as_json),
    TEXTS.map(json.dumps),
    st.sampled_from(["null", "true", "false", "[]", "{}", "[1]", '{"a":1}', "tru", "'a'", ""]),
)
PLAIN_FLOATS = st.floats(-1e15, 1e15).map(repr)
PLAIN_TIMES = st.datetimes().map(lambda time: as_json(f"{time.isoformat()}Z"))
USUAL = {
    "bool": st.sampled_from(["true", "false"]),
    "int": st.integers(-(2**63), 2**63 - 1).map(str),
    "float": st.one_of(PLAIN_FLOATS, PLAIN_FLOATS, st.integers(-9, 9).map(str), NUMBERS),
    "str": st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=5).map(as_json),
    "date": st.dates().map(lambda day: as_json(day.isoformat())),
    "timestamp": st.one_of(PLAIN_TIMES, PLAIN_TIMES, PLAIN_TIMES, TIMES.map(as_json)),
}
SPACE = st.sampled_from(["", "", "", " ", "\n\t", "\r"])
LUCK = st.sampled_from(
    [*[""] * 40, "missing", "double", "escape", "odd", "odd", "unknown", "joint", "damage"]
)


@st.composite
def rows(draw: Any, schema: RequestSchema) -> str:
    """The JSON of a row: mostly right, with columns missing, doubled, unknown or of another type."""
    members = []
    for each in schema.fields:
        luck = draw(LUCK)
        name = json.dumps(each.name, ensure_ascii=luck in {"escape", "double"})
        value = draw(SCALARS if luck == "odd" else USUAL[each.type])
        if luck != "missing":
            members.append(f"{draw(SPACE)}{name}{draw(SPACE)}:{draw(SPACE)}{value}{draw(SPACE)}")
        if luck == "double":
            members.append(f"{name}:{draw(st.one_of(USUAL[each.type], SCALARS))}")
    luck = draw(LUCK)
    if luck == "unknown":
        members.append(f"{draw(TEXTS.map(as_json))}:{draw(SCALARS)}")
    joint = draw(st.sampled_from([",,", "", ";"])) if luck == "joint" else ","
    return f"{{{joint.join(draw(st.permutations(members)))}}}"


@st.composite
def bodies(draw: Any, schema: RequestSchema) -> bytes:
    """The bytes of a request around such rows."""
    members = []
    forms = draw(st.sampled_from(["row", "row", "row", "rows", "rows", "both", "none"]))
    if forms in {"row", "both"}:
        members.append(f'"row":{draw(rows(schema))}')
    if forms in {"rows", "both"}:
        batch = draw(st.lists(rows(schema), max_size=5))
        members.append(f'"rows":[{",".join(batch)}]')
    if draw(st.booleans()):
        members.append(f'"id":{draw(SCALARS if draw(LUCK) else st.just(as_json("a7")))}')
    if draw(LUCK) == "unknown":
        members.append(f"{draw(TEXTS.map(as_json))}:{draw(SCALARS)}")
    text = f"{draw(SPACE)}{{{','.join(draw(st.permutations(members)))}}}{draw(SPACE)}"
    body = text.encode("utf-8", "surrogatepass")
    if draw(LUCK) == "damage":
        place = draw(st.integers(0, len(body)))
        body = body[:place] + draw(st.binary(max_size=2)) + body[place + draw(st.integers(0, 1)) :]
    return body


@pytest.mark.parametrize("name", SCHEMAS)
@given(data=st.data())
def test_the_quick_way_is_the_exact_way(name, data):
    """For any body whatever: the same rows, types and bits, or the quick way steps aside."""
    check_same(DECODERS[name], data.draw(bodies(SCHEMAS[name])))


@given(st.dictionaries(st.sampled_from(TYPES), st.sampled_from(["null", "true", "1", '"a"'])))
@example({})
def test_what_is_left_out(values):
    """Null and left out are told apart where the schema does."""
    text = ",".join(f'"{name}":{value}' for name, value in values.items())
    for decoder in DECODERS.values():
        check_same(decoder, f'{{"row":{{{text}}}}}'.encode())


def test_the_quick_way_takes_what_is_usual():
    """Otherwise the law above would hold for nothing."""
    rows = [GOOD, {**GOOD, "str": "é𝄞"}, {**GOOD, "float": 3, "timestamp": "2013-05-01 06:15"}]
    for name in ("strict", "nullable", "loose"):
        assert check_same(DECODERS[name], body_of({"rows": rows, "id": "a"}))
        for row in rows:
            assert check_same(DECODERS[name], body_of({"row": row}))
    nulls = dict.fromkeys(GOOD)
    assert check_same(DECODERS["nullable"], body_of({"row": nulls}))
    assert check_same(DECODERS["loose"], body_of({"row": nulls}))
    assert check_same(DECODERS["loose"], b'{"row": {}}')
    assert check_same(DECODERS["loose"], b'{"rows": []}')
    assert check_same(DECODERS["mixed"], body_of({"row": {"f0": "x", "f1": 1, "größe": 4}}))


ALMOST = [
    b'{"row":{"bool":true}]',
    b'{"row":{"bool":true}},"id":"a"}',
    b'{"row":{"bool":true}}}',
    b'{"row":{"bool":true}}\n',
    b'{"row":null}',
    b'{"row":}',
    b'{"row":{}',
    b"",
    b'{"row"',
    b' {"row":{}}',
]


@pytest.mark.parametrize("body", ALMOST)
def test_what_is_almost_a_plain_row_is_none(body):
    """The shortest way looks at the first and the last bytes, and msgspec at all between them."""
    assert DECODERS["loose"].decode_row(body) is None


def test_a_plain_row_is_taken_the_shortest_way():
    """Also with a space, as Python's json writes it."""
    for body in (b'{"row":{"bool":true}}', b'{"row": {"bool":true} }'):
        values, logged = DECODERS["loose"].decode_row(body)
        assert [True, None, None, None, None, None] == values
        assert b'{"bool":true}' == msgspec.json.encode(logged)


def test_values_are_typed():
    """In the order of the schema."""
    expected = [True, 7, 2.5, "JFK", date(2013, 5, 1), datetime(2013, 5, 1, 6, 15)]
    for decode in (DECODERS["strict"].decode_quick, DECODERS["strict"].decode_exact):
        request = decode(body_of({"row": GOOD, "id": "a7"}))
        assert expected == request.rows[0][0]
        assert (False, "a7") == (request.is_batch, request.id)


def test_a_name_that_json_writes_with_an_escape():
    """Such a schema has no quick way, and the same policy."""
    decoder = Decoder(RequestSchema(fields=(field('a"b', "int"),), inputs=1))
    body = body_of({"row": {'a"b': 3}})
    assert decoder.decode_quick(body) is None
    assert decoder.decode_row(body) is None
    assert [3] == decoder.decode(body).rows[0][0]


REFUSED = {
    "null": (body_of({"row": {**GOOD, "float": None}}), "null at $.row.float", "$.row.float"),
    "missing": (body_of({"row": {}}), "$.row.bool is missing", "$.row.bool"),
    "unknown": (body_of({"row": {**GOOD, "x": 1}}), "'x' at $.row", "$.row.x"),
    "nan": (body_of({"row": {**GOOD, "float": math.nan}}), "nan at $.row.float", "$.row.float"),
    "infinity": (body_of({"row": {**GOOD, "float": math.inf}}), "inf at", "$.row.float"),
    "too large": (
        body_of({"row": {**GOOD, "float": 0}}).replace(b": 0", b": 1e400"),
        "1e400 at $.row.float. Expected a finite number",
        "$.row.float",
    ),
    "many digits": (
        body_of({"row": {**GOOD, "int": 0}}).replace(b": 0", b": " + b"9" * 5000),
        "9999… at $.row.int",
        "$.row.int",
    ),
    "long integer": (
        body_of({"row": {**GOOD, "int": 10**20}}),
        "100000000000000000000 at $.row.int (it has more than 64 bits)",
        "$.row.int",
    ),
    "inexact": (body_of({"row": {**GOOD, "float": 2**53 + 1}}), "exactly", "$.row.float"),
    "bool for number": (body_of({"row": {**GOOD, "int": True}}), "True at", "$.row.int"),
    "float for int": (body_of({"row": {**GOOD, "int": 5.0}}), "5.0 at", "$.row.int"),
    "surrogate": (
        body_of({"row": {**GOOD, "str": 0}}).replace(b": 0", b': "\\ud800"'),
        "'\\ud800' at $.row.str (it contains half of a surrogate pair)",
        "$.row.str",
    ),
    "nul": (body_of({"row": {**GOOD, "str": "\0"}}), "it contains NUL", "$.row.str"),
    "surrogate in a name": (
        b'{"row": {"\\ud800": 1}}',
        "an object with half of a surrogate pair in a name at $.row",
        "$.row",
    ),
    "twice": (
        b'{"row": {"int": 1, "int": 1}}',
        "an object with 'int' twice at $.row. Expected an object with a value per column",
        "$.row",
    ),
    "twice in disguise": (b'{"row": {"int": 1, "\\u0069nt": 1}}', "'int' twice", "$.row"),
    "no object": (b'{"row": [1]}', "[1] at $.row", "$.row"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_row_is_refused_with_its_path(name):
    """The policy: exact, or refused; the error can be written as JSON."""
    body, what, path = REFUSED[name]
    (error,) = DECODERS["strict"].decode(body).rows
    assert what in str(error)
    assert path == error.details["path"]
    json.dumps(error.to_dict(), ensure_ascii=False).encode()


def test_a_batch_that_is_too_long_is_refused():
    """As a whole: nobody guesses which rows were meant."""
    with pytest.raises(RequestRejected, match="5 rows at") as caught:
        DECODERS["strict"].decode(body_of({"rows": [GOOD] * 5}))
    assert not isinstance(caught.value, Malformed)
    assert "$.rows" == caught.value.details["path"]


MALFORMED = {
    "empty": (b"", "no JSON"),
    "no JSON": (b"{", "no JSON: Expecting property name"),
    "comma": (b'{"row": {},}', "line 1, column 12"),
    "no UTF-8": (b'{"row": "\xff"}', "no UTF-8 (invalid start byte at byte 9)"),
    "surrogates as bytes": (b'{"row": "\xed\xa0\x80"}', "no UTF-8"),
    "UTF-16": ('{"row": {}}'.encode("utf-16"), "no UTF-8"),
    "byte order mark": (b"\xef\xbb\xbf{}", "no JSON"),
    "control character": (b'{"row": {"str": "a\x00"}}', "no JSON: Invalid control character"),
    "deep": (b'{"row": ' + b"[" * 1000, "nested too deep"),
    "deep objects": (b'{"row": ' + b'{"a":' * 1000, "nested too deep"),
    "deep in a text": (b'["' + b"[" * 100 + b'"]', "the request is ['[["),
    "list": (b"[]", "the request is []"),
    "neither": (b"{}", "has neither row nor rows"),
    "both": (b'{"row": {}, "rows": []}', "both row and rows"),
    "unknown": (b'{"rwo": {}}', "Did you mean 'row'?"),
    "twice": (b'{"row": {}, "row": {}}', "an object with 'row' twice"),
    "rows": (b'{"rows": {}}', "{} at $.rows"),
    "no rows": (b'{"rows": null}', "None at $.rows"),
    "id": (b'{"row": {}, "id": 7}', "7 at $.id. Expected a text of 1 to 128 printable"),
    "no id": (b'{"row": {}, "id": null}', "None at $.id"),
    "empty id": (b'{"row": {}, "id": ""}', "'' at $.id"),
    "long id": (body_of({"row": {}, "id": "a" * 129}), "at $.id"),
    "unprintable id": (b'{"row": {}, "id": "a\x7f"}', r"'a\x7f' at $.id"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_not_of_the_form_is_refused(name):
    """As a whole, with the place."""
    body, what = MALFORMED[name]
    with pytest.raises(Malformed) as caught:
        DECODERS["strict"].decode(body)
    assert what in str(caught.value)
    json.dumps(caught.value.to_dict(), ensure_ascii=False).encode()


def test_a_bad_row_harms_no_neighbour():
    """In a batch the error stands in its row's place."""
    body = body_of({"rows": [GOOD, {**GOOD, "int": "7"}, [], GOOD]})
    request = DECODERS["strict"].decode(body)
    good = DECODERS["strict"].decode(body_of({"row": GOOD})).rows[0][0]
    assert [good, good] == [request.rows[0][0], request.rows[3][0]]
    assert ["$.rows[1].int", "$.rows[2]"] == [row.details["path"] for row in request.rows[1:3]]


@pytest.mark.parametrize("body", [b"[" * 200_000, b'"' + b'\\"' * 100_000, b"[[],{}" * 30_000])
def test_hostile_bodies_are_read_in_one_pass(body):
    """However they are made, each byte is looked at a few times at most."""
    with pytest.raises(Malformed):
        DECODERS["strict"].decode(body)
