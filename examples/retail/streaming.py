"""The history of the customers online: fed day by day, and held against the join over all files.

The join reads the whole table, and says for each customer and moment what was known then. The online
store has been told the lines of each day in turn, and knows nothing of the days to come. Both have to say
the same, bit for bit.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from customers import customer_history

import interplane as ip
from interplane.expressions.bits import same_bits
from interplane.views.join import join
from interplane.views.lookups import LookUps
from interplane.views.pushing import Push, Pusher
from interplane.views.states import States
from interplane.views.view import ViewUse, micros

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from interplane.views.ports import OnlineStore

__all__ = ["Compared", "Shop"]

STRANGERS = (1, 99_999_999)
"""Customers that there are none of."""


@dataclass
class Compared:
    """What was streamed and compared so far.

    Attributes:
        days: how many days.
        pushed: how many lines were pushed.
        new: how many of them said something new.
        again: how many were there already: a line that stands in a file twice.
        refused: how many are no event, as they name no customer.
        reads: how many customers were read.
        values: how many values were compared.
        differences: those that differ: customer, time, feature, online, joined.
        pushing_s: the seconds that pushing took.
        reading_s: the seconds that reading took.
    """

    days: int = 0
    pushed: int = 0
    new: int = 0
    again: int = 0
    refused: int = 0
    reads: int = 0
    values: int = 0
    differences: list[tuple[Any, ...]] = field(default_factory=list)
    pushing_s: float = 0.0
    reading_s: float = 0.0


class Shop:
    """One shop: all its lines, and an online store that has heard of them up to a day.

    Args:
        lines: the events, as the step `customers.lines` makes them.
        online: an online store that has heard of nothing yet.
    """

    def __init__(self, lines: ip.Table, online: OnlineStore) -> None:
        self.lines = lines
        self.view = customer_history.define(lines.types)
        self.met: set[int] = set()
        self.done = Compared()
        self._said: list[tuple[int, datetime, list[Any]]] = []
        self._use = ViewUse(self.view, ("customer",))
        online.register(self.view)
        online.advance(self.view, 0)
        self._pusher = Pusher(online)
        self._looks = LookUps({"past": self._use}, States(online))

    def days(self) -> Iterator[tuple[datetime, list[dict[str, Any]]]]:
        """Yield when the file of each day has come, with its lines; they are in the order of time."""
        rows = self.lines.select(*self.view.columns).to_arrow()
        moments = rows.column("filed_at").to_pylist()
        begin = 0
        for moment, same in groupby(moments):
            end = begin + sum(1 for _ in same)
            yield moment, rows.slice(begin, end - begin).to_pylist()
            begin = end

    def push(self, moment: datetime, rows: list[dict[str, Any]]) -> set[int]:
        """Let the lines of a day be known; return whom they are of."""
        begin = time.perf_counter()
        (pushed,) = self._pusher.push([Push.of("lines", rows, now_us=micros(moment))])
        self.done.pushing_s += time.perf_counter() - begin
        if isinstance(pushed, Exception):
            raise pushed
        nameless = {place for place, row in enumerate(rows) if row["customer"] is None}
        unexpected = [error for place, error in pushed.refused.items() if place not in nameless]
        if unexpected:
            raise unexpected[0]
        self.done.days += 1
        self.done.pushed += len(rows)
        self.done.new += pushed.new
        self.done.again += pushed.known
        self.done.refused += len(pushed.refused)
        touched = {row["customer"] for row in rows} - {None}
        self.met |= touched
        return touched

    def read(self, customers: Iterable[int], moments: Iterable[datetime]) -> None:
        """Read customers, and some whom nobody knows, and keep what was said for `hold`.

        Args:
            customers: which ones.
            moments: when; none of them before what was pushed.
        """
        asked = [
            (customer, moment)
            for moment in moments
            for customer in (*sorted(customers), *STRANGERS)
        ]
        begin = time.perf_counter()
        said = [self._looks.read({"customer": who}, micros(when)) for who, when in asked]
        self.done.reading_s += time.perf_counter() - begin
        self.done.reads += len(asked)
        self._said += [(*each, values) for each, values in zip(asked, said, strict=True)]

    def hold(self) -> Compared:
        """Hold everything that was read against the join over all files; return what came of it."""
        if self._said:
            rows = ip.Table.from_columns(
                {
                    "customer": [who for who, _, _ in self._said],
                    "at": [when for _, when, _ in self._said],
                }
            )
            joined = join(rows, self._use, self.lines, time="at")
            features = zip(joined.column_names, joined.columns, strict=True)
            for slot, (name, column) in enumerate(features):
                for (who, when, values), there in zip(self._said, column.to_pylist(), strict=True):
                    self.done.values += 1
                    if not same_bits(values[slot], there):
                        self.done.differences.append((who, when, name, values[slot], there))
            self._said.clear()
        return self.done


def later(moment: datetime) -> datetime:
    """Return a moment at which windows have moved on, and nothing was pushed."""
    return moment + timedelta(hours=13, minutes=37)
