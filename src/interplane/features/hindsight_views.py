"""What feature views say before it is known, refused at the fit with the rows.

A view gives an event from the time on that its `known_at` says. Two things make that a lie:

- The event is the row itself: its source holds the training rows, the view says that an event is known
  when it happens, and what it reads is the label. Nobody knows the label of a row when it is asked for.
- A column says of itself, in the schema of the source or in `known_at` of the features, that it is known
  later than the event. It is then read too early.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from interplane.data.engine import connect, identifier
from interplane.data.row_keys import leak
from interplane.data.table import Table
from interplane.expressions.nodes import Column
from interplane.expressions.trees import parts_of
from interplane.features.hindsight import with_moments
from interplane.features.joining import column_of
from interplane.views.union import given_source
from interplane.views.view import View

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from interplane.errors import Leak
    from interplane.features.definition import Features
    from interplane.views.derived import AnyUse, AnyView

__all__ = ["Found", "Reach", "named_by", "reaches", "refuse_views_hindsight", "with_keys"]


class Reach(NamedTuple):
    """A column of a source that a feature reads through a view, and how long after it was known."""

    view: View
    column: str
    delay_us: int


class Found(NamedTuple):
    """A column of a source that features read through a view."""

    definition: Features
    reach: Reach
    source: str
    features: list[str]

    @property
    def reader(self) -> str:
        """The first feature in words."""
        more = f" (and {len(self.features) - 1} more)" if len(self.features) > 1 else ""
        return f"the feature {self.features[0]!r}{more} of {self.definition.name}"

    def own_label(self, told: str, table: Table, **which: Any) -> Leak:
        """Return the error for rows that are given their own label.

        Args:
            told: in how many rows, in words.
            table: the rows that they are among.
            which: of them: ``columns``, ``rows`` and ``counted`` of `leak`.
        """
        view, label, time = self.reach.view, self.reach.column, self.definition.time
        return leak(
            f"{self.reader} reads the label {label!r} of the row itself: the view {view.name!r} knows an "
            f"event of {self.source!r} from {view.known_at!r} on, which is not after the prediction time "
            f"{time!r} in {told}",
            table,
            **which,
            expected="labels of other rows, from when they are known on",
            do=f"Say in the view when the {label!r} of an event is known: known_at=…, a column of "
            f"{self.source!r}. If {label!r} is another value there, which is known by then (of the day "
            "before, a forecast), rename that column in the step that makes the source",
            column=label,
            features=self.features,
        )

    def early(self, at: str, told: str, table: Table, **which: Any) -> Leak:
        """Return the error for events that a view gives before a column of them is known.

        Args:
            at: the column that says when it is.
            told: in how many events, in words.
            table: the events that they are among.
            which: of them: ``columns``, ``rows`` and ``counted`` of `leak`.
        """
        view, column = self.reach.view, self.reach.column
        return leak(
            f"{self.reader} reads {column!r} of {self.source!r}, which is known at {at!r}: after "
            f"{view.known_at!r}, from which on the view {view.name!r} gives it, in {told}",
            table,
            **which,
            expected="a view that gives an event when all that it reads of it is known",
            do=f"Declare known_at={at!r} of the view; or read this column in a view of its own",
            column=column,
            features=self.features,
        )


def with_keys(
    reads: Mapping[str, Iterable[str]], uses: Mapping[str, AnyUse]
) -> dict[str, list[str]]:
    """Return the columns that each feature reads, with those that its views are joined by."""
    joined = {
        column_of(parameter, name): use.by
        for parameter, use in uses.items()
        for name in use.view.types
    }
    return {
        feature: [*columns, *(by for name in columns for by in joined.get(name, ()))]
        for feature, columns in ((feature, list(names)) for feature, names in reads.items())
    }


def refuse_views_hindsight(
    definition: Features,
    reads: Mapping[str, Iterable[str]],
    table: Table,
    uses: Mapping[str, AnyUse],
    sources: Mapping[str, Table] | None,
) -> None:
    """Refuse features that read through a view what is not known when the view gives it.

    Args:
        definition: the features as written.
        reads: the columns that each feature reads, those of views among them.
        table: the training rows.
        uses: the views that are joined.
        sources: the table of each source.

    Raises:
        Leak: naming feature, view, column and rows.
    """
    for reach, features in reaches(reads, uses).items():
        for source in reach.view.sources:
            rows = given_source(source, sources, by=reach.view.name)
            if reach.column not in rows.types:
                continue  # of several sources, the column that says which it is
            found = Found(definition, reach, source, features)
            if reach.column == definition.label:
                _refuse_own_label(found, table, rows)
            _refuse_early(found, rows)


def reaches(
    reads: Mapping[str, Iterable[str]], uses: Mapping[str, AnyUse]
) -> dict[Reach, list[str]]:
    """Return what features read of sources through views, with the features.

    Args:
        reads: the columns that each feature reads, those of views among them.
        uses: the views that are joined.
    """
    readers: dict[Reach, list[str]] = {}
    for feature, columns in reads.items():
        for reach in dict.fromkeys(each for name in columns for each in _reached(name, uses)):
            readers.setdefault(reach, []).append(feature)
    return readers


def named_by(view: View) -> tuple[str, ...]:
    """Return the columns that tell an event of a view: its key, or the entity and when it happened."""
    return view.key or (*view.entity, view.event_time)


def _reached(column: str, uses: Mapping[str, AnyUse]) -> Iterator[Reach]:
    """Yield what stands behind a column that views give; nothing for a column of the row."""
    for parameter, use in uses.items():
        for name in use.view.types:
            if column_of(parameter, name) == column:
                yield from _behind(use.view, name)


def _behind(view: AnyView, name: str) -> Iterator[Reach]:
    if isinstance(view, View):
        feature = view.features[name]
        delay_us = getattr(feature, "delay_us", 0)
        for column in _columns(view.arguments[feature.argument]):
            yield Reach(view, column, delay_us)
        return
    for column in _columns(view.features[name]):
        yield from _reached(column, view.parents)
    for use in view.parents.values():  # a parent may be joined by what another one says
        for by in use.by:
            yield from _reached(by, view.parents)


def _columns(node: object) -> list[str]:
    return [part.name for part in parts_of(node) if isinstance(part, Column)]  # type: ignore[arg-type]


def _refuse_own_label(found: Found, table: Table, rows: Table) -> None:
    """Refuse a view that gives rows their own label; a row is told by what names an event."""
    named, time = named_by(found.reach.view), found.definition.time
    if time is None or not _same(named, table, rows):
        return
    own = _own(table, rows, named, found.reach, time=time)
    if own.any():
        raise found.own_label(
            f"{int(own.sum()):,} of {table.rows:,} rows",
            table,
            columns=tuple(dict.fromkeys((*named, time))),
            rows=own,
        )


def _same(names: Iterable[str], table: Table, rows: Table) -> bool:
    """Return whether both tables have the columns, in the same types."""
    return all(name in table.types and table.types[name] == rows.types.get(name) for name in names)


def _own(
    table: Table, rows: Table, named: Iterable[str], reach: Reach, *, time: str
) -> NDArray[np.bool_]:
    """Return the rows that are events themselves, whose label is known by their time."""
    label = identifier(reach.column)
    names = list(dict.fromkeys((*named, time)))
    columns = dict(zip(names, (table.column(name) for name in names), strict=True))
    asked = Table.from_columns({**columns, "@place": np.arange(table.rows)})
    same = " AND ".join(f"asked.{identifier(name)} = events.{identifier(name)}" for name in named)
    found = np.zeros(table.rows, dtype=bool)
    with connect() as connection:
        asked.register(connection, "asked")
        kept = dict.fromkeys((*named, reach.view.known_at, reach.view.event_time, reach.column))
        rows.select(*kept).register(connection, "events")
        places = connection.sql(
            f'SELECT DISTINCT asked."@place" AS place FROM asked JOIN events ON {same} '
            f"WHERE events.{label} IS NOT NULL AND events.{identifier(reach.view.known_at)} IS NOT NULL "
            f"AND {_given(reach, 'events.')} <= asked.{identifier(time)}"
        )
        found[places.to_arrow_table().column(0).to_numpy()] = True
    return found


def _refuse_early(found: Found, rows: Table) -> None:
    """Refuse a column that is known later than the view says of its event."""
    view, column = found.reach.view, found.reach.column
    at = _known_at(found.definition, rows).get(column)
    if at is None or at == view.known_at:
        return
    value, known, given = (identifier(name) for name in (column, at, view.known_at))
    with connect() as connection:
        kept = dict.fromkeys((column, at, view.known_at, view.event_time))
        rows.select(*kept).register(connection, "events")
        early = (
            f"{value} IS NOT NULL AND {given} IS NOT NULL "
            f"AND ({known} IS NULL OR {known} > {_given(found.reach)})"
        )
        answer = connection.sql(f"SELECT coalesce({early}, false) AS early FROM events")
        late = np.asarray(answer.to_arrow_table().column(0).to_numpy(), dtype=bool)
    if late.any():
        raise found.early(
            at,
            f"{int(late.sum()):,} of {rows.rows:,} events",
            rows,
            columns=tuple(dict.fromkeys((*view.entity, view.known_at, at))),
            rows=late,
        )


def _known_at(definition: Features, rows: Table) -> dict[str, str]:
    """Return when columns of a source are known, as its schema says, and the features of such columns."""
    said = {} if rows.schema is None else rows.schema.known_at
    said = {**said, **definition.known_at}
    return with_moments({name: at for name, at in said.items() if {name, at} <= set(rows.types)})


def _given(reach: Reach, of: str = "") -> str:
    """Return from when on a view gives an event: when it is known, and has happened so long ago."""
    known = f"{of}{identifier(reach.view.known_at)}"
    if not reach.delay_us:
        return known
    happened = f"{of}{identifier(reach.view.event_time)}"
    return f"greatest({known}::TIMESTAMP, {happened} + to_microseconds({reach.delay_us}))"
