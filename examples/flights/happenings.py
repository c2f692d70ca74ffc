"""June and July as they happened: what the server was asked and told, and when.

A flight is predicted at its scheduled departure. A landing is pushed when it has happened, an hour's
weather when it was published. Whether a flight was late is known when it has landed, and told at the
end of that hour; of one that never lands (cancelled, diverted) it is known six hours after its
departure that nothing will come.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
from departures import DEPARTURES, LANDINGS, OBSERVATIONS
from months import package_data, unpacked_flights

import interplane as ip

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Happening", "Season"]

GIVEN_UP = timedelta(hours=6)
MOST_AT_ONCE = 500


class Happening(NamedTuple):
    """What happened at a moment.

    Attributes:
        at: when.
        kind: ``landings`` or ``observations`` (events of a source), ``outcomes``, or ``~flights``.
        rows: the rows.
    """

    at: datetime
    kind: str
    rows: list[dict[str, Any]]


class Season:
    """The happenings of a stretch of 2013, from the package's own files."""

    def __init__(self, since: datetime, until: datetime) -> None:
        self._between = (since, until)
        early = since - timedelta(days=2)
        recent = f"time_hour >= TIMESTAMP '{early}' AND time_hour < TIMESTAMP '{until}'"
        with unpacked_flights() as flights:
            files = {"flights": (flights, recent), "weather": (None, "true")}
            files |= {"planes": (None, "true"), "airports": (None, "true")}
            tables = {name: _read(name, *where) for name, where in files.items()}
        airports = {"airports": tables["airports"]}
        self.departures = tables["flights"].sql(DEPARTURES, planes=tables["planes"], **airports)
        self._landings = tables["flights"].sql(LANDINGS, **airports)
        self._observations = tables["weather"].sql(OBSERVATIONS)

    def __iter__(self) -> Iterator[Happening]:
        """Yield what happened, in order.

        What became known since the last flight is told at once, before the next one that is to leave
        asks: nobody asked in between.
        """
        found = [
            *self._rows(self._landings, "landed_at", "landings"),
            *self._rows(self._observations, "published_at", "observations"),
            *self._outcomes(),
            *self._rows(self.departures, "scheduled_departure", "~flights"),
        ]
        found.sort(key=itemgetter(0, 1))
        waiting: dict[str, list[Any]] = {}
        for (at, kind), rows in groupby(found, key=itemgetter(0, 1)):
            waiting.setdefault(kind, []).extend(row for _, _, row in rows)
            if kind == "~flights" or sum(map(len, waiting.values())) > MOST_AT_ONCE:
                yield from (Happening(at, *each) for each in sorted(waiting.items()))
                waiting = {}
        yield from (Happening(self._between[1], *each) for each in sorted(waiting.items()))

    def _rows(self, table: ip.Table, column: str, kind: str) -> list[tuple[datetime, str, Any]]:
        since, until = self._between
        rows = table.sql(
            f"FROM self WHERE {column} >= TIMESTAMP '{since}' AND {column} < TIMESTAMP '{until}' "
            f"ORDER BY {column}"
        ).to_rows()
        return [(row[column], kind, row) for row in rows]

    def _outcomes(self) -> Iterator[tuple[datetime, str, Any]]:
        since, until = self._between
        for row in self.departures.to_rows():
            at = row["landed_at"] or row["scheduled_departure"] + GIVEN_UP
            told_at = at.replace(minute=0) + timedelta(hours=1)
            if since <= told_at < until:
                key = {"flight_id": row["flight_id"]}
                yield told_at, "outcomes", {"key": key, "value": row["late"], "known_at": at}


def _read(name: str, path: Path | None, where: str) -> ip.Table:
    path = path or package_data() / f"{name}.csv"
    query = f"FROM read_csv('{path}', nullstr = 'NA', sample_size = -1) WHERE {where}"
    return ip.Table.from_arrow(duckdb.connect().sql(query).to_arrow_table())
