"""The code that is on record, laid out in a folder of its own: what triggers run.

Never the working tree: what somebody is in the middle of changing is not what an alert at night
should train with. The code is that of the live crossing; a pipeline of which nothing is live yet
runs the code of its last run that succeeded.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from msgspec import UNSET

from interplane.errors import StorageError, UsageError
from interplane.project.archive import unpack
from interplane.project.crossings import find_crossing
from interplane.project.laid_out import FILES, MANIFEST, Manifest, digests_of, is_intact
from interplane.project.snapshot import run_git
from interplane.record import Crossing, Digest, Run, RunEnd, Snapshot, digest_value, short
from interplane.storage.clock import system_token

if TYPE_CHECKING:
    from interplane.project.project import Project
    from interplane.storage.store import Store

__all__ = ["FOLDER", "RecordedCode", "find_code", "lay_out"]

FOLDER: Final = "code"
"""The folder of laid out code, in the workspace."""

_APPLY: Final = ("-c", "apply.whitespace=nowarn", "apply", "--cached", "--binary", "-")


class RecordedCode(NamedTuple):
    """The code of a run.

    Attributes:
        of: what it is the code of, for people: ``flights@7``, or a run.
        commit: the commit.
        diff: the blob of the differences from it.
        archive: the blob of the files, where there is no commit.
    """

    of: str
    commit: str | None
    diff: Digest | None
    archive: Digest | None

    @property
    def digest(self) -> Digest:
        """The name of the code."""
        return digest_value({"commit": self.commit, "diff": self.diff, "archive": self.archive})


def find_code(store: Store, pipeline: str) -> RecordedCode:
    """Return the code that triggers run for a pipeline.

    Raises:
        UsageError: if nothing of it is live and no run of it succeeded, or if no code was recorded.
    """
    found = _live(store, pipeline) or _last_done(store, pipeline)
    if found is None:
        raise UsageError(
            f"no run of the pipeline {pipeline!r} is on record that succeeded",
            expected="a crossing of it that is live, or a run",
            do=f'Run it once by hand: "interplane run {pipeline}"',
        )
    if found.commit is None and found.archive is None:
        raise UsageError(
            f"the code of {found.of} is not on record: the project was in no git repository, and its "
            "files make more than 32 MiB, or it was made by an Interplane that kept none",
            expected="a commit, or an archive of its files",
            do=f'Put the project into git, and run it once by hand: "interplane run {pipeline}"',
        )
    return found


def lay_out(project: Project, code: RecordedCode) -> Path:
    """Return a folder with exactly the recorded files; made where there is none, or a changed one.

    Raises:
        UsageError: if the commit is not in the repository any more.
        StorageError: if it cannot be made.
    """
    place = project.workspace.absolute() / FOLDER / code.digest
    if is_intact(place):
        return place / FILES
    building = place.with_name(f".{short(code.digest)}.{system_token()}.new")
    try:
        building.mkdir(parents=True)
        _build(project, code, building)
        if place.exists():
            place.rename(building.with_suffix(".old"))
        building.rename(place)
    except OSError as error:
        if isinstance(error, StorageError) or is_intact(place):
            return _made(place, error)
        raise StorageError.from_os(error, doing=f"laying out the code of {code.of}") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
        shutil.rmtree(building.with_suffix(".old"), ignore_errors=True)
    return place / FILES


def _made(place: Path, error: OSError) -> Path:
    """Return a folder that another process was faster to make."""
    if not is_intact(place):
        raise error
    return place / FILES


def _live(store: Store, pipeline: str) -> RecordedCode | None:
    """Return the code of the crossing of a pipeline that went live last."""
    newest: tuple[int, str] | None = None
    for series in store.catalog.names("model/"):
        name = series.partition("/")[2]
        moves = store.catalog.moves(f"{series}@live")
        target = moves[-1].target if moves else None
        if target is None or store.record(target, Crossing).pipeline != pipeline:
            continue
        if newest is None or moves[-1].sequence > newest[0]:
            newest = (moves[-1].sequence, f"{name}@live")
    if newest is None:
        return None
    found = find_crossing(store, newest[1])
    crossing = found.crossing
    archive = None if crossing.archive is UNSET else crossing.archive
    return RecordedCode(found.name, crossing.commit, crossing.diff, archive)


def _last_done(store: Store, pipeline: str) -> RecordedCode | None:
    for entry in store.catalog.list(str(RunEnd.__struct_config__.tag)):
        end = entry.record
        if not isinstance(end, RunEnd) or end.status != "done":
            continue
        run = store.record(end.run, Run)
        if run.pipeline != pipeline:
            continue
        snapshot = store.record(run.snapshot, Snapshot)
        archive = None if snapshot.archive is UNSET else snapshot.archive
        return RecordedCode(f"run @{short(end.run)}", snapshot.commit, snapshot.diff, archive)
    return None


def _build(project: Project, code: RecordedCode, building: Path) -> None:
    files = building / FILES
    diff = None if code.diff is None else project.store.read(code.diff)
    archive = None if code.archive is None else project.store.read(code.archive)
    if code.commit is not None:
        _check_out(project.root, code, diff, files)
    elif archive is not None:
        files.mkdir()
        unpack(archive, files)
    for name, data in (("diff", diff), ("archive", archive)):
        if data is not None:
            (building / name).write_bytes(data)
    manifest = Manifest(
        commit=code.commit, diff=code.diff, archive=code.archive, files=digests_of(files)
    )
    (building / MANIFEST).write_bytes(msgspec.json.encode(manifest))


def _check_out(root: Path, code: RecordedCode, diff: bytes | None, files: Path) -> None:
    """Write the project's folder as it was: the commit's files, and the differences on top.

    By way of an index of its own: neither the index, the files nor the objects of the repository
    are touched, and files get the line ends that a checkout gives them.
    """
    top = _asked(root, code, "rev-parse", "--show-toplevel")
    prefix = _asked(root, code, "rev-parse", "--show-prefix")
    objects = _asked(root, code, "rev-parse", "--path-format=absolute", "--git-path", "objects")
    with tempfile.TemporaryDirectory(dir=files.parent) as folder:
        env = {
            "GIT_INDEX_FILE": str(Path(folder, "index")),
            "GIT_OBJECT_DIRECTORY": folder,
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": objects,
            "GIT_LITERAL_PATHSPECS": "1",
        }
        at = Path(top)
        _must(at, code, "read-tree", str(code.commit), env=env)
        if diff is not None:
            _must(at, code, *_APPLY, env=env, given=diff)
        listed = _must(at, code, "ls-files", "-z", "--", prefix or ".", env=env)
        target = Path(folder, "files")
        target.mkdir()
        words = ("checkout-index", "-z", "--stdin", f"--prefix={target}/")
        _must(at, code, *words, env=env, given=listed)
        made = target / os.fsdecode(prefix)
        if not made.is_dir():
            raise UsageError(
                f"commit {short(str(code.commit))} has no folder {prefix or '.'}",
                expected=f"the project where it was when {code.of} was made",
                do="Move it back, or run it once by hand where it is now",
            )
        made.rename(files)


def _asked(root: Path, code: RecordedCode, *words: str) -> str:
    return os.fsdecode(_must(root, code, *words)).removesuffix("\n")


def _must(
    at: Path,
    code: RecordedCode,
    *words: str,
    env: dict[str, str] | None = None,
    given: bytes | None = None,
) -> bytes:
    done = run_git(at, *words, env=env, given=given)
    if done is None:
        command = next(word for word in words if word in _COMMANDS)
        raise UsageError(
            f"git {command} refuses to lay out commit {short(str(code.commit))}, the code of {code.of}",
            expected="a repository that has the commit, as when it was made",
            do='Fetch the commit, or run it once by hand: "interplane run" records the code anew',
        )
    return done


_COMMANDS: Final = ("rev-parse", "read-tree", "apply", "ls-files", "checkout-index")
