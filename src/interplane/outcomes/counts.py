"""How many outcomes there are, and how many of them belong to a prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from interplane.data.engine import identifier, string
from interplane.outcomes.asking import asking
from interplane.outcomes.outcome import LABEL
from interplane.outcomes.pieces import ID, KEY, NULL
from interplane.outcomes.targets import KNOWN_AT, check_columns, what_counts
from interplane.record.base import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.data.table import Table
    from interplane.outcomes.pieces import Piece
    from interplane.outcomes.ports import Outcomes

__all__ = ["Counts", "counts"]


class Counts(Value, frozen=True, kw_only=True):
    """The outcomes of one name.

    Attributes:
        model: the model's name.
        name: ``label``, or a proxy's name.
        outcomes: of how many targets something is said; what follows counts what counts of each.
        matched: how many of them belong to a prediction.
        unmatched: how many belong to none yet.
        early: how many of the matched were known before a prediction that they belong to.
        null: how many are null: there is no label, or it was taken back.
        corrected: of how many targets something else was said before or after.
        versions: how many outcomes are kept in all.
        repeated: how many more came that were there already.
    """

    model: str
    name: str
    outcomes: int = 0
    matched: int = 0
    unmatched: int = 0
    early: int = 0
    null: int = 0
    corrected: int = 0
    versions: int = 0
    repeated: int = 0


class _Said(NamedTuple):
    """Figures of what was said, whether it belongs to a prediction or not."""

    outcomes: int
    null: int
    corrected: int


def counts(
    predictions: Table, outcomes: Outcomes, *, model: str, key: Sequence[str]
) -> list[Counts]:
    """Return the counts of each name, ``label`` first.

    Args:
        predictions: rows of the prediction log of the model, with ``time``, ``prediction_id``, and
            ``row.NAME`` for each column of the key.
        outcomes: where outcomes are kept.
        model: the model's name.
        key: the columns of the request's key.

    Raises:
        UnknownName: if the predictions lack a column that names targets.
    """
    check_columns(predictions, key)
    pieces = outcomes.read(model)
    repeated = outcomes.repeated(model)
    names = {piece.name for piece in pieces} | repeated.keys()
    found = []
    for name in sorted(names, key=lambda name: (name != LABEL, name)):
        mine = [piece for piece in pieces if piece.name == name]
        said = _said(mine)
        matched, early = _matched(mine, predictions, key)
        found.append(
            Counts(
                model=model,
                name=name,
                outcomes=said.outcomes,
                matched=matched,
                unmatched=said.outcomes - matched,
                early=early,
                null=said.null,
                corrected=said.corrected,
                versions=sum(piece.rows.num_rows for piece in mine),
                repeated=repeated.get(name, 0),
            )
        )
    return found


def _said(pieces: Sequence[Piece]) -> _Said:
    if not pieces:
        return _Said(0, 0, 0)
    with asking() as connection:
        queries = []
        for number, piece in enumerate(pieces):
            connection.register(f"said {number}", piece.rows)
            columns = ", ".join(identifier(KEY + column) for column in piece.kinds)
            target = f"CAST(row({columns}) AS VARCHAR)" if columns else ID
            of = string(" ".join(sorted(piece.kinds)))
            queries.append(
                f"SELECT {of} AS kind_of_key, {target} AS target, kind, value, known_at, sequence "
                f"FROM {identifier(f'said {number}')}"
            )
        row = connection.sql(
            f"SELECT count(*), count(*) FILTER (last = {NULL}), count(*) FILTER (is_corrected) "
            "FROM (SELECT arg_max(kind, (known_at, sequence)) AS last, "
            "min(kind) <> max(kind) OR min(value) <> max(value) AS is_corrected "
            f"FROM ({' UNION ALL '.join(queries)}) GROUP BY kind_of_key, target)"
        ).fetchall()[0]
    return _Said(*row)


def _matched(pieces: Sequence[Piece], predictions: Table, key: Sequence[str]) -> tuple[int, int]:
    """Return how many targets belong to a prediction, and how many of them were known before it."""
    matched = early = 0
    for targets in what_counts(pieces, predictions, key):
        if not targets.rows.num_rows or not predictions.rows:
            continue
        with asking() as connection:
            connection.register("targets", targets.rows)
            predictions.select("time", *targets.columns).register(connection, "predictions")
            of = ", ".join(f"t.{identifier(column)}" for column in targets.columns)
            row = connection.sql(
                f"SELECT count(*), count(*) FILTER (is_early) FROM (SELECT "
                f"max(p.time) > any_value(t.{KNOWN_AT}) AS is_early FROM predictions AS p "
                f"JOIN targets AS t ON {targets.joined('p', 't')} GROUP BY {of})"
            ).fetchall()[0]
        matched, early = matched + row[0], early + row[1]
    return matched, early
