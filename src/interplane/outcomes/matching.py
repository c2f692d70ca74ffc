"""Predictions with what came true of them, as of a time.

The rule, in words: an outcome by id belongs to the prediction of that id, one by key to every
prediction whose request had that key. Of those that were known by the time that is asked about, the one
with the greatest ``known_at`` counts, and of equal ones the one that came last. What is said of a
prediction by its id goes before what is said of its key, whenever either was known. A null that counts
covers what was said before, and is no label: ``has_outcome`` is true and ``outcome`` null.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from interplane.data.table import Table
from interplane.errors import UsageError
from interplane.outcomes.asking import asking
from interplane.outcomes.matched_rows import HAS_OUTCOME, MatchedRows
from interplane.outcomes.outcome import LABEL
from interplane.outcomes.targets import (
    KNOWN_AT,
    OUTCOME,
    check_columns,
    targets_of,
    what_counts,
)
from interplane.predictions.columns import ROW
from interplane.record import Column
from interplane.views.view import micros

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.outcomes.pieces import Piece
    from interplane.outcomes.ports import Outcomes
    from interplane.outcomes.targets import Targets
    from interplane.record import Type

__all__ = ["HAS_OUTCOME", "KNOWN_AT", "OUTCOME", "Matching", "match", "touched_hours"]

_HOUR_US = 3_600_000_000


class Matching:
    """What counts of a model's outcomes, read once for many tables of its log.

    It is read again where outcomes came since, so that none is missed by who asks for them in between.

    Args:
        outcomes: where outcomes are kept.
        model: the model's name.
        key: the columns of the request's key; empty where it has none.
        name: ``label``, or a proxy's name.
        as_of: what was known by then; UTC where there is no zone. All that is known if not given.
    """

    def __init__(
        self,
        outcomes: Outcomes,
        *,
        model: str,
        key: Sequence[str],
        name: str = LABEL,
        as_of: datetime | None = None,
    ) -> None:
        self._outcomes = outcomes
        self._model = model
        self._key = tuple(key)
        self._name = name
        self._as_of_us = None if as_of is None else micros(_utc(as_of))
        self._newest = -1
        self._types: tuple[Type | None, ...] = ()
        self._counts: tuple[Targets, Targets] | None = None

    def match(self, predictions: Table) -> Table:
        """Return predictions with three columns more, in the order given; see `match`."""
        check_columns(predictions, self._key)
        taken = [each for each in (OUTCOME, KNOWN_AT, HAS_OUTCOME) if each in predictions.types]
        if taken:
            raise UsageError(
                f"the predictions have a column {taken[0]!r} already",
                expected="predictions as the log has them",
                do="Match the table of the log, not one that was matched before",
            )
        by_id, by_key = self._what_counts(predictions)
        added = (
            Column(name=OUTCOME, type="float" if by_id.is_number else "bool"),
            Column(name=KNOWN_AT, type="timestamp"),
            Column(name=HAS_OUTCOME, type="bool"),
        )
        return Table(MatchedRows(predictions, by_id, by_key), [*predictions.columns, *added])

    def _what_counts(self, predictions: Table) -> tuple[Targets, Targets]:
        # Asked before reading: what comes in between is read again the next time.
        newest = self._outcomes.newest(self._model)
        types = tuple(predictions.types.get(f"{ROW}{column}") for column in self._key)
        if self._counts is None or (newest, types) != (self._newest, self._types):
            pieces = self._outcomes.read(self._model, name=self._name, as_of_us=self._as_of_us)
            self._counts = what_counts(pieces, predictions, self._key)
            self._newest, self._types = newest, types
        return self._counts


def match(
    predictions: Table,
    outcomes: Outcomes,
    *,
    model: str,
    key: Sequence[str],
    name: str = LABEL,
    as_of: datetime | None = None,
) -> Table:
    """Return predictions with three columns more, in the order given.

    ``outcome`` is what counts: true or false, or a float where a number was ever said under the name
    (true is 1.0 then); null where there is none, or where a null counts. ``outcome_known_at`` is when
    it was known, ``has_outcome`` whether anything was said. What counts is read now; the predictions
    when they are asked for.

    Args:
        predictions: rows of the prediction log of one model, as `predictions.table.read_log` gives
            them: at least ``prediction_id``, and ``row.NAME`` for each column of the key.
        outcomes: where outcomes are kept.
        model: the model's name.
        key: the columns of the request's key; empty where it has none.
        name: ``label``, or a proxy's name.
        as_of: what was known by then; UTC where there is no zone. All that is known if not given.

    Raises:
        UnknownName: if the predictions lack a column that names targets.
        UsageError: if they have one of the three columns already.
    """
    matching = Matching(outcomes, model=model, key=key, name=name, as_of=as_of)
    return matching.match(predictions)


def touched_hours(
    predictions: Table, outcomes: Outcomes, *, model: str, key: Sequence[str], after: int
) -> tuple[list[int], int]:
    """Return the hours of predictions to which outcomes belong that came after a sequence.

    Nothing is read of the predictions where nothing came.

    Args:
        predictions: rows of the prediction log of one model, with ``time``, ``prediction_id``, and
            ``row.NAME`` for each column of the key.
        outcomes: where outcomes are kept.
        model: the model's name.
        key: the columns of the request's key.
        after: the sequence up to which outcomes were taken in before; 0 at first.

    Returns:
        The hours since 1970 UTC of the predictions' times, in order; and the sequence up to which
        outcomes are taken in now.

    Raises:
        UnknownName: if the predictions lack a column that names targets.
    """
    if outcomes.newest(model) <= after:
        return [], after
    pieces = outcomes.read(model, after=after)
    newest = max((_newest(piece) for piece in pieces), default=after)
    check_columns(predictions, key)
    hours: set[int] = set()
    for targets in targets_of(pieces, predictions, key):
        if not targets.rows.num_rows or not predictions.rows:
            continue
        with asking() as connection:
            connection.register("targets", targets.rows)
            predictions.select("time", *targets.columns).register(connection, "predictions")
            found = connection.sql(
                f"SELECT DISTINCT epoch_us(date_trunc('hour', time)) // {_HOUR_US} "
                f"FROM predictions AS p SEMI JOIN targets AS t ON {targets.joined('p', 't')}"
            ).fetchall()
        hours.update(hour for (hour,) in found if hour is not None)
    return sorted(hours), newest


def _newest(piece: Piece) -> int:
    import pyarrow.compute as pc

    return int(pc.max(piece.rows["sequence"]).as_py())


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
