"""A source, whatever it is, read as a table: files by what they begin with, frames by PyCapsule."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interplane.data.columnar import ARROW_FILE, FEATHER_1, PARQUET, read_arrow, read_parquet
from interplane.data.content import content_digest
from interplane.data.faults import unreadable
from interplane.data.options import LIMITS, Limits, ReadOptions
from interplane.data.table import Table
from interplane.errors import StorageError, UsageError
from interplane.record import Digest, digest_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from interplane.record import Type

__all__ = ["Source", "read_table"]

_MEMBER_ADVICE = "Export it as CSV or Parquet, or read it with pandas and add the frame"
_FOREIGN = {
    b"\x89HDF": "HDF5",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"7z\xbc\xaf": "a 7z archive",
    b"\xfd7zX": "an xz archive",
    b"BZh": "a bzip2 archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"SQLi": "an SQLite database",
    b"%PDF": "a PDF",
    b"Obj\x01": "Avro",
    b"ORC": "ORC",
}
_TEXT_ADVICE = {
    ".json": "JSON",
    ".jsonl": "JSON lines",
    ".ndjson": "JSON lines",
    ".xml": "XML",
    ".html": "HTML",
    ".xlsx": "an Excel workbook",
    ".ods": "an OpenDocument workbook",
}


@dataclass(frozen=True)
class Source:
    """What a source held.

    Attributes:
        table: its rows.
        digest: the digest of the file's bytes, or of the table's content.
        name: the last part of the file's path, or the type of the object.
        options: how it was read, where that was not the default.
    """

    table: Table
    digest: Digest
    name: str
    options: dict[str, Any]


def read_table(
    source: Any,
    *,
    options: ReadOptions | None = None,
    limits: Limits = LIMITS,
    hints: Mapping[str, Type] | None = None,
) -> Source:
    """Read a file (CSV also zipped or gzipped, Parquet, Arrow) or a frame as a table.

    Args:
        source: a path, or an object that `Table.from_arrow` takes.
        options: how a text file is written.
        limits: the budget on what the source decodes to.
        hints: types to try first for columns of a text file.

    Raises:
        UnreadableFile: for a file that cannot be read exactly; says line, byte and reason.
        DataError: for a column of a type that is none of ours.
        UsageError: for a path without a file, or an object that is no table.
    """
    asked = options or ReadOptions()
    if not isinstance(source, str | Path):
        _refuse_options(asked, f"a {type(source).__name__}")
        name = type(source).__name__
        table = source if isinstance(source, Table) else Table.from_arrow(source, name=name)
        return Source(table=table, digest=content_digest(table), name=name, options={})
    path = Path(source)
    digest = file_digest(path)
    try:
        before = path.stat()
        arrow, found = _read_file(path, asked, limits, hints)
        after = path.stat()
    except OSError as error:
        raise StorageError.from_os(error, doing=f"reading {path}") from error
    if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        raise unreadable(path.name, "it changed while it was read", do="Add it when it is whole")
    table = Table.from_arrow(arrow, name=path.name)
    return Source(table=table, digest=digest, name=path.name, options=found.to_record())


def file_digest(path: Path) -> Digest:
    """Return the digest of a file's bytes.

    Raises:
        UsageError: if there is no such file.
    """
    if not path.exists():
        raise UsageError(
            f"there is no file {str(path)!r}",
            expected="a CSV, Parquet or Arrow file",
            do=f"Check the path; it is looked up from {Path.cwd()}",
        )
    if not path.is_file():
        raise UsageError(
            f"{str(path)!r} is no file",
            expected="one CSV, Parquet or Arrow file",
            do="Add the files in it one by one, the later ones with --append (in Python append=True)",
        )
    try:
        return digest_file(path)
    except OSError as error:
        raise StorageError.from_os(error, doing=f"reading {path}") from error


def _read_file(
    path: Path, options: ReadOptions, limits: Limits, hints: Mapping[str, Type] | None
) -> tuple[pa.Table, ReadOptions]:
    from interplane.data.archives import read_bytes
    from interplane.data.csv_reader import read_csv

    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(PARQUET):
        _refuse_options(options, "a Parquet file")
        return read_parquet(path, limits=limits), options
    if start.startswith((ARROW_FILE, b"\xff\xff\xff\xff")):
        _refuse_options(options, "an Arrow file")
        return read_arrow(path, limits=limits), options
    _refuse_foreign(path, start)
    raw, member = read_bytes(path, limits=limits)
    name = path.name if member == path.name else f"{path.name} ({Path(member).name})"
    return read_csv(raw, name=name, options=options, limits=limits, hints=hints)


def _refuse_foreign(path: Path, start: bytes) -> None:
    suffix = path.suffix.lower()
    kinds = [kind for mark, kind in _FOREIGN.items() if start.startswith(mark)]
    kind = kinds[0] if kinds else _TEXT_ADVICE.get(suffix)
    if start.startswith(FEATHER_1):
        kind = "Feather of version 1"
    if kind is not None:
        raise unreadable(
            path.name, f"it is {kind}", expected="CSV, Parquet or Arrow", do=_MEMBER_ADVICE
        )
    if suffix in {".parquet", ".pq", ".arrow", ".feather", ".ipc"}:
        raise unreadable(
            path.name,
            f"it begins with {start[:4]!r}",
            expected=f"what its name says ({suffix})",
            do="Fetch or write the file again, or rename it if it is text",
        )


def _refuse_options(options: ReadOptions, what: str) -> None:
    given = options.to_record()
    if given:
        raise UsageError(
            f"{what} is not read under options, but there is {', '.join(given)}",
            expected="options for text files only",
            do="Leave them out, or change the columns before adding them",
        )
