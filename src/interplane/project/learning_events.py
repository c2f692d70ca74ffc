"""What a learner meets in a round: predictions as they were made, outcomes as they were known, in order.

An outcome teaches once: what was said first of a prediction (by its id or by its key) and is no null is
its label. What is said later of the same is a correction, and is counted: a learner cannot unlearn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from interplane.data.engine import identifier
from interplane.data.table import Table
from interplane.outcomes.outcome import LABEL
from interplane.outcomes.pieces import NULL, NUMBER, Piece
from interplane.outcomes.targets import OUTCOME, what_counts
from interplane.predictions.columns import ROW
from interplane.project.outcomes import key_types

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from interplane.outcomes.ports import Outcomes
    from interplane.project.learning_place import Place, Round
    from interplane.project.project import Project

__all__ = ["Events", "read_events"]


class Events(NamedTuple):
    """The events of a round, and what became of its outcomes that are none.

    Attributes:
        rows: the events in order: ``time`` and ``kind`` and ``sequence`` and ``prediction_id`` decide
            it; with ``made`` (the prediction time), ``at`` (the server's clock) and ``label``.
        waiting: sequences of outcomes that wait for their prediction, or to be known.
        counts: how many outcomes were corrections, taken back, of before, or can belong to nothing.
    """

    rows: pa.Table
    waiting: list[int]
    counts: dict[str, int]


# ---- the events of a round ----------------------------------------------------------------


def read_events(
    project: Project, model: str, log: Table, outcomes: Outcomes, *, place: Place, round_: Round
) -> Events:
    """Return the events of a round, the same ones each time.

    Args:
        project: the project.
        model: the model's name.
        log: its logged predictions.
        outcomes: where outcomes are kept.
        place: where the learner was when the round began.
        round_: the round.
    """
    key = [name for name in key_types(project.store, model) if f"{ROW}{name}" in log.types]
    pieces = [
        piece
        for piece in (_labels(each) for each in outcomes.read(model, name=LABEL))
        if piece.rows.num_rows
    ]
    said = _said(pieces, place, round_)
    by_id, by_key = _first(pieces, log, key, up_to=round_.sequence)
    firsts = _among(set(said.known), by_id, by_key)
    found = _matches(log, key, by_id, by_key, set(said.known))
    asked = _predictions(log, place, round_)
    sorted_ = _Sorted.of(found, said, firsts, place, round_)
    return Events(
        rows=_in_order(asked, sorted_.examples, said),
        waiting=sorted(sorted_.waiting),
        counts=sorted_.counts,
    )


class _Said(NamedTuple):
    """The outcomes of a round.

    Attributes:
        known: for each that is known and no null, when it was known, and its value.
        later: the sequences of those that are known later.
        nulls: how many are null.
    """

    known: dict[int, tuple[int, float]]
    later: list[int]
    nulls: int


def _labels(piece: Piece) -> Piece:
    return piece if piece.name == LABEL else piece._replace(rows=piece.rows.slice(0, 0))


def _said(pieces: Sequence[Piece], place: Place, round_: Round) -> _Said:
    import pyarrow as pa
    import pyarrow.compute as pc

    known: dict[int, tuple[int, float]] = {}
    later: list[int] = []
    nulls = 0
    waiting = pa.array(place.waiting, pa.int64())
    for piece in pieces:
        sequence = piece.rows["sequence"]
        is_new = pc.and_(
            pc.greater(sequence, place.sequence), pc.less_equal(sequence, round_.sequence)
        )
        mine = piece.rows.filter(pc.or_(is_new, pc.is_in(sequence, value_set=waiting)))
        for row in mine.select(["sequence", "known_at", "kind", "value"]).to_pylist():
            if row["kind"] == NULL:
                nulls += 1
            elif row["known_at"] > round_.now_us:
                later.append(row["sequence"])
            else:
                known[row["sequence"]] = (row["known_at"], row["value"])
    return _Said(known, later, nulls)


def _first(
    pieces: Sequence[Piece], log: Table, key: Sequence[str], *, up_to: int
) -> tuple[pa.Table, pa.Table]:
    """Return for each target the sequence of what was said of it first and is no null.

    The rule that finds what counts of a target finds it: the last of what is known, where what came
    earlier is taken as known later, and says its own sequence.
    """
    turned = []
    for piece in pieces:
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        rows = piece.rows
        rows = rows.filter(
            pc.and_(pc.not_equal(rows["kind"], NULL), pc.less_equal(rows["sequence"], up_to))
        )
        sequence = rows["sequence"]
        changed = {
            "known_at": pc.negate(sequence),
            "value": sequence.cast(pa.float64()),
            "kind": pa.array(np.full(rows.num_rows, NUMBER, np.int8)),
        }
        for name, values in changed.items():
            rows = rows.set_column(rows.column_names.index(name), name, values)
        if rows.num_rows:
            turned.append(piece._replace(rows=rows))
    by_id, by_key = what_counts(turned, log, key)
    return by_id.rows, by_key.rows


def _among(new: set[int], *firsts: pa.Table) -> set[int]:
    """Return those of new sequences that are what was said first of a target."""
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pa.array(sorted(new), pa.float64())
    found: set[int] = set()
    for rows in firsts:
        mine = rows.filter(pc.is_in(rows[OUTCOME], value_set=wanted))
        found.update(map(int, mine[OUTCOME].to_pylist()))
    return found


def _matches(
    log: Table, key: Sequence[str], by_id: pa.Table, by_key: pa.Table, new: set[int]
) -> list[dict[str, Any]]:
    """Return the predictions to which a new outcome belongs, with what was said first of each."""
    if not new:
        return []
    import pyarrow as pa

    columns = [f"{ROW}{name}" for name in key]
    on = " AND ".join(f"p.{identifier(name)} = k.{identifier(name)}" for name in columns) or "false"
    return (
        log.select("prediction_id", "time", "at", *columns)
        .sql(
            f"""SELECT p.prediction_id, epoch_us(p."time") AS made, epoch_us(p."at") AS "at",
            CAST(b.{OUTCOME} AS BIGINT) AS by_id, CAST(k.{OUTCOME} AS BIGINT) AS by_key
            FROM self AS p LEFT JOIN by_id AS b ON p.prediction_id = b.prediction_id
            LEFT JOIN by_key AS k ON {on}
            WHERE b.{OUTCOME} IN (SELECT sequence FROM new)
            OR k.{OUTCOME} IN (SELECT sequence FROM new)""",
            by_id=_numbers(by_id),
            by_key=_numbers(by_key),
            new=Table.from_arrow(pa.table({"sequence": pa.array(sorted(new), pa.int64())})),
        )
        .to_rows()
    )


def _numbers(rows: pa.Table) -> Table:
    """Return targets with the sequence of what was said first of each."""
    import pyarrow as pa

    place = rows.column_names.index(OUTCOME)
    whole = rows[OUTCOME].cast(pa.int64())
    kept = rows.set_column(place, OUTCOME, whole)
    return Table.from_arrow(kept.drop_columns(["outcome_known_at"]))


class _Sorted(NamedTuple):
    """What became of the outcomes of a round.

    Attributes:
        examples: prediction id, prediction time, server's clock, and the outcome's sequence.
        waiting: the sequences of those that wait.
        counts: how many of the others there were, by what they were.
    """

    examples: list[tuple[str, int, int, int]]
    waiting: list[int]
    counts: dict[str, int]

    @classmethod
    def of(
        cls,
        found: Sequence[Mapping[str, Any]],
        said: _Said,
        firsts: set[int],
        place: Place,
        round_: Round,
    ) -> _Sorted:
        examples: list[tuple[str, int, int, int]] = []
        taken: set[int] = set()
        unready: set[int] = set()
        earlier: set[int] = set()
        for row in found:
            both = {each for each in (row["by_id"], row["by_key"]) if each is not None}
            mine = both & said.known.keys()
            first = min(both)
            taken |= mine - {first}
            if first not in mine:
                continue
            if row["at"] > round_.at_us:
                unready.add(first)
            elif row["at"] < place.begin_us:
                earlier.add(first)
            else:
                examples.append((row["prediction_id"], row["made"], row["at"], first))
                taken.add(first)
        used = {first for *_, first in examples}
        corrections = {each for each in said.known if each not in firsts} | (taken - used)
        unmatched = said.known.keys() - corrections - used
        gone = (earlier - unready - used) & unmatched
        counts = {
            "corrections": len(corrections),
            "taken_back": said.nulls,
            "earlier": len(gone),
        }
        return cls(examples, [*(unmatched - gone), *said.later], counts)


def _predictions(log: Table, place: Place, round_: Round) -> Table:
    after = max(place.at_us, place.begin_us - 1)
    return log.select("prediction_id", "time", "at").sql(
        f"""SELECT epoch_us("time") AS "time", 1 AS kind, 0 AS sequence, prediction_id,
        epoch_us("time") AS made, epoch_us("at") AS "at", CAST(NULL AS DOUBLE) AS label
        FROM self WHERE "at" > make_timestamp({after}) AND "at" <= make_timestamp({round_.at_us})"""
    )


def _in_order(asked: Table, examples: Sequence[tuple[str, int, int, int]], said: _Said) -> pa.Table:
    import pyarrow as pa

    ids, made, at, sequences = zip(*examples, strict=True) if examples else ((), (), (), ())
    known = [said.known[each] for each in sequences]
    taught = pa.table(
        {
            "time": pa.array([each[0] for each in known], pa.int64()),
            "kind": pa.array([0] * len(ids), pa.int64()),
            "sequence": pa.array(sequences, pa.int64()),
            "prediction_id": pa.array(ids, pa.string()),
            "made": pa.array(made, pa.int64()),
            "at": pa.array(at, pa.int64()),
            "label": pa.array([each[1] for each in known], pa.float64()),
        }
    )
    both = "SELECT * FROM self UNION ALL SELECT * FROM taught"
    return asked.sql(
        f'FROM ({both}) ORDER BY "time", kind, sequence, prediction_id',
        taught=Table.from_arrow(taught),
    ).to_arrow()
