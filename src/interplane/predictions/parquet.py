"""Parquet files of the log: written through the seam, hashed on their way out and on their way in."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from blake3 import blake3

from interplane.errors import Corrupt, StorageError
from interplane.predictions.columns import OWN, schema_of
from interplane.predictions.kinds import widen
from interplane.predictions.layout import PARQUET, day_text
from interplane.predictions.manifest import Made
from interplane.predictions.repeats import beginnings
from interplane.record.digests import Digest, digest_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pyarrow as pa

    from interplane.predictions.disk import Disk
    from interplane.predictions.kinds import Kind
    from interplane.predictions.manifest import LoggedFile

__all__ = ["GROUP_ROWS", "NewFile", "rows_with_ids", "verified"]

GROUP_ROWS: Final = 65_536
"""How many rows a row group has at most: what is written, or read, at once."""

_ALL_DIFFER: Final = frozenset({"prediction_id", "client_id", "time", "at", "score"})


class NewFile:
    """Writes one file; it counts only once a manifest names it.

    Args:
        disk: the file operations.
        folder: the handle of the folder.
        name: the file's name, which must be new.
        model: the model whose predictions it gets.
        day: the UTC day of them, counted from 1970.
        kinds: the kinds of its columns.

    Attributes:
        kinds: the kinds of its columns.

    Raises:
        OSError: if it cannot be made.
    """

    def __init__(
        self,
        disk: Disk,
        folder: int,
        name: str,
        *,
        model: str,
        day: int,
        kinds: Mapping[str, Kind],
    ) -> None:
        import pyarrow.parquet as pq

        self.kinds = dict(kinds)
        self._name = name
        self._model = model
        self._day = day
        self._rows = 0
        self._times: dict[str, list[int]] = {"at": [], "time": []}
        self._ids: list[str] = []
        self._disk = disk
        self._folder = folder
        self._schema = schema_of(kinds)
        self._sink = _Sink(disk, disk.create(name, below=folder))
        self._writer = pq.ParquetWriter(
            self._sink,
            self._schema,
            version="2.6",
            compression="zstd",
            compression_level=1,
            use_dictionary=[
                name for name in self._schema.names if name not in OWN or name not in _ALL_DIFFER
            ],
            write_statistics=True,
            store_schema=False,
        )

    def takes(self, kinds: Mapping[str, Kind]) -> bool:
        """Return whether rows with these kinds can go into the file as it is."""
        return bool(schema_of(widen(self.kinds, kinds)).equals(self._schema))

    def write(self, rows: pa.Table, kinds: Mapping[str, Kind]) -> None:
        """Write rows that the file takes.

        Raises:
            OSError: if they cannot be written.
        """
        import pyarrow.compute as pc

        self.kinds = widen(self.kinds, kinds)
        self._writer.write_table(_filled(rows, self._schema), row_group_size=GROUP_ROWS)
        self._rows += rows.num_rows
        for name, times in self._times.items():
            times.extend(pc.min_max(rows.column(name).cast("int64")).as_py().values())
        is_repeatable = pc.is_valid(rows.column("client_id"))
        self._ids += rows.column("prediction_id").filter(is_repeatable).to_pylist()

    def finish(self) -> Made:
        """Write the end, sync, and return what was made.

        Raises:
            OSError: if it cannot be written or synced.
        """
        self._writer.close()
        digest, size_bytes = self._sink.finish()
        at, time = self._times["at"], self._times["time"]
        return Made(
            name=self._name,
            digest=digest,
            model=self._model,
            day=self._day,
            rows=self._rows,
            size_bytes=size_bytes,
            first_at_us=min(at),
            last_at_us=max(at),
            first_time_us=min(time),
            last_time_us=max(time),
            kinds=self.kinds,
            repeatable=beginnings(self._ids).tobytes(),
        )

    def abandon(self) -> None:
        """Remove what was written."""
        self._sink.abandon()
        self._disk.remove(self._name, below=self._folder)


_VERIFIED: Final[dict[Digest, tuple[int, int, int]]] = {}


def verified(folder: Path, file: LoggedFile) -> Path:
    """Return the path of a file of a log, hashed once for each process and state of the file.

    Raises:
        Corrupt: if its bytes are not those that were written.
        StorageError: if it cannot be read.
    """
    path = folder / PARQUET / file.name
    try:
        state = path.lstat()
        seen = (state.st_ino, state.st_size, state.st_mtime_ns)
        if _VERIFIED.get(file.digest) != seen:
            if path.is_symlink() or digest_file(path) != file.digest:
                raise _damaged(path, file)
            _VERIFIED[file.digest] = seen
    except OSError as error:
        if isinstance(error, StorageError):
            raise
        raise StorageError(
            f"{error.strerror or error} while reading {path}, which holds {_what(file)}",
            do="Put the file back from a copy, or mend what forbids to read it",
        ) from error
    return path


def rows_with_ids(folder: Path, file: LoggedFile, ids: frozenset[str]) -> dict[str, int]:
    """Return when (``at``, in microseconds since 1970) the rows of a file with these ids were.

    Raises:
        Corrupt: if the file is damaged.
        StorageError: if it cannot be read.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    found: dict[str, int] = {}
    wanted = pa.array(sorted(ids), pa.string())
    with pq.ParquetFile(verified(folder, file)) as opened:
        for batch in opened.iter_batches(GROUP_ROWS, columns=["prediction_id", "at"]):
            there = batch.filter(pc.is_in(batch.column("prediction_id"), wanted))
            at_us = there.column("at").cast(pa.int64()).to_pylist()
            found.update(zip(there.column("prediction_id").to_pylist(), at_us, strict=True))
    return found


def _damaged(path: Path, file: LoggedFile) -> Corrupt:
    return Corrupt(
        f"{path} is damaged; it holds {_what(file)}",
        expected=f"bytes with the digest {file.digest}",
        do="Put the file back from a copy",
    )


def _what(file: LoggedFile) -> str:
    return f"{file.rows:,} predictions of {file.model} of {day_text(file.day)}"


def _filled(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return rows in the columns of a schema: missing ones null, whole numbers as floats."""
    import pyarrow as pa

    there = set(rows.column_names)
    return pa.table(
        [
            rows.column(field.name).cast(field.type)
            if field.name in there
            else pa.nulls(rows.num_rows, field.type)
            for field in schema
        ],
        schema=schema,
    )


class _Sink:
    """What Arrow writes to: it goes on through the seam."""

    closed = False

    def __init__(self, disk: Disk, handle: int) -> None:
        self._disk = disk
        self._handle = handle
        self._hash = blake3()
        self._size = 0

    def write(self, data: Any) -> int:
        """Write bytes; once abandoned, forget them: Arrow closes what it was writing."""
        if self._handle >= 0:
            self._disk.write(self._handle, data)
            self._hash.update(data)
            self._size += len(data)
        return len(data)

    def tell(self) -> int:
        """Return how many bytes were written."""
        return self._size

    def flush(self) -> None:
        """Nothing is kept back."""

    def close(self) -> None:
        """Arrow is done; the file is closed by `finish`."""

    def finish(self) -> tuple[Digest, int]:
        """Sync and close; return digest and size."""
        self._disk.sync(self._handle)
        self.abandon()
        return Digest(self._hash.hexdigest()), self._size

    def abandon(self) -> None:
        """Close without caring for what was written."""
        if self._handle >= 0:
            handle, self._handle = self._handle, -1
            os.close(handle)
