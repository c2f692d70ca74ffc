"""The list of parts: equal ones once, kinds of equality kept apart, facts about floats."""

from __future__ import annotations

from interplane.expressions.expr import Row, literal
from interplane.expressions.graph import Graph
from interplane.expressions.nodes import Call, Node

ROW = Row({"x": "float", "y": "float", "n": "int"})


def test_equal_parts_stand_once() -> None:
    """Two features written apart share what is equal."""
    graph = Graph([(ROW.x + 1).ln().node, ((ROW.x + 1).ln() * 2).node])
    assert 6 == len(graph.parts)
    assert 2 == graph.uses[graph.roots[0]]


def test_constants_that_compare_equal_stay_apart() -> None:
    """1, 1.0, True, 0.0 and -0.0 are five constants."""
    nodes = [literal(value).node for value in (1, 1.0, True, 0.0, -0.0)]
    assert 5 == len(Graph(nodes).parts)


def test_a_deep_shared_tree_is_walked_once() -> None:
    """Thirty doublings are thirty-one parts, not a billion."""
    node: Node = ROW.x.node
    for _ in range(30):
        node = Call("mul", (node, node), (), "float")
    graph = Graph([node])
    assert 31 == len(graph.parts)


def test_what_may_be_nan_is_known() -> None:
    """inf - inf may be, x - 1 is not, and what adds to NaN is."""
    last = {
        name: Graph([expr.node]).parts[-1].facts.nan
        for name, expr in {
            "difference": ROW.x - ROW.y,
            "constant": ROW.x - 1,
            "after": (ROW.x - ROW.y) + 1,
            "product": ROW.x * ROW.y,
            "scaled": ROW.x * 0.5,
            "zero": ROW.x * 0.0,
            "ratio": ROW.x / ROW.y,
            "divided": ROW.x / 2,
            "whole": ROW.n / ROW.x,
        }.items()
    }
    assert {
        "difference": True,
        "constant": False,
        "after": True,
        "product": True,
        "scaled": False,
        "zero": True,
        "ratio": True,
        "divided": False,
        "whole": False,
    } == last
