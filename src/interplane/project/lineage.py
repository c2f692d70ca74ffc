"""What comes of what: things and edges around one of them, as many as can be looked at.

Of a kind, on a side of the thing that is asked for, so many are drawn as there is room for, the most
important first; the others are one thing that says how many they are.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, Literal

from interplane.record import Digest, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = ["Draft", "Edge", "Kind", "Lineage", "Side", "Thing"]

Side = Literal["below", "above"]
Kind = Literal[
    "file",
    "table",
    "dataset",
    "data-version",
    "commit",
    "view",
    "feature",
    "features",
    "run",
    "step",
    "bytes",
    "crossing",
    "model",
    "deployment",
    "predictions",
    "other",
    "more",
]

_ROOM: Final = 6
_WORDS: Final[Mapping[Kind, tuple[str, str]]] = {
    "file": ("file", "files"),
    "data-version": ("data version", "data versions"),
    "view": ("view", "views"),
    "feature": ("feature", "features"),
    "run": ("run", "runs"),
    "step": ("step", "steps"),
    "crossing": ("crossing", "crossings"),
    "other": ("record", "records"),
}


class Thing(Value, frozen=True, kw_only=True):
    """Something that comes of something.

    Attributes:
        id: its name in this lineage, which edges say.
        kind: what it is; ``more`` is what there was no room for.
        name: what people call it.
        note: what else is said of it.
        digest: its digest, if it has one on record.
        of: what it belongs to: the model of a deployment, the run of a step, whether a feature is a
            view's or a model's.
    """

    id: str
    kind: Kind
    name: str
    note: str = ""
    digest: Digest | None = None
    of: str = ""


class Edge(Value, frozen=True, kw_only=True):
    """One thing stands on another; both by id."""

    below: str
    above: str


class Lineage(Value, frozen=True, kw_only=True):
    """Things and edges.

    Attributes:
        focus: the id of the thing that was asked for.
        things: every thing once, it first.
        edges: every edge once; there is no way around in a circle.
    """

    focus: str
    things: tuple[Thing, ...]
    edges: tuple[Edge, ...]

    def side(self, side: Side) -> tuple[Thing, ...]:
        """Return all that the focus stands on, or that stands on it, the nearest first.

        >>> a, b, c = (Thing(id=name, kind="other", name=name) for name in "abc")
        >>> edges = (Edge(below="a", above="b"), Edge(below="b", above="c"))
        >>> [each.name for each in Lineage(focus="b", things=(b, a, c), edges=edges).side("below")]
        ['a']
        """
        near: dict[str, list[str]] = defaultdict(list)
        for edge in self.edges:
            at, to = (edge.above, edge.below) if side == "below" else (edge.below, edge.above)
            near[at].append(to)
        found: dict[str, None] = {}
        todo = [self.focus]
        while todo:
            next_ones = [to for at in todo for to in near[at] if to not in found]
            found.update(dict.fromkeys(next_ones))
            todo = list(dict.fromkeys(next_ones))
        known = {each.id: each for each in self.things}
        return tuple(known[each] for each in found)


class Draft:
    """A lineage that is being drawn.

    Args:
        focus: the thing that is asked for.
    """

    def __init__(self, focus: Thing) -> None:
        self._focus = focus.id
        self._things: dict[str, Thing] = {focus.id: focus}
        self._edges: dict[tuple[str, str], None] = {}
        self._shown: dict[tuple[Kind, Side], int] = defaultdict(int)
        self._left: dict[tuple[Kind, Side], set[str]] = defaultdict(set)
        self._left_at: dict[tuple[Kind, Side], dict[str, None]] = defaultdict(dict)

    def __contains__(self, thing: str) -> bool:
        """Return whether a thing is drawn, by its id."""
        return thing in self._things

    def add(self, thing: Thing, *, on: Iterable[str] = (), under: Iterable[str] = ()) -> str:
        """Draw a thing, if it is not yet, and return its id.

        Args:
            thing: the thing.
            on: what it stands on, by id.
            under: what stands on it.
        """
        self._things.setdefault(thing.id, thing)
        for below in on:
            self.join(below, thing.id)
        for above in under:
            self.join(thing.id, above)
        return thing.id

    def join(self, below: str, above: str) -> None:
        """Draw that one thing stands on another; nothing stands on itself."""
        if below != above and (above, below) not in self._edges:
            self._edges[below, above] = None

    def some(
        self, kind: Kind, side: Side, keys: Sequence[str], *, of: str, room: int = _ROOM
    ) -> Iterator[str]:
        """Yield those of some keys that there is room for; the others are counted.

        Args:
            kind: what they are.
            side: on which side.
            keys: what their ids end with, the most important first.
            of: what they are beside, by id: there it says how many more there are.
            room: how many of a kind are drawn.
        """
        for key in dict.fromkeys(keys):
            if f"{kind}:{key}" in self:
                yield key
            elif self._shown[kind, side] < room:
                self._shown[kind, side] += 1
                yield key
            else:
                self._left[kind, side].add(key)
                self._left_at[kind, side][of] = None

    def done(self) -> Lineage:
        """Return it, with what there was no room for."""
        for (kind, side), left in self._left.items():
            count = len([key for key in left if f"{kind}:{key}" not in self])
            if not count:
                continue
            one, many = _WORDS[kind]
            words = one if count == 1 else many
            more = Thing(
                id=f"more:{kind}:{side}", kind="more", name=f"and {count:,} more", note=words
            )
            beside = self._left_at[kind, side]
            self.add(more, **{"under" if side == "below" else "on": beside})
        return Lineage(
            focus=self._focus,
            things=tuple(self._things.values()),
            edges=tuple(Edge(below=below, above=above) for below, above in self._edges),
        )
