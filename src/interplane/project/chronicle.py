"""The two planes over time: commits above, data versions below, runs and crossings between them.

Entries are immutable and in one order, so a chronicle reads on from where it was: what it costs to
ask again is what is new.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import msgspec

from interplane.project.crossings import Recorded
from interplane.project.snapshot import run_git
from interplane.record import (
    Addition,
    Crossing,
    Digest,
    Record,
    Run,
    RunEnd,
    Snapshot,
    Value,
    Verdict,
)
from interplane.storage.names import named_pointer, series_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from interplane.project.project import Project
    from interplane.storage.ports import Entry

__all__ = ["Chronicle", "CodePoint", "DataPoint", "Planes", "RunLine", "Strut"]

Kind = TypeVar("Kind", bound=Record)


class Commit(NamedTuple):
    """A commit: its digest, when it was made, the first line of its message."""

    name: str
    at: str
    subject: str


_MOST_COMMITS: Final = 20_000
_AT_ONCE: Final = 500
_FORM: Final = "--format=%H%x09%cI%x09%s"
_POINTERS: Final = ("live", "canary", "shadow")
_COMMITS_S: Final = 2.0


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
        check: ``passed`` or ``broken``, as it was asked last; empty where nothing was asked.
        source: the name of the file, or the type of what was added.
        actor: who added it.
    """

    dataset: str
    number: int
    version: Digest
    at: str
    rows: int
    check: str
    source: str
    actor: str


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
        self._crossings: dict[Digest, Entry] = {}
        self._numbers: dict[Digest, int] = {}
        self._were_live: set[Digest] = set()
        self._kept: dict[Digest, Recorded] = {}
        self._struts: dict[Digest, tuple[Recorded, Strut]] = {}
        self._stamp: object = None
        self._planes = Planes(code=(), data=(), runs=(), crossings=())
        self._recorded: tuple[Recorded, ...] = ()
        self._log = _Log(project)

    def planes(self) -> Planes:
        """Return the planes as they are now; the same object as long as nothing happens."""
        with self._turn:
            self._catch_up()
            return self._planes

    def crossings(self) -> tuple[Recorded, ...]:
        """Return every crossing, models by name and each oldest first."""
        with self._turn:
            self._catch_up()
            return self._recorded

    def _catch_up(self) -> None:
        """Read on, and make anew what is returned, if anything happened since."""
        catalog = self._project.store.catalog
        newest = next(catalog.list(limit=1), None)
        places = self._places()
        commits = self._log.read()
        stamp = (None if newest is None else newest.sequence, places, len(commits), commits[-1:])
        if stamp == self._stamp:
            return
        self._read_on()
        self._recorded = tuple(self._record(dict(places)))
        runs = tuple(self._ended(line) for line in self._runs.values())
        used = {line.code for line in runs}
        self._planes = Planes(
            code=tuple(self._code(commits, used)),
            data=tuple(sorted(self._data.values(), key=lambda each: each.at)),
            runs=runs,
            crossings=tuple(map(self._strut, self._recorded)),
        )
        self._stamp = stamp

    def _places(self) -> tuple[tuple[str, Digest], ...]:
        """Return where the pointers of models are, and so whether any was moved."""
        catalog = self._project.store.catalog
        models = [series.partition("/")[2] for series in catalog.names("model/")]
        names = [named_pointer("model", model, word) for model in models for word in _POINTERS]
        return tuple(sorted(catalog.pointers(names).items()))

    # ---- reading on -----------------------------------------------------------------------

    def _read_on(self) -> None:
        for entry, snapshot in self._new(Snapshot):
            name = snapshot.commit or entry.digest
            self._snapshots[entry.digest] = (name, entry.at)
            self._archives[snapshot.archive, snapshot.environment] = name
        for entry, addition in self._new(Addition):
            self._take_addition(entry, addition)
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
        for entry, _ in self._new(Crossing):
            self._crossings[entry.digest] = entry

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

    def _take_addition(self, entry: Entry, addition: Addition) -> None:
        key = (addition.dataset, addition.version)
        known = self._data.get(key)
        check = known.check if known is not None else ""
        if addition.verdict is not None:
            check = "passed" if msgspec.convert(addition.verdict, Verdict).passed else "broken"
        if known is not None:
            self._data[key] = msgspec.structs.replace(known, check=check)
            return
        if addition.version not in self._numbers:
            series = self._project.store.catalog.series(series_name("data", addition.dataset))
            self._numbers.update({member.digest: member.number for member in series})
        self._data[key] = DataPoint(
            dataset=addition.dataset,
            number=self._numbers.get(addition.version, 0),
            version=addition.version,
            at=entry.at,
            rows=addition.rows,
            check=check,
            source=addition.source_name,
            actor=entry.actor,
        )

    def _ended(self, line: RunLine) -> RunLine:
        status = self._ends.get(line.run)
        if status is None or status == line.status:
            return line
        ended = msgspec.structs.replace(line, status=status)
        self._runs[line.run] = ended
        return ended

    # ---- what is made anew each time ------------------------------------------------------

    def _code(self, commits: Sequence[Commit], used: set[str]) -> Iterator[CodePoint]:
        for name, at, subject in commits:
            yield CodePoint(name=name, at=at, subject=subject, used=name in used)
        known = {name for name, _, _ in commits}
        # A commit that was put to work need not have touched the project's folder.
        others = [name for digest, (name, _) in self._snapshots.items() if name != digest]
        subjects = self._log.subjects(name for name in others if name not in known)
        for digest, (name, at) in self._snapshots.items():
            if name not in known:
                known.add(name)
                said = subjects.get(name) or "not in this repository"
                said = said if name != digest else "files that are in no git"
                yield CodePoint(name=name, at=at, subject=said, used=name in used)

    def _record(self, places: Mapping[str, Digest]) -> Iterator[Recorded]:
        """Yield the crossings of each model with the pointers that are at them."""
        catalog = self._project.store.catalog
        for series in catalog.names("model/"):
            model = series.partition("/")[2]
            words = [(word, places.get(named_pointer("model", model, word))) for word in _POINTERS]
            moves = catalog.moves(named_pointer("model", model, "live"))
            self._were_live.update(move.target for move in moves if move.target is not None)
            for member in catalog.series(series):
                entry = self._crossings[member.digest]
                if not isinstance(entry.record, Crossing):
                    continue
                pointers = tuple(word for word, at in words if at == entry.digest)
                kept = self._kept.get(entry.digest)
                if kept is None or (kept.number, kept.pointers) != (member.number, pointers):
                    kept = self._kept[entry.digest] = Recorded(
                        digest=entry.digest,
                        crossing=entry.record,
                        number=member.number,
                        at=entry.at,
                        actor=entry.actor,
                        pointers=pointers,
                    )
                yield kept

    def _strut(self, found: Recorded) -> Strut:
        crossing, was_live = found.crossing, found.digest in self._were_live
        code = crossing.commit or self._archives.get((crossing.archive, crossing.environment), "")
        of, kept = self._struts.get(found.digest, (None, None))
        if of is found and kept is not None and (kept.was_live, kept.code) == (was_live, code):
            return kept
        strut = Strut(
            crossing=found.digest,
            model=crossing.model_name,
            number=found.number or 0,
            at=found.at,
            passed=crossing.verdict.passed,
            pointers=found.pointers,
            was_live=was_live,
            code=code,
            data=tuple(use.version for use in crossing.data.values()),
        )
        self._struts[found.digest] = found, strut
        return strut


class _Log:
    """The commits that touched a project's folder; asked for anew at most every two seconds."""

    def __init__(self, project: Project) -> None:
        self._root = project.root
        self._due = 0.0
        self._head: bytes | None = None
        self._commits: list[Commit] = []
        self._subjects: dict[str, str] = {}

    def read(self) -> Sequence[Commit]:
        """Return the commits, oldest first."""
        if time.monotonic() < self._due:
            return self._commits
        self._due = time.monotonic() + _COMMITS_S
        head = run_git(self._root, "rev-parse", "HEAD")
        if head != self._head:
            self._head, self._commits = head, _commits(self._root)
            self._subjects = {name: said for name, said in self._subjects.items() if said}
        return self._commits

    def subjects(self, names: Iterable[str]) -> Mapping[str, str]:
        """Return the first lines of the messages of some commits; empty where there is no such one."""
        asked = list(dict.fromkeys(name for name in names if name not in self._subjects))
        for begin in range(0, len(asked), _AT_ONCE):
            part = asked[begin : begin + _AT_ONCE]
            words = ("log", "--no-walk=unsorted", "--ignore-missing", _FORM, *part)
            self._subjects |= dict.fromkeys(part, "")
            self._subjects |= {name: subject for name, _, subject in _read(self._root, words)}
        return self._subjects


def _commits(root: Path) -> list[Commit]:
    """Return the commits that touched a folder, oldest first."""
    words = ("log", f"--max-count={_MOST_COMMITS}", _FORM, "--", ".")
    return _read(root, words)[::-1]


def _read(root: Path, words: Sequence[str]) -> list[Commit]:
    told = (run_git(root, *words) or b"").decode("utf-8", "replace")
    lines = [line.split("\t", 2) for line in told.splitlines()]
    return [Commit(name, _utc(at), subject) for name, at, subject in lines]


def _utc(at: str) -> str:
    return datetime.fromisoformat(at).astimezone(UTC).isoformat().replace("+00:00", "Z")
