"""Pushed events: rows of a source, which go to every view of that source that the store keeps.

The policy, beyond that of values in `record.json_values`:

- A column that a view of the source reads has to be there; null is taken where it names neither the
  entity, nor the event, nor when it happened. Columns that no view reads are named in the answer.
- Where the column of the known-at time is missing, an event is known from when it came, by the server's
  clock. That is so only where the view has a column of its own for it: where that is the event
  time, an event is known when it happened, and the event time has to be there. A known-at time that is
  null says that the row is not known yet: it is refused, as in a table it is no event.
- What was known before it happened is refused, unless the view is a forecast.
- What is said to be known only in some time is refused: it is pushed when it is known. Clocks may differ by
  five minutes. A replay takes any time.
- A view of several sources takes the rows of all of them. Which one a row is of is what it was pushed
  to; a column of that name in the row is not read.
- Each row by itself: one that is refused harms no other. A row goes to all views of its source, or,
  if one of them refuses it, to none.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from interplane.errors import DataError, RequestRejected, StorageError, UnknownName
from interplane.record.json_values import EXPECTED, READERS, Misfit, rejected
from interplane.views.ports import Fact
from interplane.views.view import SOURCE_COLUMN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from interplane.record import Type
    from interplane.views.ports import Known, OnlineStore, Registered

__all__ = ["Push", "Pushed", "Pusher", "refused_rows"]

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - timestamps are UTC, and naive
_TRIES: Final = 20
_MOST_TOLD: Final = 20
_AHEAD_US: Final = 5 * 60 * 1_000_000


class Push(NamedTuple):
    """Rows that came together.

    Attributes:
        source: the source that they are rows of.
        rows: the rows, as plain JSON values.
        now_us: the clock when they came, in microseconds since 1970.
        paths: where each row stands, for messages.
    """

    source: str
    rows: Sequence[Any]
    now_us: int
    paths: Sequence[str]

    @classmethod
    def of(cls, source: str, rows: Sequence[Any], *, now_us: int, at: str = "$.events") -> Push:
        """Return the push of a list of rows."""
        return cls(source, rows, now_us, [f"{at}[{place}]" for place in range(len(rows))])


class Pushed(NamedTuple):
    """What became of a push; all that is not refused is committed.

    Attributes:
        new: how many rows changed something.
        known: how many changed nothing: they were there already, or matter no more.
        unread: the columns that no view of the source reads.
        refused: why each other row was not taken, by its place.
    """

    new: int
    known: int
    unread: tuple[str, ...]
    refused: Mapping[int, RequestRejected]


def refused_rows(refused: Mapping[int, RequestRejected], *, of: int) -> RequestRejected:
    """Return one error for all rows of a push that were refused: how many, which, and why.

    Args:
        refused: why each was not taken, by its place; at least one.
        of: how many rows were pushed.
    """
    (place, first), *others = sorted(refused.items())
    if of == 1:
        return first
    also = ", ".join(str(place) for place, _ in others[:_MOST_TOLD])
    also = f"; also {also}" if also else ""
    also += ", …" if len(others) > _MOST_TOLD else ""
    were = "were" if others else "was"
    told = [{"row": place, "why": error.what} for place, error in sorted(refused.items())]
    return RequestRejected(
        f"{len(refused):,} of {of:,} rows {were} refused: row {place} as {first.what}{also}",
        expected=first.expected,
        do=f"The other {of - len(refused):,} were taken. Mend the refused ones, and push them again",
        refused=told[:_MOST_TOLD],
        left_out=max(len(told) - _MOST_TOLD, 0),
    )


class Pusher:
    """Takes rows of sources into an online store.

    Args:
        store: the store.
        replay: take what is known after the clock, however far.
    """

    def __init__(self, store: OnlineStore, *, replay: bool = False) -> None:
        self._store = store
        self._replay = replay
        self._edition = -1
        self._sources: dict[str, _Source] = {}

    def push(self, pushes: Sequence[Push]) -> list[Pushed | UnknownName]:
        """Take several pushes in, in one transaction; return when it is committed.

        Args:
            pushes: the pushes.

        Returns:
            What became of each, in order; an error where no view of its source is registered.

        Raises:
            StorageError: the outcome is unknown; the same call may be made again.
        """
        for _ in range(_TRIES):
            self._learn(self._store.known())
            read = [self._read(push) for push in pushes]
            facts = [fact for each in read for row in each.rows for fact in row]
            changed = self._store.write(facts, edition=self._edition)
            if changed is not None:
                flags = iter(changed)
                return [each.outcome(flags) for each in read]
        raise StorageError(
            f"views were registered {_TRIES} times while events were pushed",
            expected="a pause between two registrations",
            do="Nothing was written. Push the events again",
        )

    def _learn(self, known: Known) -> None:
        if known.edition == self._edition:
            return
        sources: dict[str, list[Registered]] = {}
        for registered in known.views:
            for source in registered.view.sources:
                sources.setdefault(source, []).append(registered)
        self._sources = {name: _Source(name, views) for name, views in sources.items()}
        self._edition = known.edition

    def _read(self, push: Push) -> _Read:
        source = self._sources.get(push.source)
        if source is None:
            name = push.source[:100].encode(errors="backslashreplace").decode()
            error = UnknownName.of(
                *("source", name, self._sources),
                do="Push to the source of a feature view that was materialized",
            )
            return _Read([], (), {}, error)
        rows, refused = [], {}
        now = _EPOCH + timedelta(microseconds=push.now_us)
        last_us = None if self._replay else push.now_us + _AHEAD_US
        for place, (plain, at) in enumerate(zip(push.rows, push.paths, strict=True)):
            try:
                facts = source.facts(plain, at, now)
                if last_us is not None:
                    source.refuse_ahead(facts, at, now, last_us)
                rows.append(facts)
            except RequestRejected as error:
                refused[place] = error
        return _Read(rows, source.unread(push.rows), refused)


class _Read(NamedTuple):
    """A push that was read: the facts of each row that is taken."""

    rows: Sequence[Sequence[Fact]]
    unread: tuple[str, ...]
    refused: Mapping[int, RequestRejected]
    unknown: UnknownName | None = None

    def outcome(self, changed: Iterable[bool]) -> Pushed | UnknownName:
        """Return what became of it; takes its flags from those of the whole transaction."""
        if self.unknown is not None:
            return self.unknown
        flags = iter(changed)
        new = sum(any(list(islice(flags, len(row)))) for row in self.rows)
        return Pushed(new, len(self.rows) - new, self.unread, self.refused)


class _Source:
    """The views of one source."""

    def __init__(self, name: str, views: Sequence[Registered]) -> None:
        self._name = name
        self._views = views
        self._columns = {name for each in views for name in each.view.columns}

    def facts(self, plain: Any, at: str, now: datetime) -> list[Fact]:
        """Return what a row says to each view."""
        if not isinstance(plain, dict):
            raise rejected(plain, at, expected="an object with a value per column")
        # Which source a row is of is what it was pushed to, whatever it says itself.
        row = {**plain, SOURCE_COLUMN: self._name}
        return [_fact(registered, row, at, now) for registered in self._views]

    def refuse_ahead(self, facts: Sequence[Fact], at: str, now: datetime, last_us: int) -> None:
        """Refuse a row that a view takes for known in some time only: until then it hides how fresh it is."""
        for registered, fact in zip(self._views, facts, strict=True):
            if fact.event.known > last_us:
                known = _EPOCH + timedelta(microseconds=fact.event.known)
                path = f"{at}.{registered.view.known_at}"
                raise RequestRejected(
                    f"{known.isoformat()} at {path} has not come yet: it is {now.isoformat()} here",
                    expected="a time when the event was known: it is pushed from then on",
                    do="Mend the clock that it comes from, or push it later",
                    path=path,
                )

    def unread(self, rows: Iterable[Any]) -> tuple[str, ...]:
        """Return the columns of rows that no view reads, in order."""
        names = dict.fromkeys(name for row in rows if isinstance(row, dict) for name in row)
        return tuple(name for name in names if name not in self._columns or name == SOURCE_COLUMN)


def _fact(registered: Registered, plain: Mapping[str, Any], at: str, now: datetime) -> Fact:
    view = registered.view
    row = {}
    for name, kind in view.columns.items():
        value = plain.get(name)
        if value is not None:
            row[name] = _value(value, kind, f"{at}.{name}")
        elif name == view.known_at != view.event_time and name not in plain:
            row[name] = now
        else:
            _refuse_null(registered, plain, name, at)
            row[name] = None
    entity = view.entity_of(row)
    try:
        event = view.event_of(row)
    except DataError as error:
        raise RequestRejected(
            error.what, expected=error.expected, do=error.do, path=f"{at}.{view.event_time}"
        ) from error
    if entity is None or event is None:
        raise rejected(plain, at, expected=f"an event of {view.name}")
    return Fact(registered.number, entity, event)


def _value(value: Any, kind: Type, path: str) -> Any:
    try:
        return READERS[kind](value)
    except Misfit as misfit:
        raise rejected(value, path, expected=EXPECTED[kind], why=str(misfit)) from misfit


def _refuse_null(registered: Registered, plain: Mapping[str, Any], name: str, at: str) -> None:
    """Refuse a column that is missing, or null where that is no event."""
    view = registered.view
    named = name in (*view.entity, *view.key, view.event_time, view.known_at)
    if name in plain and not named:
        return
    do = "Give the value" if named else "Give null where it is not known"
    if name == view.known_at != view.event_time:
        do = "Push it when it is known: then leave the column out, or say when"
    what = f"null at {at}.{name}" if name in plain else f"{at}.{name} is missing"
    raise RequestRejected(
        f"{what}, which the feature view {view.name} reads",
        expected=EXPECTED[view.columns[name]] + ("" if named else ", or null"),
        do=do,
        path=f"{at}.{name}",
    )
