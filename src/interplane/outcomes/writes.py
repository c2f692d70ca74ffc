"""What a writing transaction does with outcomes that came."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from interplane.outcomes.chunks import write_chunks
from interplane.outcomes.outcome import key_text, target_digest
from interplane.outcomes.pieces import BOOL, NULL, NUMBER, pieces_of
from interplane.outcomes.ports import Kept

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from interplane.outcomes.outcome import Outcome, Said

__all__ = ["write_outcomes"]

_BEFORE: Final = (
    "SELECT known_at, kind, value FROM version WHERE target = ? AND known_at <= ? "
    "ORDER BY known_at DESC, sequence DESC"
)
_VERSION: Final = "INSERT INTO version VALUES (?, ?, ?, ?, ?)"
_ROW: Final = "INSERT INTO outcome VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_REPEATED: Final = (
    "INSERT INTO repeated VALUES (?, ?, ?) "
    "ON CONFLICT (model, name) DO UPDATE SET count = count + excluded.count"
)


def write_outcomes(
    connection: sqlite3.Connection, outcomes: Sequence[Outcome], *, bulk: bool
) -> list[bool]:
    """Take outcomes in, inside a transaction; return for each whether it is new."""
    last = _reserve(connection, len(outcomes))
    targets = [target_digest(outcome) for outcome in outcomes]
    fresh = [False] * len(outcomes)
    cursor = connection.cursor()
    # In the order of the index, so that thousands at once read each of its pages once.
    for target, place in sorted(zip(targets, range(len(outcomes)), strict=True)):
        fresh[place] = _is_new(cursor, outcomes[place], target, last + 1 + place)
    models = _numbers(connection, outcomes)
    kept = [
        Kept(last + 1 + place, outcome) for place, outcome in enumerate(outcomes) if fresh[place]
    ]
    _keep(connection, kept, models, bulk=bulk)
    _count_repeated(connection, outcomes, fresh, models)
    return fresh


def _reserve(connection: sqlite3.Connection, count: int) -> int:
    """Return the last sequence that was given; the next ``count`` are ours."""
    (last,) = connection.execute("SELECT last FROM outcomes").fetchone()
    connection.execute("UPDATE outcomes SET last = last + ?", (count,))
    return int(last)


def _is_new(cursor: sqlite3.Cursor, outcome: Outcome, target: bytes, sequence: int) -> bool:
    """Note a version of an outcome, unless it says nothing new."""
    known_at, (kind, value) = outcome.known_at_us, _form(outcome.value)
    is_first = True
    for before_at, before_kind, before_value in cursor.execute(_BEFORE, (target, known_at)):
        is_same = (before_kind, before_value) == (kind, value)
        if is_same and (before_at == known_at or (is_first and outcome.is_known_when_it_came)):
            return False
        if before_at < known_at:
            break
        is_first = False
    cursor.execute(_VERSION, (target, known_at, sequence, kind, value))
    return True


def _form(value: Said) -> tuple[int, float]:
    """Return a value as its kind and a number."""
    if value is None:
        return NULL, 0.0
    return (BOOL if isinstance(value, bool) else NUMBER), float(value)


def _numbers(connection: sqlite3.Connection, outcomes: Iterable[Outcome]) -> dict[str, int]:
    """Return the numbers of models, made where there is none."""
    names = dict.fromkeys(outcome.model for outcome in outcomes)
    connection.executemany(
        "INSERT INTO model (name, newest) VALUES (?, 0) ON CONFLICT DO NOTHING",
        [(name,) for name in names],
    )
    find = "SELECT number FROM model WHERE name = ?"
    return {name: connection.execute(find, (name,)).fetchone()[0] for name in names}


def _keep(
    connection: sqlite3.Connection, kept: Sequence[Kept], models: dict[str, int], *, bulk: bool
) -> None:
    newest = {models[outcome.model]: sequence for sequence, outcome in kept}
    connection.executemany(
        "UPDATE model SET newest = ? WHERE number = ?",
        [(sequence, number) for number, sequence in newest.items()],
    )
    if not bulk:
        connection.executemany(_ROW, [_row(each, models[each.outcome.model]) for each in kept])
        return
    for name, number in models.items():
        write_chunks(
            connection, number, pieces_of(each for each in kept if each.outcome.model == name)
        )


def _row(kept: Kept, model: int) -> tuple[object, ...]:
    sequence, outcome = kept
    key = None if outcome.key is None else key_text(outcome.key)
    target = (outcome.prediction_id, key)
    times = (outcome.known_at_us, outcome.received_at_us)
    return (sequence, model, outcome.name, *target, *_form(outcome.value), *times, outcome.actor)


def _count_repeated(
    connection: sqlite3.Connection,
    outcomes: Sequence[Outcome],
    fresh: Sequence[bool],
    models: dict[str, int],
) -> None:
    repeated = Counter(
        (models[outcome.model], outcome.name)
        for outcome, is_new in zip(outcomes, fresh, strict=True)
        if not is_new
    )
    connection.executemany(_REPEATED, [(*of, count) for of, count in repeated.items()])
