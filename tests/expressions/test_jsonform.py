"""The JSON form: what is written is read again, and nothing else is read."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.errors import ExpressionError
from interplane.expressions.expr import Row
from interplane.expressions.jsonform import from_json, to_json
from interplane.expressions.nodes import Literal, Lookup
from interplane.record import canonical
from interplane.record.tables import TYPES
from interplane.testing.random_expressions import Draw

ROW = Row({"x": "float", "s": "str", "late": "bool"})
STATISTIC = (ROW.x.quantile(0.9, where=ROW.late, by=[ROW.s, ROW.late]) + 1).node
LOOKUP = Lookup("t", (ROW.s.node,), Literal(0.5, "float"), "float")


@given(seed=st.integers(0, 2**40), kind=st.sampled_from(TYPES))
def test_load_of_save_is_the_same(seed: int, kind: Any) -> None:
    """Every expression comes back as it was, through real JSON text."""
    node = Draw(seed).expression(kind, depth=4)
    assert node == from_json(json.loads(canonical(to_json(node))))


@pytest.mark.parametrize("node", [STATISTIC, LOOKUP, Literal(float("inf"), "float")])
def test_statistics_and_lookups_come_back(node: Any) -> None:
    """Unfitted expressions have a form too."""
    assert node == from_json(to_json(node))


def test_shared_parts_are_stored_once() -> None:
    """x + 1 stands once, however often it is used."""
    x = ROW.x + 1
    assert [
        {"column": "x", "type": "float"},
        {"value": "1.0", "type": "float"},
        {"op": "add", "args": [0, 1], "type": "float"},
        {"op": "mul", "args": [2, 2], "type": "float"},
    ] == to_json((x * x).node)["nodes"]


GOOD = to_json(ROW.x.round(2).is_in([1.5, 2]).node)


def _edited(path: list[Any], value: Any) -> Any:
    plain = copy.deepcopy(GOOD)
    place: Any = plain
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return plain


@pytest.mark.parametrize(
    ("plain", "place"),
    [
        (None, "$"),
        ([], "$"),
        ({"version": 1}, "$"),
        (_edited(["version"], 2), "$.version"),
        (_edited(["nodes"], []), "$.nodes"),
        (_edited(["nodes"], "x"), "$.nodes"),
        (_edited(["nodes", 0], 5), "$.nodes[0]"),
        (_edited(["nodes", 0], {"column": "x", "op": "ln", "type": "float"}), "$.nodes[0]"),
        (_edited(["nodes", 0, "column"], ""), "$.nodes[0].column"),
        (_edited(["nodes", 0, "type"], "decimal"), "$.nodes[0].type"),
        (_edited(["nodes", 0, "more"], 1), "$.nodes[0]"),
        (_edited(["nodes", 1, "op"], "system"), "$.nodes[1]"),
        (_edited(["nodes", 1, "args"], [1]), "$.nodes[1].args"),
        (_edited(["nodes", 1, "args"], [-1]), "$.nodes[1].args"),
        (_edited(["nodes", 1, "args"], [True]), "$.nodes[1].args"),
        (_edited(["nodes", 1, "args"], [0, 0]), "$.nodes[1]"),
        (_edited(["nodes", 1, "type"], "int"), "$.nodes[1].type"),
        (_edited(["nodes", 1, "options"], {}), "$.nodes[1]"),
        (_edited(["nodes", 1, "options"], []), "$.nodes[1].options"),
        (_edited(["nodes", 1, "options", "digits"], 2), "$.nodes[1].options.digits"),
        (_edited(["nodes", 1, "options", "digits", "value"], "99"), "$.nodes[1]"),
        (_edited(["nodes", 1, "options", "digits", "value"], "2_0"), "$.nodes[1].options.digits"),
        (_edited(["nodes", 1, "options", "digits", "value"], " 2"), "$.nodes[1].options.digits"),
        (_edited(["nodes", 2, "options", "values", "values"], ["1.50"]), "$.nodes[2].options"),
        (_edited(["nodes", 2, "options", "values", "values"], ["nan"]), "$.nodes[2].options"),
        (_edited(["nodes", 0], {"value": "1", "type": "float"}), "$.nodes[0].value"),
        (_edited(["nodes", 0], {"value": "1", "type": "bool"}), "$.nodes[0].value"),
        (_edited(["nodes", 0], {"value": 1.5, "type": "float"}), "$.nodes[0].value"),
        (_edited(["nodes", 0], {"value": str(2**63), "type": "int"}), "$.nodes[0].value"),
        (_edited(["nodes", 0], {"value": "2013-1-1", "type": "date"}), "$.nodes[0].value"),
        (_edited(["nodes", 0], {"value": "\ud800", "type": "str"}), "$.nodes[0].value"),
        (_edited(["nodes", 1], {"lookup": "t", "keys": [0], "default": None, "type": "int"}),
         "$.nodes[1].keys"),
        (_edited(["nodes", 1], {"reduce": "mean", "args": [0, 0], "by": [], "type": "float"}),
         "$.nodes[1].args"),
        (_edited(["nodes", 1], {"reduce": "modus", "args": [0], "by": [], "type": "float"}),
         "$.nodes[1]"),
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_its_place(plain: Any, place: str) -> None:
    """A damaged or edited file is refused; the message says where."""
    with pytest.raises(ExpressionError) as caught:
        from_json(plain)
    assert place in str(caught.value)


@pytest.mark.parametrize("args", [[-1], [-1, -1]])
def test_a_bomb_is_refused(args: list[int]) -> None:
    """A short list that unfolds without end, or very deep, is refused at once."""
    op = {1: "neg", 2: "mul"}[len(args)]
    nodes: list[Any] = [{"column": "x", "type": "float"}]
    nodes += [{"op": op, "args": [index for _ in args], "type": "float"} for index in range(300)]
    with pytest.raises(ExpressionError, match=r"nodes inside one another|nodes in one expression"):
        from_json({"version": 1, "nodes": nodes})


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda x: (
            st.lists(x)
            | st.dictionaries(
                st.sampled_from(["version", "nodes", "op", "args", "type", "value", "column"]), x
            )
        ),
    )
)
def test_noise_is_refused(plain: Any) -> None:
    """Nothing but an ExpressionError comes out of arbitrary JSON."""
    with pytest.raises(ExpressionError):
        from_json({"version": 1, "nodes": [plain]})
