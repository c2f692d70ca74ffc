"""The picture of a pipeline: arrows go to the right, boxes stand beside each other, none is lost."""

import re
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from interplane.charts.graph import Node, draw_graph


@st.composite
def graphs(draw):
    """Steps, each with some of those before it above it."""
    count = draw(st.integers(1, 14))
    names = [f"step {place}" for place in range(count)]
    parents = {
        name: draw(st.lists(st.sampled_from(names[:place]), max_size=4)) if place else []
        for place, name in enumerate(names)
    }
    order = draw(st.permutations(names))
    return [Node(name, "done", note="x") for name in order], parents


@given(graphs())
def test_a_graph_is_drawn_whole(graph):
    """Every box in the frame, over no other; every edge an arrow from left to right."""
    nodes, parents = graph
    picture = draw_graph(nodes, parents)
    at = {box.title: box for box in picture.boxes}
    assert {node.name for node in nodes} == set(at)
    for box in picture.boxes:
        assert 0 <= box.x <= picture.width - picture.box_width
        assert 0 <= box.y <= picture.height - picture.box_height + 0.2
    for one, other in combinations(picture.boxes, 2):
        assert one.x != other.x or abs(one.y - other.y) >= picture.box_height
    edges = {(above, name) for name in parents for above in parents[name]}
    assert len(edges) == len(picture.arrows)
    for above, name in edges:
        assert at[above].x + picture.box_width < at[name].x
    for arrow in picture.arrows:
        places = [float(x) for x in re.findall(r"[ MCH](-?[\d.]+)(?:,|$| )", arrow.path)]
        assert places == sorted(places)


def test_what_is_long_is_cut_and_told():
    """A name that has no room is cut; what it says has it whole."""
    name = "a_step_of_which_the_name_is_long"
    (box,) = draw_graph([Node(name, "done")], {}).boxes
    assert (box.title, box.says) == ("a_step_of_which_the_…", name)
    assert draw_graph([], {}) is None
