"""Tests that are none, refused with the rows: what a model may not be evaluated on.

- Rows that the features were fitted on are no test of a model that stands on them.
- Where features encode the label, the rows that they were fitted on have their own labels in them: what is
  computed of such rows is none to train on.
- A split promised something (no entity on both sides; the test rows after the training rows, and a gap
  between them): rows that break what the training rows were split off by are no test either.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from interplane.data.promises import between
from interplane.data.row_keys import leak
from interplane.errors import UsageError
from interplane.expressions.nodes import Lookup
from interplane.expressions.trees import parts_of
from interplane.features.derived import TARGET_MEAN
from interplane.features.seen import among, remember
from interplane.record.arguments import told

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from interplane.data.key_hashes import KeyHashes
    from interplane.data.promises import Promise
    from interplane.data.table import Table
    from interplane.expressions.nodes import Node
    from interplane.features.frozen import Frozen
    from interplane.features.seen import Seen

__all__ = [
    "Crossed",
    "crossed_rows",
    "refuse_crossed",
    "refuse_own_labels",
    "refuse_seen",
    "remembered",
    "seen_rows",
    "untold",
]


def remembered(
    table: Table, key: tuple[str, ...], *, hashes: KeyHashes | None = None
) -> dict[Seen, bytes]:
    """Return the sets of keys that a fit on a table remembers, with their bytes.

    They are those of its rows, where a key is declared, and those of the entities (or rows) that the
    split which the table is a part of keeps apart.

    Args:
        table: the rows.
        key: the columns that name a row.
        hashes: those of their keys, where they are known already.
    """
    found: dict[Seen, bytes] = {}
    if key:
        found |= [remember(table, key, hashes=hashes)]
    promise = table.promise
    if promise is not None and promise.by != "time" and promise.columns != key:
        found |= [remember(table, promise.columns, of=promise.by)]
    return found


def seen_rows(frozen: Frozen, table: Table) -> NDArray[np.bool_] | None:
    """Return which rows of a table the features were fitted on.

    None where nobody can tell: the features declare no key (or were fitted before fits remembered
    rows), the set is not at hand, or the table lacks a column of the key.
    """
    for seen in frozen.training.seen:
        if seen.of == "row" and seen.columns == frozen.key:
            return _among(frozen, seen, table)
    return None


def _among(frozen: Frozen, seen: Seen, table: Table) -> NDArray[np.bool_] | None:
    if frozen.read_seen is None or not set(seen.columns) <= set(table.types):
        return None
    return among(table, seen, frozen.read_seen(seen))


class Crossed(NamedTuple):
    """Rows that break what the training rows were split off by.

    Attributes:
        rows: which they are.
        promise: what was promised.
        columns: the columns that show it.
    """

    rows: NDArray[np.bool_]
    promise: Promise
    columns: tuple[str, ...]


def crossed_rows(frozen: Frozen, table: Table) -> Crossed | None:
    """Return which rows break the promise that the training rows came with.

    None where they came with none, or nobody can tell.
    """
    promise = frozen.training.promise
    if promise is None or not set(promise.columns) <= set(table.types):
        return None
    if promise.by == "time":
        return Crossed(_too_early(table, promise), promise, promise.columns)
    for seen in frozen.training.seen:
        if seen.columns == promise.columns:
            rows = _among(frozen, seen, table)
            return None if rows is None else Crossed(rows, promise, promise.columns)
    return None


def untold(frozen: Frozen, table: Table) -> tuple[str, ...]:
    """Return what the features know of their training rows and rows of a table cannot be held against.

    Nothing where the features declare no key, and come with no promise.
    """
    found = []
    for seen in frozen.training.seen:
        if seen.of == "row" and seen.columns == frozen.key:
            found += _reasons("whether they were fitted on", frozen, table, seen.columns)
    promise = frozen.training.promise
    if promise is not None:
        what = f"whether they keep to the split of the training rows ({promise.to_text()})"
        found += _reasons(what, frozen, table, promise.columns, by_keys=promise.by != "time")
    return tuple(found)


def _reasons(
    what: str, frozen: Frozen, table: Table, columns: tuple[str, ...], *, by_keys: bool = True
) -> list[str]:
    missing = [name for name in columns if name not in table.types]
    if missing:
        return [f"{what}: they have no column {', '.join(map(repr, missing))}"]
    if by_keys and frozen.read_seen is None:
        return [f"{what}: the keys of the training rows are not kept beside the features"]
    return []


def _too_early(table: Table, promise: Promise) -> NDArray[np.bool_]:
    """Return which rows are not after the training rows and the gap."""
    import numpy as np

    if promise.end is None:  # the training rows are the last part: there is no time after them
        return np.zeros(table.rows, dtype=bool)
    free = datetime.fromisoformat(promise.end) + timedelta(microseconds=promise.gap_us)
    return between(table, promise.columns[0], end=free.isoformat())


def refuse_seen(frozen: Frozen, table: Table, rows: NDArray[np.bool_], *, of: int) -> None:
    """Refuse rows that the features were fitted on.

    Args:
        frozen: the features.
        table: the rows that a model is to be tested on.
        rows: which of them were fitted on.
        of: how many rows the test has.

    Raises:
        Leak: if there is one; names some of them.
    """
    count = int(rows.sum())
    if not count:
        return
    raise leak(
        f"{count:,} of the {of:,} test rows {_were(count)} fitted on",
        table,
        columns=frozen.key,
        rows=rows,
        of=of,
        expected="rows that the model has not seen",
        do="Split training rows and test rows, for example with interplane.split_by_time; or say "
        f'evaluate(…, seen="allow"), which every verdict shows{_unless_unique(frozen)}',
    )


def refuse_own_labels(frozen: Frozen, table: Table, *, seen: object) -> None:
    """Refuse rows that the features were fitted on, where a feature encodes the label.

    Rows whose label is null are let in: they were no part of an encoding. Where nobody can tell
    (`seen_rows`), none is refused.

    Args:
        frozen: the features.
        table: the rows to compute features of.
        seen: "allow" lets them in.

    Raises:
        Leak: if there is one; names some of them.
        UsageError: if ``seen`` is neither "refuse" nor "allow".
    """
    if not isinstance(seen, str) or seen not in {"refuse", "allow"}:
        raise UsageError(
            f"seen is {told(seen)}",
            expected="refuse, or allow",
            do="Say what is to be done with rows that the features were fitted on",
        )
    encoded = [name for name, node in frozen.features.items() if _encodes_target(node)]
    if seen == "allow" or not encoded:
        return
    import pyarrow.compute as pc

    rows = seen_rows(frozen, table)
    if rows is None:
        return
    if frozen.label is not None and frozen.label in table.types:
        rows &= ~pc.is_null(table.column(frozen.label), nan_is_null=True).to_numpy()
    count = int(rows.sum())
    if not count:
        return
    more = f" (and {len(encoded) - 1} more)" if len(encoded) > 1 else ""
    raise leak(
        f"{count:,} of the {table.rows:,} rows {_were(count)} fitted on, and the feature "
        f"{encoded[0]!r}{more} encodes the label {frozen.label!r}: it would have their own labels in it",
        table,
        columns=frozen.key,
        rows=rows,
        expected="rows whose labels the encodings have not seen",
        do="Train on what fit_transform returns, where no row has its own label; for what a server would "
        f'say of these rows, add seen="allow"{_unless_unique(frozen)}',
        features=encoded,
    )


def _encodes_target(node: Node) -> bool:
    """Return whether a frozen feature looks up a target encoding, which `freeze` names so."""
    tables = (part.table for part in parts_of(node) if isinstance(part, Lookup))
    return any(table.startswith(f"{TARGET_MEAN}_") for table in tables)


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _unless_unique(frozen: Frozen) -> str:
    """Return what to look at first where the declared key names several rows."""
    for seen in frozen.training.seen:
        if seen.columns == frozen.key and seen.keys < seen.rows:
            return (
                f". The key ({', '.join(frozen.key)}) names {seen.rows:,} training rows by "
                f"{seen.keys:,} values: if other rows share it, declare one that names a row"
            )
    return ""


def refuse_crossed(table: Table, crossed: Crossed, rows: NDArray[np.bool_], *, of: int) -> None:
    """Refuse rows that break what the training rows were split off by.

    Args:
        table: the rows that a model is to be tested on.
        crossed: the promise, and which rows break it.
        rows: which of these are tested on.
        of: how many rows the test has.

    Raises:
        Leak: if there is one; names some of them.
    """
    count = int(rows.sum())
    if not count:
        return
    promise, named = crossed.promise, ", ".join(crossed.promise.columns)
    if promise.by == "time":
        broken = f"{_are(count)} not after the training rows ({promise.to_text()}{_gap(promise)})"
        expected = "test rows that come later than the training rows"
    else:
        what = "an entity" if promise.by == "entity" else "a key"
        broken = f"{'has' if count == 1 else 'have'} {what} ({named}) of the training rows"
        expected = f"{what} on one side alone, as the training rows were split off by {named}"
    raise leak(
        f"{count:,} of the {of:,} test rows {broken}",
        table,
        columns=promise.columns,
        rows=rows,
        of=of,
        expected=expected,
        do='Take the test rows of the same split; or say evaluate(…, seen="allow"), which every '
        "verdict shows",
    )


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _gap(promise: Promise) -> str:
    return f", and a gap of {timedelta(microseconds=promise.gap_us)}" if promise.gap_us else ""
