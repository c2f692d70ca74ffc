"""Parquet files that a compaction writes: one for each model and day, more where columns differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self

from interplane.predictions.columns import to_arrow
from interplane.predictions.kinds import widen
from interplane.predictions.layout import day_of
from interplane.predictions.parquet import GROUP_ROWS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    import pyarrow as pa

    from interplane.predictions.entry import Entry
    from interplane.predictions.kinds import Kind
    from interplane.predictions.manifest import Made
    from interplane.predictions.parquet import NewFile
    from interplane.predictions.work import Work

__all__ = ["Outputs"]

_MOST_OPEN: Final = 32
_BUFFERED_BYTES: Final = 64 << 20

_Key = tuple[str, int]


class Outputs:
    """Files that are being written. When its block raises, they are removed.

    Args:
        work: where they go.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._waiting: dict[_Key, list[Entry]] = {}
        self._rows = self._bytes = 0
        self._open: dict[_Key, NewFile] = {}
        self._begun: list[NewFile] = []
        self._made: list[Made] = []

    def take(self, entry: Entry, size: int) -> None:
        """Take an entry whose encoded size is about this."""
        self._waiting.setdefault((entry.model, day_of(entry.at_us)), []).append(entry)
        self._rows += 1
        self._bytes += size
        if self._rows >= GROUP_ROWS or self._bytes >= _BUFFERED_BYTES:
            self._flush()

    def write(self, key: _Key, rows: pa.Table, kinds: Mapping[str, Kind]) -> None:
        """Write rows of a model (first of the key) and a day (second)."""
        file = self._open.get(key)
        if file is None or not file.takes(kinds):
            before = {} if file is None else file.kinds
            if file is not None:
                self._finish(key)
            elif len(self._open) == _MOST_OPEN:
                self._finish(next(iter(self._open)))
            file = self._open[key] = self._work.new_file(*key, widen(before, kinds))
            self._begun.append(file)
        file.write(rows, kinds)

    def finish(self) -> list[Made]:
        """Write what is left, and return what was made when it is on the disk."""
        self._flush()
        for key in list(self._open):
            self._finish(key)
        if self._made:
            self._work.disk.sync(self._work.parquet)
        return self._made

    def _flush(self) -> None:
        for key, entries in self._waiting.items():
            self.write(key, *to_arrow(entries))
        self._waiting.clear()
        self._rows = self._bytes = 0

    def _finish(self, key: _Key) -> None:
        self._made.append(self._open.pop(key).finish())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            for file in self._begun:
                file.abandon()
