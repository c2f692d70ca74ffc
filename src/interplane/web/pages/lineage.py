"""Lineage: what a thing comes from and what came of it, as a picture and as two lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from interplane.charts.graph import GraphPicture, Node, draw_graph
from interplane.project.lineage import Edge  # noqa: TC001 - the type of a field
from interplane.project.lineage_reading import LineageReading
from interplane.record import Digest, Value, short
from interplane.web.routes import Asked, Page

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interplane.project.lineage import Lineage, Thing

__all__ = ["PAGES", "LineageNode", "LineagePage"]

_WORDS: Final[Mapping[str, str]] = {
    "data-version": "data version",
    "bytes": "piece of bytes",
    "other": "record",
    "features": "set of features",
}
_LETTERS: Final = 18
_FOCUSED: Final = {"data-version", "commit", "view", "run", "step", "bytes", "crossing", "other"}


class LineageNode(Value, frozen=True, kw_only=True):
    """Something that comes of something.

    Attributes:
        id: its name in this lineage, which edges say.
        kind: what it is; ``more`` is what there was no room for.
        name: what people call it.
        note: what else is said of it.
        digest: its digest, if it has one on record.
        href: where it is shown; empty where nothing shows it.
        lineage: where its own lineage is; empty where it has none.
    """

    id: str
    kind: str
    name: str
    note: str
    digest: Digest | None
    href: str
    lineage: str


class LineagePage(Value, frozen=True, kw_only=True):
    """What something comes from, and what came of it.

    Attributes:
        it: the thing itself.
        nodes: everything in the picture, it first.
        edges: what stands on what, by id.
        below: the nodes that it comes from, the nearest first.
        above: the nodes that came of it, the nearest first.
        picture: them as a graph.
    """

    it: LineageNode
    nodes: tuple[LineageNode, ...]
    edges: tuple[Edge, ...]
    below: tuple[LineageNode, ...]
    above: tuple[LineageNode, ...]
    picture: GraphPicture | None


def read_lineage(asked: Asked) -> LineagePage:
    """Return the lineage of what a digest names: a record, a commit, or some bytes."""
    return _page(_reading(asked).of_digest(asked.path["digest"]))


def read_dataset_lineage(asked: Asked) -> LineagePage:
    """Return the lineage of a dataset."""
    return _page(_reading(asked).of_dataset(asked.path["dataset"]))


def read_model_lineage(asked: Asked) -> LineagePage:
    """Return the lineage of a model."""
    return _page(_reading(asked).of_model(asked.path["model"]))


def read_feature_lineage(asked: Asked) -> LineagePage:
    """Return the lineage of a feature."""
    return _page(_reading(asked).of_feature(asked.path["kind"], asked.path["feature"]))


def _reading(asked: Asked) -> LineageReading:
    return LineageReading(asked.project, asked.chronicle)


def _page(found: Lineage) -> LineagePage:
    focus = next(each for each in found.things if each.id == found.focus)
    every = {each.id: _node(each, focus) for each in found.things}

    def nodes(things: Iterable[Thing]) -> tuple[LineageNode, ...]:
        return tuple(every[each.id] for each in things)

    return LineagePage(
        it=every[found.focus],
        nodes=tuple(every.values()),
        edges=found.edges,
        below=nodes(found.side("below")),
        above=nodes(found.side("above")),
        picture=_picture(every, found),
    )


def _picture(every: Mapping[str, LineageNode], found: Lineage) -> GraphPicture | None:
    parents: dict[str, list[str]] = {}
    for edge in found.edges:
        parents.setdefault(edge.above, []).append(edge.below)
    nodes = [
        Node(
            each.id,
            f"thing {each.kind.replace(' ', '-')}{' it' if each.id == found.focus else ''}",
            note=each.note,
            says=f"{each.kind} {each.name}{f': {each.note}' if each.note else ''}",
            href="" if each.id == found.focus else each.lineage or each.href,
            title=_short(each.name),
        )
        for each in every.values()
    ]
    return draw_graph(nodes, parents)


def _short(name: str) -> str:
    """Return a name that has room in a box: files of one table differ at their ends."""
    half = _LETTERS // 2
    return name if len(name) <= _LETTERS else f"{name[: half - 1]}…{name[-half:]}"


def _node(thing: Thing, focus: Thing) -> LineageNode:
    kind = _WORDS.get(thing.kind, thing.kind)
    return LineageNode(
        id=thing.id,
        kind=kind,
        name=thing.name,
        note=thing.note,
        digest=thing.digest,
        href=_more(thing, focus) if thing.kind == "more" else _href(thing),
        lineage=_lineage(thing),
    )


def _href(thing: Thing) -> str:
    """Return where a thing is shown."""
    name, number = thing.name.rpartition("@")[::2]
    places = {
        "dataset": f"/data/{thing.name}",
        "data-version": f"/data/{name}/{number}",
        "feature": f"/features/{thing.of}/{quote(thing.name, safe='')}",
        "features": "/features",
        "run": f"/runs/{short(thing.digest or Digest(''))}",
        "step": f"/runs/{thing.of[:12]}",
        "crossing": f"/models/{name}/{number}",
        "model": f"/models/{thing.name}",
        "deployment": f"/models/{thing.of}",
        "predictions": f"/monitoring/{thing.of}",
    }
    return places.get(thing.kind, "")


def _lineage(thing: Thing) -> str:
    """Return where the lineage of a thing is."""
    if thing.kind in _FOCUSED and thing.digest is not None:
        return f"/lineage/{thing.digest if thing.kind == 'bytes' else thing.digest[:16]}"
    if thing.kind == "dataset":
        return f"/lineage/data/{thing.name}"
    if thing.kind == "model":
        return f"/lineage/models/{thing.name}"
    if thing.kind == "feature":
        return f"/lineage/features/{thing.of}/{quote(thing.name, safe='')}"
    return ""


def _more(thing: Thing, focus: Thing) -> str:
    """Return where what there was no room for is listed."""
    dataset = focus.name.partition("@")[0]
    lists = {
        "run": "/runs",
        "view": "/features",
        "feature": "/features",
        "crossing": f"/models/{dataset}" if focus.kind in {"crossing", "model"} else "/models",
        "data-version": f"/data/{dataset}"
        if focus.kind in {"dataset", "data-version"}
        else "/data",
        "file": f"/data/{dataset}" if focus.kind in {"dataset", "data-version"} else "/data",
    }
    return lists.get(thing.id.split(":")[1], "")


PAGES: Final = (
    Page(
        name="lineage",
        path="/lineage/{digest}",
        permission="look",
        read=read_lineage,
        template="lineage.html",
    ),
    Page(
        name="lineage-dataset",
        path="/lineage/data/{dataset}",
        permission="look",
        read=read_dataset_lineage,
        template="lineage.html",
    ),
    Page(
        name="lineage-model",
        path="/lineage/models/{model}",
        permission="look",
        read=read_model_lineage,
        template="lineage.html",
    ),
    Page(
        name="lineage-feature",
        path="/lineage/features/{kind}/{feature}",
        permission="look",
        read=read_feature_lineage,
        template="lineage.html",
    ),
)
