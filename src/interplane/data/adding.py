"""`add`: a source becomes a version of a dataset, checked and profiled, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interplane.data.checks import check, schema_broken
from interplane.data.history import History
from interplane.data.options import LIMITS, Limits, ReadOptions
from interplane.data.parts import append_parts, parts_table, write_parts
from interplane.data.profile import profile
from interplane.data.readers import Source, file_digest, read_table
from interplane.data.schema_file import parse_schema
from interplane.data.schema_writer import schema_text
from interplane.data.table import Table
from interplane.errors import Fenced, UnknownName
from interplane.record import Addition, DataVersion, Verdict, canonical, check_name
from interplane.storage.names import additions_series, named_pointer, series_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from interplane.data.profile import Profile
    from interplane.data.schema import Schema
    from interplane.record import Column, Digest, Type
    from interplane.storage.ports import Writer
    from interplane.storage.store import Store

    Progress = Callable[[str, int, int], None]

__all__ = ["Added", "add", "version_table"]

_ATTEMPTS = 1000
_DETECTED = frozenset({"delimiter", "encoding"})


@dataclass(frozen=True)
class Added:
    """What came of adding.

    Attributes:
        dataset: the dataset's name.
        digest: the digest of the version.
        version: the version.
        number: its number: ``flights@7``.
        new: whether the dataset had no such version before.
        rows: how many rows the source had.
        verdict: the outcome of the check, if there was a schema.
        note: why nothing was added, where nothing was.
    """

    dataset: str
    digest: Digest
    version: DataVersion
    number: int
    new: bool
    rows: int
    verdict: Verdict | None = None
    note: str = ""


def add(
    store: Store,
    name: str,
    source: Any,
    *,
    writer: Writer,
    append: bool = False,
    schema: Schema | None = None,
    options: ReadOptions | None = None,
    limits: Limits = LIMITS,
    again: bool = False,
    now: str | None = None,
    progress: Progress | None = None,
) -> Added:
    """Add a source as the next version of a dataset, or return the version that has it already.

    The same call twice gives the same version; so does one after a crash. Version, addition,
    profile, number and the pointer ``latest`` become visible together. Where somebody else adds at
    the same time, an append goes on top of theirs.

    Args:
        store: the workspace.
        name: the dataset's name.
        source: a path, or a frame that speaks Arrow.
        writer: who adds.
        append: put the rows after those of the latest version; else they are all of the new one.
        schema: what is expected of the version as a whole.
        options: how a text file is written.
        limits: the budget on what the source decodes to.
        again: append a source although the dataset has it already.
        now: the time now (ISO 8601), for the schema's rule of freshness.
        progress: called with a stage (read, check, store), rows done and rows in all.

    Raises:
        UnreadableFile: a file that cannot be read exactly.
        SchemaBroken: rows that break a rule that stops; carries the verdict. Nothing was added.
        UnknownName: an append to a dataset that is not there.
    """
    check_name(name, of="dataset")
    asked = options or ReadOptions()
    tell = progress or _silent
    adding = _Adding(store, name, writer=writer, schema=schema, now=now, tell=tell)
    history = History(store, name)
    if append and history.latest is None:
        known = [series.partition("/")[2] for series in store.catalog.names("data/")]
        raise UnknownName.of("dataset", name, known, do="Add its first rows without append")
    if isinstance(source, str | Path) and not again:
        there = adding.find(history, file_digest(Path(source)), asked, append=append)
        if there is not None:
            return there
    tell("read", 0, 0)
    read = read_table(
        source, options=asked, limits=limits, hints=_hints(store, history, schema, append=append)
    )
    tell("read", read.table.rows, read.table.rows)
    for attempt in range(1, _ATTEMPTS + 1):
        if not again:
            there = adding.find(history, read.digest, asked, append=append)
            if there is not None:
                return there
        try:
            return adding.commit(history, read, append=append)
        except Fenced:
            # Somebody else added first, perhaps this very source: look again, on top of theirs.
            moved = History(store, name)
            if attempt == _ATTEMPTS or moved.latest == history.latest:
                raise
            history = moved
    raise AssertionError(_ATTEMPTS)


class _Adding:
    """One add: what does not change between its attempts."""

    def __init__(
        self,
        store: Store,
        name: str,
        *,
        writer: Writer,
        schema: Schema | None,
        now: str | None,
        tell: Progress,
    ) -> None:
        self._store = store
        self._name = name
        self._writer = writer
        self._schema = schema
        self._now = now if schema is not None and schema.max_age is not None else None
        self._tell = tell

    def find(
        self, history: History, source: Digest, options: ReadOptions, *, append: bool
    ) -> Added | None:
        """Return the version that has the source already, or None."""
        if history.latest is None:
            return None
        for added in history.chain(history.latest) if append else history.of(history.latest):
            if added.source != source or not _same_options(added, options):
                continue
            # Rows that were appended are there, whatever is expected of them by now.
            expected = self._expected_then(history, added)
            if append or (added.parent is None and expected):
                return self._there(history, added, elsewise=not expected)
        return None

    def _expected_then(self, history: History, added: Addition) -> bool:
        """Return whether an addition stands on the schema of now.

        A first version is added without a schema, and one is written of it then; the same command
        once more, also one that was killed in between, finds that schema and has nothing to check.
        """
        wanted = None if self._schema is None else self._schema.digest
        if added.schema == wanted:
            return True
        known = None if added.schema or wanted is None else history.profile(added.version)
        if known is None:
            return False
        return parse_schema(schema_text(known, name=self._name)).digest == wanted

    def _there(self, history: History, added: Addition, *, elsewise: bool) -> Added:
        latest = history.latest or added.version
        number = history.number(latest) or 0
        return Added(
            dataset=self._name,
            digest=latest,
            version=self._store.record(latest, DataVersion),
            number=number,
            new=False,
            rows=added.rows,
            verdict=history.verdict(latest),
            note=f"{added.source_name} is in {self._name}@{number} already; nothing was added"
            + ("; the schema is another one by now: see data check" if elsewise else ""),
        )

    def commit(self, history: History, read: Source, *, append: bool) -> Added:
        """Check, profile and store the source on top of what the dataset has now."""
        store, parent = self._store, history.latest
        before = store.record(parent, DataVersion) if append and parent is not None else None
        rows = read.table if before is None else _conform(read.table, before.columns)
        whole = rows if before is None else parts_table(before, store.blobs).concat(rows)
        earlier = None if parent is None else history.profile(parent)
        verdict = self._check(whole, earlier)
        version = self._write(rows, before)
        draft = store.draft()
        digest = draft.record(version)
        known = history.profile(digest)
        addition = Addition(
            dataset=self._name,
            version=digest,
            parent=parent if before is not None else None,
            source=read.digest,
            source_name=read.name,
            options=read.options,
            rows=rows.rows,
            profile=draft.put((known or profile(whole)).to_bytes()),
            schema=None if self._schema is None else draft.put(canonical(self._schema)),
            verdict=None if verdict is None else verdict.to_dict(),
        )
        at = draft.append(series_name("data", self._name), digest)
        draft.append(additions_series(self._name), draft.record(addition))
        pointer = named_pointer("data", self._name, "latest")
        draft.move_from(pointer, parent, digest, reason=f"added {read.name}")
        receipt = store.commit(draft, writer=self._writer)
        return Added(
            dataset=self._name,
            digest=digest,
            version=version,
            number=receipt.numbers[at],
            new=receipt.new[at],
            rows=rows.rows,
            verdict=verdict,
            note="" if receipt.new[at] else "the dataset had a version with these rows already",
        )

    def _check(self, whole: Table, earlier: Profile | None) -> Verdict | None:
        if self._schema is None:
            return None
        self._tell("check", 0, whole.rows)
        verdict = check(whole, self._schema, against=earlier, now=self._now)
        self._tell("check", whole.rows, whole.rows)
        if not verdict.passed:
            raise schema_broken(f"dataset {self._name!r}", verdict)
        return verdict

    def _write(self, rows: Table, before: DataVersion | None) -> DataVersion:
        done = 0

        def stored(count: int) -> None:
            nonlocal done
            done += count
            self._tell("store", done, rows.rows)

        if before is None:
            return write_parts(rows, self._store.blobs, progress=stored)
        return append_parts(before, rows, self._store.blobs, progress=stored)


def version_table(store: Store, version: DataVersion, *, schema: Schema | None = None) -> Table:
    """Return the rows of a version, as they are stored or as they read through a schema."""
    table = parts_table(version, store.blobs)
    return table if schema is None else table.through(schema)


def _silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


def _hints(
    store: Store, history: History, schema: Schema | None, *, append: bool
) -> Mapping[str, Type]:
    """Return the types to try first: those of the version to append to, else the schema's."""
    if append and history.latest is not None:
        version = store.record(history.latest, DataVersion)
        return {column.name: column.type for column in version.columns}
    return {} if schema is None else schema.types


def _same_options(added: Addition, options: ReadOptions) -> bool:
    """Return whether a source was read as asked; what was found out in the file was not asked."""
    asked = options.to_record()
    found = {key: value for key, value in added.options.items() if key in asked}
    return asked == found and set(added.options) - set(asked) <= _DETECTED


def _conform(table: Table, columns: Sequence[Column]) -> Table:
    """Bring rows to the columns of the version that they follow, where that loses nothing.

    The order of columns is the version's; integers become floats where they are exact as such; a
    column without a value takes any type.
    """
    import pyarrow as pa

    from interplane.data.types import arrow_type

    if set(table.names) != {column.name for column in columns}:
        return table
    arrays = {}
    for column in columns:
        values = table.column(column.name)
        empty = values.null_count == len(values)
        if empty or (table.types[column.name], column.type) == ("int", "float"):
            try:
                values = (pa.nulls(len(values)) if empty else values).cast(arrow_type(column.type))
            except pa.ArrowInvalid:
                return table
        arrays[column.name] = values
    return Table.from_columns(arrays)
