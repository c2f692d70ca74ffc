"""The skew audit: logged predictions made again from the history as of their time, and compared.

Of each row everything is held against what was served, bit for bit: what feature views know now of
the prediction time beside what was looked up; each feature of the engine, from the recomputed
values, beside the row program's of the served ones; the score beside the logged one. Where there are
views, engine and row program are compared on the served values as well (``arithmetic``): that tells
a wrong program from another history.

History arrives late: what was pushed to the online store may not be in the data yet. A row whose
prediction time is after the newest known-at time of a view's source cannot be judged for that view;
it is counted as pending. Up to that time the data are taken to be whole. A row that is known only
after now says nothing of how far they reach.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from interplane.expressions.nodes import Column
from interplane.expressions.row_program import compile_row
from interplane.expressions.trees import parts_of
from interplane.features.joining import column_of, widen
from interplane.features.parity import both, first_difference, same_bits
from interplane.monitoring.skew import Counts, FirstSkew, Kind, SkewReport
from interplane.views.derived import stored_views

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from interplane.data.table import Table
    from interplane.expressions.nodes import Constant
    from interplane.expressions.row_program import RowProgram
    from interplane.features.frozen import Frozen
    from interplane.models.flavors import Predictor
    from interplane.views.derived import AnyView

__all__ = ["LoggedRow", "audit_rows"]

_TIME = "the prediction time"


class LoggedRow(NamedTuple):
    """A logged prediction, its values as the columns' types have them.

    Attributes:
        id: the prediction's id.
        time: the prediction time, UTC without a zone.
        row: the request.
        looked_up: what feature views knew, by ``parameter.feature``.
        score: the answer.
    """

    id: str
    time: datetime
    row: Mapping[str, Constant]
    looked_up: Mapping[str, Constant]
    score: float | None


def audit_rows(
    frozen: Frozen,
    predictor: Predictor,
    logged: Sequence[LoggedRow],
    *,
    sources: Mapping[str, Table] | None = None,
    now: datetime | None = None,
    compiler: Callable[..., RowProgram] = compile_row,
) -> SkewReport:
    """Make predictions again and compare.

    Args:
        frozen: the features of the crossing.
        predictor: its model.
        logged: predictions of that crossing.
        sources: the table of each source that its views read.
        now: until when data can have arrived, UTC without a zone; any time if not given.
        compiler: makes the row program that is put to the test.

    Raises:
        UnknownName: if a source is missing.
    """
    rows = sorted(logged, key=lambda row: (row.time, row.id))
    return _Audit(frozen, predictor, rows, dict(sources or {}), now, compiler).report()


@dataclass(frozen=True)
class _Audit:
    frozen: Frozen
    predictor: Predictor
    rows: Sequence[LoggedRow]
    sources: Mapping[str, Table]
    now: datetime | None
    compiler: Callable[..., RowProgram]

    # ---- what there is ----------------------------------------------------------------------

    @cached_property
    def arrived(self) -> dict[str, datetime | None]:
        """Until when the data of each view reach, by parameter."""
        return {parameter: self._arrived(use.view) for parameter, use in self.frozen.uses.items()}

    def _arrived(self, view: AnyView) -> datetime | None:
        """Return until when all data reach that a view stands on."""
        times = [
            _newest(self.sources[name], stored.known_at, by=self.now)
            for stored in stored_views(view)
            for name in stored.sources
        ]
        return None if None in times else min(time for time in times if time is not None)

    @cached_property
    def read_by(self) -> dict[str, frozenset[str]]:
        """The parameters of the views that each feature reads."""
        owner = {
            column_of(parameter, name): parameter
            for parameter, use in self.frozen.uses.items()
            for name in use.view.types
        }
        return {
            name: frozenset(
                owner[part.name]
                for part in parts_of(node)
                if isinstance(part, Column) and part.name in owner
            )
            for name, node in self.frozen.features.items()
        }

    @cached_property
    def served(self) -> list[dict[str, Constant]]:
        """What the row program was given."""
        return [{**row.row, **row.looked_up} for row in self.rows]

    @cached_property
    def recomputed(self) -> list[dict[str, Constant]]:
        """What it should have been given: the history as of the prediction time."""
        if not self.frozen.uses:
            return self.served
        found = self._look_up()
        return [{**row.row, **again} for row, again in zip(self.rows, found, strict=True)]

    def _look_up(self) -> list[dict[str, Constant]]:
        import pyarrow as pa

        from interplane.data.table import Table
        from interplane.data.types import arrow_type

        columns: dict[str, Any] = {
            _TIME: pa.array([row.time for row in self.rows], arrow_type("timestamp"))
        }
        for use in self.frozen.uses.values():
            for name, kind in zip(use.by, use.view.entity_types, strict=True):
                values = [row.row[name] for row in self.rows]
                columns[name] = pa.array(values, arrow_type(kind))
        table = Table.from_columns(columns, name="the audited rows")
        wide = widen(table, self.frozen.uses, self.sources, time=_TIME)
        return wide.select(*self.frozen.looked_up).to_rows()

    # ---- comparing --------------------------------------------------------------------------

    def report(self) -> SkewReport:
        """Compare everything, and count."""
        counts, skewed, pending = Counts(), 0, 0
        first: FirstSkew | None = None
        features = both(
            self.frozen,
            self.frozen.features,
            self.recomputed,
            served=self.served,
            compiler=self.compiler,
        )
        for place, (engine, program) in enumerate(features):
            row = self.rows[place]
            late = {p for p, until in self.arrived.items() if until is None or row.time > until}
            pending += bool(late)
            found = [
                *self._looked_up(place, late, counts),
                *self._features(engine, program, late, counts),
            ]
            if not late and counts.add("score", "score", self._score(engine), row.score):
                found.append(("score", "score"))
            if self.frozen.uses and counts.take("arithmetic", "arithmetic", self._wrong(place)):
                found.append(("arithmetic", "arithmetic"))
            skewed += bool(found)
            if found and first is None:
                first = self._first(place, found, engine)
        return SkewReport(
            rows=len(self.rows),
            skewed=skewed,
            pending=pending,
            figures=counts.figures(),
            first=first,
            arrived={
                name: None if until is None else f"{until.isoformat()}Z"
                for name, until in self.arrived.items()
            },
        )

    def _looked_up(self, place: int, late: set[str], counts: Counts) -> list[tuple[Kind, str]]:
        """Compare what was looked up; return what differs."""
        found: list[tuple[Kind, str]] = []
        again, served = self.recomputed[place], self.served[place]
        for parameter, use in self.frozen.uses.items():
            for name in use.view.types if parameter not in late else ():
                column = column_of(parameter, name)
                if counts.add("looked_up", column, again[column], served.get(column)):
                    found.append(("looked_up", column))
        return found

    def _features(
        self,
        engine: Mapping[str, Any],
        program: Mapping[str, Any],
        late: set[str],
        counts: Counts,
    ) -> list[tuple[Kind, str]]:
        return [
            ("feature", name)
            for name, parameters in self.read_by.items()
            if not parameters & late and counts.add("feature", name, engine[name], program[name])
        ]

    @cached_property
    def _of_served(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """What engine and row program make of the served values."""
        pairs = both(self.frozen, self.frozen.features, self.served, compiler=self.compiler)
        return list(pairs)

    def _wrong(self, place: int) -> tuple[Kind, str] | None:
        """Return the first feature of a row, or the score, that the served values do not give."""
        engine, program = self._of_served[place]
        for name in engine:
            if not same_bits(engine[name], program[name]):
                return "feature", name
        same = same_bits(self._score(engine), self.rows[place].score)
        return None if same else ("score", "score")

    def _score(self, features: Mapping[str, Any]) -> float | None:
        """Score features of the engine, one row at a time as a server does."""
        vector = [math.nan if value is None else value for value in features.values()]
        score = self.predictor.predict_one(vector)
        return score if math.isfinite(score) else None

    # ---- the first difference ---------------------------------------------------------------

    def _first(
        self, place: int, found: Sequence[tuple[Kind, str]], engine: Mapping[str, Any]
    ) -> FirstSkew:
        """Find the first difference of a row: a feature's, if there is one."""
        row, served, given = self.rows[place], self.served[place], self.recomputed[place]
        kind, what = next((each for each in found if each[0] == "feature"), found[0])
        if kind == "arithmetic":
            kind, what = self._wrong(place) or (kind, what)
            given, engine = served, self._of_served[place][0]
        operation, again, was = what, given.get(what), served.get(what)
        if kind == "score":
            operation, again, was = "the model", self._score(engine), row.score
        if kind == "feature":
            first = first_difference(
                self.frozen, what, given, served=served, compiler=self.compiler
            )
            operation, again, was = first or ("", None, None)
        return FirstSkew(
            prediction_id=row.id,
            time=f"{row.time.isoformat()}Z",
            what=what,
            operation=operation,
            recomputed=repr(again),
            served=repr(was),
        )


def _newest(source: Table, column: str, *, by: datetime | None) -> datetime | None:
    """Return the greatest time in a column of a table, of those until then."""
    known = column.replace('"', '""')
    until = "" if by is None else f" WHERE \"{known}\" <= TIMESTAMP '{by.isoformat()}'"
    newest: datetime | None = (
        source.select(column).sql(f'SELECT max("{known}") AS t FROM self{until}').to_rows()[0]["t"]
    )
    return newest
