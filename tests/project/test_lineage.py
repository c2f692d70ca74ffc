"""What comes of what: as many things as there is room for, the others counted, nothing lost."""

from hypothesis import given
from hypothesis import strategies as st

from interplane.project.lineage import Draft, Thing


def thing(kind, key):
    """Return a thing of a kind."""
    return Thing(id=f"{kind}:{key}", kind=kind, name=key)


@given(st.integers(0, 30), st.integers(1, 8))
def test_what_has_no_room_is_counted(count, room):
    """What is drawn and what is counted are all; the first come first."""
    focus = thing("dataset", "trips")
    draft = Draft(focus)
    keys = [f"{place:02}" for place in range(count)]
    shown = list(draft.some("run", "above", keys, of=focus.id, room=room))
    for key in shown:
        draft.add(thing("run", key), on=[focus.id])
    found = draft.done()
    assert keys[:room] == shown
    above = [each for each in found.side("above") if each.kind == "run"]
    more = [each for each in found.side("above") if each.kind == "more"]
    left = max(count - room, 0)
    assert ([f"and {left} more"] if left else []) == [each.name for each in more]
    assert ["runs" if left > 1 else "run"] * bool(left) == [each.note for each in more]
    assert count == len(above) + left
    assert () == found.side("below")


def test_what_is_drawn_later_is_not_counted():
    """A thing that was left out, and is drawn for another reason, is not one of those left out."""
    focus = thing("dataset", "trips")
    draft = Draft(focus)
    assert ["a"] == list(draft.some("run", "above", ["a", "b", "b"], of=focus.id, room=1))
    draft.add(thing("run", "a"), on=[focus.id])
    draft.add(thing("run", "b"), on=["run:a"])
    assert ["run:a", "run:b"] == [each.id for each in draft.done().side("above")]


def test_no_edge_leads_back():
    """Nothing stands on itself, or on what stands on it."""
    draft = Draft(thing("view", "a"))
    draft.add(thing("view", "b"), on=["view:a"])
    draft.join("view:b", "view:a")
    draft.join("view:b", "view:b")
    assert [("view:a", "view:b")] == [(each.below, each.above) for each in draft.done().edges]
