"""The parity gate: it passes what is equal, and names what is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from interplane.data.table import Table
from interplane.errors import ParityBroken
from interplane.expressions.nodes import Call
from interplane.expressions.row_program import compile_row
from interplane.expressions.trees import rebuild
from interplane.features import encodings as ip
from interplane.features.definition import features
from interplane.features.edges import EDGES, edge_rows
from interplane.features.parity import prove
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
    """The proof says how much was compared."""
    proof = prove(FROZEN, ROWS, sample=10, seed=5)
    edges = len(EDGES["float"]) + len(EDGES["str"]) + 100
    assert Parity(rows=10, edge_rows=edges, values=2 * (10 + edges), seed=5) == proof


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


class VectorWithoutNulls:
    """A row program that is right for rows, and gives a model 0 where it should give NaN."""

    def __init__(self, outputs, **settings):
        self.program = compile_row(outputs, **settings)

    def __call__(self, row):
        return self.program(row)

    def vector(self, values):
        return [0.0 if number != number else number for number in self.program.vector(values)]


def test_the_vector_for_a_model_is_proved_too():
    """It is source of its own: equal rows do not prove it."""
    with pytest.raises(ParityBroken, match=r"'wave' is None on the engine and 0\.0 in"):
        prove(FROZEN, ROWS, compiler=VectorWithoutNulls)


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


def test_rows_are_drawn_by_the_seed():
    """The same seed gives the same edge rows."""
    draws = [repr(edge_rows({"x": "float"}, [], seed=seed)) for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]
