"""The two planes over time: commits above, data versions below, runs and crossings between them.

Entries are immutable and in one order, so a chronicle reads on from where it was: what it costs to
ask again is what is new.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from interplane.project.snapshot import run_git
from interplane.record import Addition, Crossing, Digest, Record, Run, RunEnd, Snapshot, Value
from interplane.storage.names import named_pointer, series_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interplane.project.project import Project
    from interplane.storage.ports import Entry

__all__ = ["Chronicle", "CodePoint", "DataPoint", "Planes", "RunLine", "Strut"]

Kind = TypeVar("Kind", bound=Record)

_MOST_COMMITS: Final = 20_000
_POINTERS: Final = ("live", "canary", "shadow")


class CodePoint(Value, frozen=True, kw_only=True):
    """A state of the code: a commit, or a project's files that are in no git.

    Attributes:
        name: the commit's digest, or that of the snapshot.
        at: when it was committed, or first put to work.
        subject: the first line of its message.
        used: whether a run has put it to work.
    """

    name: str
    at: str
    subject: str
    used: bool


class DataPoint(Value, frozen=True, kw_only=True):
    """A data version as it arrived.

    Attributes:
        dataset: the dataset.
        number: its number there.
        version: its digest.
        at: when it was added first.
        rows: how many rows came with it.
        check: ``passed`` or ``broken``; empty where nothing was asked.
    """

    dataset: str
    number: int
    version: Digest
    at: str
    rows: int
    check: str


class RunLine(Value, frozen=True, kw_only=True):
    """A run between the code that it was of and the data that it read.

    Attributes:
        run: its digest.
        pipeline: the pipeline.
        at: when it began.
        status: done, failed or gate-closed; ``open`` where it has not ended.
        code: the name of the code.
        data: the data versions that it read.
    """

    run: Digest
    pipeline: str
    at: str
    status: str
    code: str
    data: tuple[Digest, ...]


class Strut(Value, frozen=True, kw_only=True):
    """A crossing: from the code to the data versions that it stands on.

    Attributes:
        crossing: its digest.
        model: its model.
        number: its number there.
        at: when it was recorded.
        passed: whether its gate let it pass.
        pointers: ``live``, ``canary``, ``shadow``: what is at it now.
        was_live: whether it ever was live.
        code: the name of the code.
        data: the data versions.
    """

    crossing: Digest
    model: str
    number: int
    at: str
    passed: bool
    pointers: tuple[str, ...]
    was_live: bool
    code: str
    data: tuple[Digest, ...]


class Planes(Value, frozen=True, kw_only=True):
    """Everything between the two planes, each part oldest first."""

    code: tuple[CodePoint, ...]
    data: tuple[DataPoint, ...]
    runs: tuple[RunLine, ...]
    crossings: tuple[Strut, ...]


class Chronicle:
    """What happened in a project, read on from where it was read last.

    Args:
        project: the project; for this object alone.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._turn = threading.Lock()
        self._seen: dict[str, int] = {}
        self._snapshots: dict[Digest, tuple[str, str]] = {}
        self._archives: dict[tuple[object, Digest], str] = {}
        self._data: dict[tuple[str, Digest], DataPoint] = {}
        self._runs: dict[Digest, RunLine] = {}
        self._ends: dict[Digest, str] = {}
        self._crossings: dict[Digest, tuple[str, Crossing]] = {}
        self._numbers: dict[Digest, int] = {}

    def planes(self) -> Planes:
        """Return the planes as they are now."""
        with self._turn:
            self._read_on()
            runs = tuple(self._ended(line) for line in self._runs.values())
            used = {line.code for line in runs}
            return Planes(
                code=tuple(self._code(used)),
                data=tuple(sorted(self._data.values(), key=lambda each: each.at)),
                runs=runs,
                crossings=tuple(self._struts()),
            )

    # ---- reading on -----------------------------------------------------------------------

    def _read_on(self) -> None:
        for entry, snapshot in self._new(Snapshot):
            name = snapshot.commit or entry.digest
            self._snapshots[entry.digest] = (name, entry.at)
            self._archives[snapshot.archive, snapshot.environment] = name
        for entry, addition in self._new(Addition):
            self._take_addition(entry.at, addition)
        for entry, run in self._new(Run):
            code = self._snapshots.get(run.snapshot, (run.snapshot, entry.at))[0]
            data = tuple(value for value in run.inputs.values() if value is not None)
            self._runs[entry.digest] = RunLine(
                run=entry.digest,
                pipeline=run.pipeline,
                at=run.started_at,
                status="open",
                code=code,
                data=data,
            )
        for _, end in self._new(RunEnd):
            self._ends[end.run] = end.status
        for entry, crossing in self._new(Crossing):
            self._crossings[entry.digest] = (entry.at, crossing)

    def _new(self, kind: type[Kind]) -> Iterator[tuple[Entry, Kind]]:
        """Yield the entries of a kind that came since it was asked last, oldest first."""
        tag = str(kind.__struct_config__.tag)
        seen, found = self._seen.get(tag, -1), []
        for entry in self._project.store.catalog.list(tag):
            if entry.sequence <= seen:
                break
            if isinstance(entry.record, kind):
                found.append((entry, entry.record))
        if found:
            self._seen[tag] = found[0][0].sequence
        yield from reversed(found)

    def _take_addition(self, at: str, addition: Addition) -> None:
        key = (addition.dataset, addition.version)
        if key in self._data:
            return
        check = ""
        if addition.verdict is not None:
            breaches = addition.verdict.get("breaches", ())
            stops = any(item.get("action", "stop") == "stop" for item in breaches)
            check = "broken" if stops else "passed"
        if addition.version not in self._numbers:
            series = self._project.store.catalog.series(series_name("data", addition.dataset))
            self._numbers.update({member.digest: member.number for member in series})
        self._data[key] = DataPoint(
            dataset=addition.dataset,
            number=self._numbers.get(addition.version, 0),
            version=addition.version,
            at=at,
            rows=addition.rows,
            check=check,
        )

    def _ended(self, line: RunLine) -> RunLine:
        status = self._ends.get(line.run)
        if status is None or status == line.status:
            return line
        ended = msgspec.structs.replace(line, status=status)
        self._runs[line.run] = ended
        return ended

    # ---- what is made anew each time ------------------------------------------------------

    def _code(self, used: set[str]) -> Iterator[CodePoint]:
        committed = _commits(self._project)
        for name, at, subject in committed:
            yield CodePoint(name=name, at=at, subject=subject, used=name in used)
        known = {name for name, _, _ in committed}
        for digest, (name, at) in self._snapshots.items():
            if name not in known:
                known.add(name)
                said = "not in this repository" if name != digest else "files that are in no git"
                yield CodePoint(name=name, at=at, subject=said, used=name in used)

    def _struts(self) -> Iterator[Strut]:
        catalog = self._project.store.catalog
        models = {series.partition("/")[2] for series in catalog.names("model/")}
        pointers: dict[Digest, list[str]] = {}
        were_live: set[Digest] = set()
        numbers: dict[Digest, int] = {}
        for model in models:
            names = {word: named_pointer("model", model, word) for word in _POINTERS}
            places = catalog.pointers(names.values())
            for word, name in names.items():
                if name in places:
                    pointers.setdefault(places[name], []).append(word)
            moves = catalog.moves(names["live"])
            were_live.update(move.target for move in moves if move.target is not None)
            members = catalog.series(series_name("model", model))
            numbers.update({member.digest: member.number for member in members})
        for digest, (at, crossing) in self._crossings.items():
            yield Strut(
                crossing=digest,
                model=crossing.model_name,
                number=numbers.get(digest, 0),
                at=at,
                passed=crossing.verdict.passed,
                pointers=tuple(pointers.get(digest, ())),
                was_live=digest in were_live,
                code=self._code_of(crossing),
                data=tuple(use.version for use in crossing.data.values()),
            )

    def _code_of(self, crossing: Crossing) -> str:
        if crossing.commit is not None:
            return crossing.commit
        return self._archives.get((crossing.archive, crossing.environment), "")


def _commits(project: Project) -> list[tuple[str, str, str]]:
    """Return the commits that touched the project's folder, oldest first: digest, time, subject."""
    form = "--format=%H%x09%cI%x09%s"
    words = ("log", f"--max-count={_MOST_COMMITS}", form, "--", ".")
    told = (run_git(project.root, *words) or b"").decode("utf-8", "replace")
    lines = [line.split("\t", 2) for line in told.splitlines()]
    return [(name, _utc(at), subject) for name, at, subject in reversed(lines)]


def _utc(at: str) -> str:
    return datetime.fromisoformat(at).astimezone(UTC).isoformat().replace("+00:00", "Z")
