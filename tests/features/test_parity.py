"""The parity gate: it passes what is equal, and names what is not."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec
import pytest

from interplane.data.evaluating import read
from interplane.data.table import Table
from interplane.errors import ParityBroken
from interplane.expressions.nodes import Call, Literal
from interplane.expressions.row_program import compile_row
from interplane.expressions.trees import rebuild
from interplane.features import encodings as ip
from interplane.features.definition import features
from interplane.features.edges import EDGES, edge_rows
from interplane.features.parity import prove
from interplane.features.special_values import special_values
from interplane.features.training import Parity

ROWS = Table.from_columns(
    {
        "id": range(30),
        "x": [number / 3 for number in range(30)],
        "dest": ["JFK", "LGA", "EWR"] * 10,
        "late": [True, False] * 15,
    }
)


@features(label="late", key=["id"])
def some(row):
    return {
        "wave": (row.x * 2 + 1).sin() + 3,
        "rate": ip.target_encode(row.dest, row.late),
    }


FROZEN = some.fit(ROWS)


def compiler_with(broken, instead):
    """Return a compiler that mistakes one operation for another."""

    def mistaken(node):
        if isinstance(node, Call) and node.op == broken:
            return replace(node, op=instead, args=tuple(rebuild(a, mistaken) for a in node.args))
        return None

    def compiler(outputs, **settings):
        wrong = {name: rebuild(node, mistaken) for name, node in outputs.items()}
        return compile_row(wrong, **settings)

    return compiler


def test_equal_features_are_proved():
    """The proof says what was compared, and how much."""
    proof = prove(FROZEN, ROWS, sample=10, seed=5)
    special = special_values(FROZEN.features, FROZEN.lookups, read(ROWS, FROZEN.inputs))
    edges = len(EDGES["float"]) + len(EDGES["str"]) + 100 + 2 * max(map(len, special.values()))
    assert proof == Parity(
        rows=10,
        edge_rows=edges,
        values=2 * (10 + edges),
        seed=5,
        of_rows=30,
        executors=("engine", "row", "many rows"),
    )


def test_an_older_proof_keeps_its_form():
    """What older proofs do not have is not in them when they are written again."""
    plain = {"rows": 10, "edge_rows": 20, "values": 60, "seed": 5}
    assert plain == msgspec.convert(plain, type=Parity).to_dict()


def test_the_fit_proves_what_it_froze():
    """Features come out of a fit with their proof, also as JSON."""
    assert prove(FROZEN, ROWS) == FROZEN.parity
    assert FROZEN.parity.to_dict() == FROZEN.to_dict()["parity"]


def test_a_broken_operation_is_named():
    """The feature, the row, both results, and the first operation that differs."""
    with pytest.raises(ParityBroken) as raised:
        prove(FROZEN, ROWS, compiler=compiler_with("sin", "cos"))
    message = str(raised.value)
    assert "the feature 'wave' is" in message
    assert "for the row x=0.0" in message
    assert "First difference: (x * 2.0 + 1.0).sin() is" in message


def test_a_difference_below_is_named_first():
    """What stands on a broken operation differs as well; the cause is what counts."""
    with pytest.raises(ParityBroken, match=r"First difference: x \* 2.0 is"):
        prove(FROZEN, ROWS, compiler=compiler_with("mul", "sub"))


def test_a_table_that_was_tampered_with():
    """A row program with another lookup table is another program."""
    (name,) = FROZEN.lookups
    entries = {**FROZEN.lookups[name].entries, ("LGA",): 0.75}

    def compiler(outputs, *, inputs, lookups):
        return compile_row(outputs, inputs=inputs, lookups={**lookups, name: entries})

    with pytest.raises(ParityBroken, match=r"'rate'.*dest='LGA'.*First difference.*0.75"):
        prove(FROZEN, ROWS, compiler=compiler)


class Mistaken:
    """A row program that is right but for one of its ways, which makes 0 of what is undefined."""

    def __init__(self, way, outputs, settings):
        self.way = way
        self.program = compile_row(outputs, **settings)

    def __call__(self, row):
        return self.program(row)

    def __getattr__(self, name):
        right = getattr(self.program, name)
        return right if name != self.way else lambda values: self.zeros(right(values))

    def zeros(self, found):
        if isinstance(found, dict):
            return {name: self.zeros(values) for name, values in found.items()}
        return [0.0 if value is None or value != value else value for value in found]


@pytest.mark.parametrize(
    ("way", "where"),
    [
        ("vector", "the row program, for a model"),
        ("many", "the row program's loop, for a model"),
        ("many_columns", "the row program's loop"),
    ],
)
def test_every_executor_is_proved(way, where):
    """Each is source of its own: equal rows do not prove it."""
    with pytest.raises(ParityBroken, match=rf"'wave' is None on the engine and 0\.0 in {where},"):
        prove(FROZEN, ROWS, compiler=lambda outputs, **settings: Mistaken(way, outputs, settings))


def test_only_a_special_value_shows_it():
    """Bounds, keys and the ends of what was seen are tried, and what lies next to them."""

    def off_by_a_bit(outputs, **settings):
        def mistaken(node):
            if node == Literal(0.7, "float"):
                return Literal(math.nextafter(0.7, 1), "float")
            return None

        return compile_row({k: rebuild(v, mistaken) for k, v in outputs.items()}, **settings)

    frozen = features()(lambda row: {"far": row.x > 0.7}).fit(ROWS)
    with pytest.raises(ParityBroken, match=r"'far' is 1\.0 .* x=0\.7"):
        prove(frozen, ROWS, compiler=off_by_a_bit)


def test_special_values():
    """Constants and keys of the features, the range of the rows, and their neighbours."""

    @features()
    def bounded(row):
        return {
            "b": row.n.bucket([10, 20]),
            "late": row.at > datetime(2024, 2, 29),  # noqa: DTZ001
            "by": row.x.mean(by=[row.dest]),
        }

    rows = Table.from_columns(
        {
            "n": [1, 50],
            "at": [datetime(2024, 1, 1), None],  # noqa: DTZ001
            "x": [0.5, math.inf],
            "dest": ["JFK", "EWR"],
        }
    )
    frozen = bounded.fit(rows)
    found = special_values(frozen.features, frozen.lookups, read(rows, frozen.inputs))
    assert {9, 10, 11, 19, 20, 21, 0, 1, 2, 49, 50, 51} == set(found["n"])
    microsecond = timedelta(microseconds=1)
    leap, first = datetime(2024, 2, 29), datetime(2024, 1, 1)  # noqa: DTZ001
    assert {at + step * microsecond for at in (leap, first) for step in (-1, 0, 1)} == set(
        found["at"]
    )
    assert {"JFK", "jfk", " JFK", "JFK ", "EWR", "ewr", " EWR", "EWR "} == set(found["dest"])


def test_only_an_edge_row_shows_it():
    """Usual rows would pass: an edge value has to be tried."""
    compiler = compiler_with("ln", "log2")
    frozen = features()(lambda row: {"f": (row.x * 0 + 1).ln()}).fit(ROWS)
    with pytest.raises(ParityBroken, match="'f'"):
        prove(features()(lambda row: {"f": (row.x + 1).ln()}).fit(ROWS), ROWS, compiler=compiler)
    assert prove(frozen, ROWS, compiler=compiler).rows == 30


def test_edge_rows_hold_every_edge_value():
    """Each value of each column stands alone once, and all are mixed."""
    rows = edge_rows({"x": "float", "dest": "str"}, [{"x": 1.0, "dest": "JFK"}], seed=1)
    alone = len(EDGES["float"]) + len(EDGES["str"])
    assert alone + 100 == len(rows)
    assert list(EDGES["str"]) == [row["dest"] for row in rows[len(EDGES["float"]) : alone]]
    assert {1.0} == {row["x"] for row in rows[len(EDGES["float"]) : alone]}


def test_the_hours_that_clocks_go_over_twice_are_special():
    """The changes of a zone are tried, with the microseconds before and after."""
    frozen = features()(lambda row: {"h": row.at.to_local("America/New_York").hour()}).fit(
        Table.from_columns({"at": [datetime(2024, 7, 1, 12)]})  # noqa: DTZ001
    )
    rows = read(Table.from_columns({"at": [datetime(2024, 7, 1, 12)]}), frozen.inputs)  # noqa: DTZ001
    changes = special_values(frozen.features, frozen.lookups, rows)["at"]
    spring = datetime(2024, 3, 10, 7)  # noqa: DTZ001
    microsecond = timedelta(microseconds=1)
    assert {spring - microsecond, spring, spring + microsecond} <= set(changes)


def test_special_values_stand_together():
    """Each twice, beside those of other columns; a column without takes usual values."""
    types = {"n": "int", "dest": "str", "x": "float"}
    special = {"n": [1, 2, 3], "dest": ["a"], "x": []}
    rows = edge_rows(types, [{"n": 0, "dest": "b", "x": 0.5}], seed=1, special=special)[-6:]
    assert sorted([1, 2, 3] * 2) == sorted(row["n"] for row in rows)
    assert {("a", 0.5)} == {(row["dest"], row["x"]) for row in rows}


def test_rows_are_drawn_by_the_seed():
    """The same seed gives the same edge rows."""
    draws = [repr(edge_rows({"x": "float"}, [], seed=seed)) for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]
