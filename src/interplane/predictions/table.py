"""Everything that is logged as a table: what was compacted, and what is being written just now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from interplane.data.table import Table
from interplane.predictions.casts import check_type
from interplane.predictions.columns import LATER, ROW, own_columns, spelled, to_arrow
from interplane.predictions.disk import Disk
from interplane.predictions.kinds import TYPES, widen
from interplane.predictions.parquet import GROUP_ROWS, rows_with_ids, verified
from interplane.predictions.pieces import Piece, Window, pieces_of
from interplane.predictions.repeats import settle
from interplane.predictions.rows import LoggedRows, Selected
from interplane.predictions.snapshot import open_snapshot
from interplane.record.tables import Column

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from interplane.predictions.entry import Entry
    from interplane.predictions.kinds import Kind
    from interplane.predictions.reader import SegmentContent
    from interplane.predictions.repeats import Settled
    from interplane.record.tables import Type

__all__ = ["LogReading", "json_columns", "read_log"]

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - UTC, and naive, as timestamps are
_MICROSECOND: Final = timedelta(microseconds=1)


def read_log(
    folder: Path,
    *,
    model: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    types: Mapping[str, Type] | None = None,
    disk: Disk | None = None,
) -> Table:
    """Return logged predictions, each id once, while servers go on writing.

    The log's own columns are ``prediction_id``, ``model``, ``crossing``, ``time`` (the prediction
    time), ``at`` (the server's clock), ``score``, ``client_id``, ``took_us``, ``replay``, and, where a
    crossing could not answer, ``instead_of`` (its digest) and ``because`` (the code of the error). For one
    model there follow ``row.NAME`` for each column of its requests and ``looked_up.NAME`` for what
    feature views knew, with the types that hold their values exactly; for all models ``row`` and
    ``looked_up`` as JSON text. A request that did not have a column has null in it.

    Compacted rows come first, day by day, and are read in place when they are asked for; what is not
    compacted yet is read now. Within the hour a table reads the same rows again; later it may be told
    that they moved.

    Args:
        folder: the folder of the log.
        model: the model; all of them if not given.
        since: rows whose prediction time is not before this; UTC where there is no zone.
        until: rows whose prediction time is before this.
        types: types of columns of requests by name, for example ``{"landed_at": "timestamp"}``; a
            column that no request had is there with nulls.
        disk: the file operations.

    Raises:
        StorageError: if the log cannot be read.
        Corrupt: if a file that is needed is damaged.
        DataError: if a column has values that are never of the type that is given.
    """
    return LogReading(folder, model=model, types=types, disk=disk).between(since, until)


class LogReading:
    """A log as it was at one moment, to be read as often as wanted; see `read_log`.

    What is not compacted yet is read and decoded once.

    Args:
        folder: the folder of the log.
        model: the model; all of them if not given.
        types: types of columns of requests by name.
        disk: the file operations.

    Raises:
        StorageError: if the log cannot be read.
    """

    def __init__(
        self,
        folder: Path,
        *,
        model: str | None = None,
        types: Mapping[str, Type] | None = None,
        disk: Disk | None = None,
    ) -> None:
        self._folder = folder
        self._model = model
        self._types = types or {}
        with open_snapshot(folder, disk=disk or Disk()) as snapshot:
            files = [file for file in snapshot.state.files if model is None or file.model == model]
            settled = settle(
                [content.repeatable for content in snapshot.pending],
                files,
                snapshot.manifest,
                lambda file, ids: rows_with_ids(folder, file, ids),
            )
            self._files = [
                file._replace(dropped=file.dropped | settled.old.get(file.number, frozenset()))
                for file in sorted(files, key=lambda file: (file.day, file.number))
            ]
            self._pending = list(_pending_entries(snapshot.pending, settled, model))

    def between(self, since: datetime | None = None, until: datetime | None = None) -> Table:
        """Return the predictions whose time is not before ``since``, and before ``until``.

        Raises:
            Corrupt: if a file that is needed is damaged.
            DataError: if a column has values that are never of the type that is given.
        """
        window = Window(_microseconds(since), _microseconds(until))
        wanted = (
            file
            for file in self._files
            if not window.excludes(file.first_time_us, file.last_time_us)
        )
        pieces = [
            *pieces_of(((file, verified(self._folder, file)) for file in wanted), window),
            *_new_pieces(self._pending, window),
        ]
        columns = _columns(pieces, self._types) if self._model is not None else json_columns()
        return Table(
            LoggedRows(pieces, columns),
            [Column(name=column.name, type=column.type) for column in columns],
        )


# ---- pieces -------------------------------------------------------------------------------


def _pending_entries(
    pending: Sequence[SegmentContent], settled: Settled, model: str | None
) -> Iterator[Entry]:
    """Yield the entries that are not compacted yet, each id once."""
    for content, left_out in zip(pending, settled.new, strict=True):
        seen = set(left_out)
        for entry in content:
            if entry.id in seen or (model is not None and entry.model != model):
                continue
            if entry.client_id is not None:
                seen.add(entry.id)
            yield entry


def _new_pieces(entries: Sequence[Entry], window: Window) -> Iterator[Piece]:
    chosen = [entry for entry in entries if window.includes(entry.time_us, entry.time_us)]
    for begin in range(0, len(chosen), GROUP_ROWS):
        yield _in_memory(chosen[begin : begin + GROUP_ROWS])


def _in_memory(entries: Sequence[Entry]) -> Piece:
    table, kinds = to_arrow(entries)
    return Piece(kinds=kinds, rows=table.num_rows, memory=table)


# ---- columns ------------------------------------------------------------------------------


def _columns(pieces: Sequence[Piece], types: Mapping[str, Type]) -> list[Selected]:
    """Return the log's own columns, those of requests, and those that were looked up."""
    kinds: dict[str, Kind] = {f"{ROW}{name}": "null" for name in types}
    for piece in pieces:
        kinds = widen(kinds, piece.kinds)
    found = _own_columns()
    asked = [name for name in kinds if name not in LATER]
    for stored, name in sorted(
        spelled(asked).items(), key=lambda item: not item[0].startswith(ROW)
    ):
        kind = kinds[stored]
        wanted = TYPES[kind]
        if stored.startswith(ROW) and stored.removeprefix(ROW) in types:
            wanted = types[stored.removeprefix(ROW)]
            check_type(stored.removeprefix(ROW), kind, wanted)
        found.append(Selected(name, wanted, stored, kind))
    return found


def json_columns() -> list[Selected]:
    """Return the columns of all models: the log's own, and requests as JSON text."""
    more = (Selected(name, "str", name) for name in ("row", "looked_up"))
    return [*_own_columns(), *more]


def _own_columns() -> list[Selected]:
    return [
        Selected(column.name, column.type, column.name, LATER.get(column.name))
        for column in own_columns()
    ]


def _microseconds(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return (moment - _EPOCH) // _MICROSECOND
