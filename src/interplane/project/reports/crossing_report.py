"""The report of a crossing: what it is, how good it is and where, beside its champion, on what it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from interplane.charts.graph import Node
from interplane.charts.markup import Markup, element, joined
from interplane.charts.notebook import part
from interplane.charts.tables import grid, pairs, table
from interplane.charts.times import exact
from interplane.errors import UsageError
from interplane.evaluation.comparison import compare
from interplane.evaluation.comparison_card import comparison_parts
from interplane.features.frozen_card import definitions
from interplane.pipeline.graph_card import graph_part
from interplane.project.cards.crossings import states
from interplane.project.crossings import differences, find_crossing, load
from interplane.project.reports.card_parts import (
    asked_of_it,
    how_good,
    section,
    slice_table,
    what_it_is,
    when_it_answered,
)
from interplane.project.reports.document import Report
from interplane.project.reports.facts import compared_cautions, evaluation_of, facts_of
from interplane.project.reports.model_card import model_card
from interplane.record import short

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interplane.evaluation.slices_card import SlicesCard
    from interplane.project.crossings import Change, Recorded
    from interplane.project.project import Project
    from interplane.project.reports.facts import CrossingFacts
    from interplane.record import Crossing
    from interplane.storage.store import Store

__all__ = ["crossing_report"]

_SLICES: Final = 40
_CHANGES: Final = 40


def crossing_report(project: Project, ref: str, *, against: str | None = None) -> Report:
    """Return the report of a crossing.

    Args:
        project: where it is.
        ref: the crossing, for example ``flights@7``, or the beginning of its digest after an @.
        against: the crossing that it is compared with; its champion if none is said.

    Raises:
        UnknownName: if there is no such crossing.
        UsageError: if it is to be compared with itself.
    """
    store = project.store
    found = find_crossing(store, ref)
    other = _other(store, found, against)
    it = facts_of(store, found)
    card = model_card(store, it, project=project.config.name)
    by_slice = [] if it.by_slice is None else [_by_slice(it.by_slice, it.name)]
    beside = [] if other is None else [_beside(store, other, found)]
    return Report(
        title=it.name,
        lead=f"Project {card.project}. Recorded {exact(it.at)} by {it.actor}.",
        state=states(found),
        sections=(
            what_it_is(card),
            how_good(it),
            *by_slice,
            *beside,
            asked_of_it(it.verdict),
            when_it_answered(card.spans),
            _stands_on(store, found.crossing, it),
        ),
        foot=f"Its name everywhere is {it.digest}.",
    )


def _other(store: Store, found: Recorded, against: str | None) -> Recorded | None:
    """Return what the crossing is compared with: what is asked for, else its champion."""
    if against is None:
        champion = found.crossing.champion
        return None if champion is None else find_crossing(store, champion)
    other = find_crossing(store, against)
    if other.digest == found.digest:
        raise UsageError(
            f"{found.name} is to be compared with itself",
            expected="another crossing",
            do='Name one of those that "interplane models" lists',
        )
    return other


def _by_slice(by: SlicesCard, name: str) -> Markup:
    shown = by.slices[:_SLICES]
    left_out = by.left_out + len(by.slices) - len(shown)
    more = f' {left_out:,} more are left out; "interplane show {name} --json" has all.'
    says = "The upright line is all rows; in colour, what lies beside it beyond chance."
    note = element("p", f"{says}{more if left_out else ''}", class_="soft small-text")
    title = f"{by.metric} by slice, the worst first"
    return section(title, *(grid(e, by.metric) for e in by.grids), slice_table(shown, by), note)


def _beside(store: Store, other: Recorded, found: Recorded) -> Markup:
    """Return how good both are, and in what they differ."""
    is_paired = found.crossing.champion == other.digest
    old, new = (evaluation_of(store, each.crossing) for each in (other, found))
    compared = compare(old, new, is_paired=is_paired)
    on = "On the same rows." if is_paired else "Each on the rows of its own test."
    changes = differences(other.crossing, found.crossing)
    return section(
        f"Beside {other.name}",
        element("p", on, class_="soft"),
        *(element("p", each, class_="why") for each in compared_cautions(old, new, (other, found))),
        *comparison_parts(compared, (other.name, found.name)),
        _changes(changes, (other.name, found.name)),
    )


def _changes(changes: Sequence[Change], names: tuple[str, str]) -> Markup:
    shown = [(each.plane, each.what, each.before, each.after) for each in changes[:_CHANGES]]
    left_out = len(changes) - len(shown)
    more = element("p", f"and {left_out:,} more", class_="soft") if left_out else ""
    lines = table(["plane", "what", *names], shown) if shown else "They stand on the same."
    return part("in what they differ", lines, more)


def _stands_on(store: Store, crossing: Crossing, it: CrossingFacts) -> Markup:
    """Return data, code, features and environment, and what hangs on what."""
    rows = [
        (
            f"{each.dataset}@{each.number}" if each.number is not None else each.dataset,
            f"{each.rows:,}",
            each.as_of or "",
            element("code", short(use.version)),
        )
        for each, use in zip(it.data, crossing.data.values(), strict=True)
    ]
    data = table(["data", "rows", "as of", "digest"], rows, right=(False, True))
    return section(
        "What it stands on", data, pairs(_planes(store, crossing, it)), *_parts(store, crossing)
    )


def _planes(store: Store, crossing: Crossing, it: CrossingFacts) -> Iterator[tuple[str, object]]:
    code = f"commit {short(it.commit)}" if it.commit else "files that are in no git"
    changed = f" with uncommitted changes {short(it.uncommitted)}" if it.uncommitted else ""
    yield "code", f"{code}{changed}; {it.pieces:,} pieces of the project"
    lock: dict[str, Any] = msgspec.json.decode(store.read(crossing.environment))
    machine = f"Python {lock['python']}, {lock['system']} {lock['machine']}"
    yield "environment", f"{machine}, {len(lock['distributions']):,} distributions"
    yield (
        "model",
        joined([crossing.model.summary, " ", element("code", short(crossing.model.digest))]),
    )
    if it.run is not None:
        yield "run", element("code", short(it.run))


def _parts(store: Store, crossing: Crossing) -> Iterator[Markup]:
    keys = crossing.steps
    makers = {output: name for name, key in keys.items() for output in (*key.outputs, name)}
    takes = {
        name: [makers.get(each, each) for each in key.inputs if "." not in each]
        for name, key in keys.items()
    }
    given = dict.fromkeys(n for above in takes.values() for n in above if n not in keys)
    notes = {name: short(use.version) for name, use in crossing.data.items()}
    nodes = [Node(name, "step") for name in keys]
    yield part(f"the pipeline {crossing.pipeline}", graph_part(given, nodes, takes, notes=notes))
    if crossing.frozen is not None:
        yield part("its features", *definitions(load(store, crossing.frozen)))
