"""What is in the files of a log and not in another log: for whoever did not follow it as it grew."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from interplane.predictions.disk import Disk
from interplane.predictions.entry import Entry
from interplane.predictions.parquet import rows_with_ids, verified
from interplane.predictions.pieces import Window, pieces_of
from interplane.predictions.rows import LoggedRows
from interplane.predictions.snapshot import open_snapshot
from interplane.predictions.table import json_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from interplane.predictions.manifest import LoggedFile

__all__ = ["Logged", "compacted"]

_AT_ONCE: Final = 4096
_SECOND_US: Final = 1_000_000


class Logged:
    """Which entries a log has, by their ids, at the moment when this is made.

    Args:
        folder: the folder of the log; there need be none.
        disk: the file operations.

    Raises:
        StorageError: if it cannot be read.
    """

    def __init__(self, folder: Path, *, disk: Disk | None = None) -> None:
        self._folder = folder
        with open_snapshot(folder, disk=disk or Disk()) as snapshot:
            self._files = snapshot.state.files
            self._pending = {entry.id for content in snapshot.pending for entry in content}

    def find(self, entries: Sequence[Entry]) -> set[str]:
        """Return the ids of those entries that the log has, under the same ``at``.

        Raises:
            StorageError: if it cannot be read.
            Corrupt: if a file of it is damaged.
        """
        found = {entry.id for entry in entries} & self._pending
        for file in self._files:
            left = frozenset(
                entry.id
                for entry in entries
                if entry.model == file.model
                and file.first_at_us <= entry.at_us <= file.last_at_us
                and entry.id not in found
            )
            if left:
                found.update(rows_with_ids(self._folder, file, left))
        return found


def compacted(
    folder: Path, *, since_us: Mapping[str, int], disk: Disk | None = None
) -> Iterator[list[Entry]]:
    """Yield the entries in the files of a log, some thousands at once.

    A column that a request lacked is there with null.

    Args:
        folder: the folder of the log.
        since_us: the models, and from when on (``at``, in microseconds since 1970) each counts.
        disk: the file operations.

    Raises:
        StorageError: if a file cannot be read.
        Corrupt: if one is damaged.
    """
    with open_snapshot(folder, disk=disk or Disk()) as snapshot:
        files = snapshot.state.files
    wanted = (file for file in files if _counts(file, since_us))
    in_order = sorted(wanted, key=lambda file: (file.model, file.first_at_us, file.number))
    pieces = pieces_of(((file, verified(folder, file)) for file in in_order), Window())
    columns = json_columns()
    rows = LoggedRows(list(pieces), columns)
    for batch in rows.batches([column.name for column in columns], size=_AT_ONCE):
        entries = _entries(batch.to_pylist())
        yield [entry for entry in entries if entry.at_us >= since_us[entry.model]]


def _counts(file: LoggedFile, since_us: Mapping[str, int]) -> bool:
    begin_us = since_us.get(file.model)
    return begin_us is not None and file.last_at_us >= begin_us


def _entries(rows: Iterable[Mapping[str, Any]]) -> Iterator[Entry]:
    for row in rows:
        yield Entry(
            id=row["prediction_id"],
            model=row["model"],
            crossing=row["crossing"],
            time_us=_micros(row["time"]),
            at_us=_micros(row["at"]),
            score=row["score"],
            client_id=row["client_id"],
            took_us=row["took_us"],
            replay=row["replay"],
            row=_plain(row["row"]),
            looked_up=_plain(row["looked_up"]),
            instead_of=row["instead_of"],
            because=row["because"],
        )


def _plain(text: str | None) -> Any:
    return None if text is None else msgspec.json.decode(text)


def _micros(moment: datetime) -> int:
    passed = moment.replace(tzinfo=UTC) - datetime.fromtimestamp(0, UTC)
    return (passed.days * 86_400 + passed.seconds) * _SECOND_US + passed.microseconds
