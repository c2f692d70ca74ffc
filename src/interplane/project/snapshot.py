"""The state of the code plane when a run begins: commit and diff, or archive, and environment."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import tempfile
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any, NamedTuple

from interplane.project.archive import pack
from interplane.project.laid_out import read_laid_out
from interplane.record import canonical

__all__ = ["CodeState", "code_state", "environment", "git_state", "run_git"]

_UNTRACKED_LIMIT_BYTES = 1 << 20
# One that cannot be read keeps no other one out; their number has no limit, as arguments have.
_ADD_LISTED = ("add", "--ignore-errors", "--pathspec-from-file=-", "--pathspec-file-nul")
# Whatever somebody's own settings say: a patch that "git apply" takes, the same for everybody.
_DIFF = (
    "-c", "diff.noprefix=false", "-c", "diff.mnemonicPrefix=false", "-c", "core.quotePath=true",
    "-c", "diff.algorithm=myers", "-c", "diff.context=3", "-c", "diff.renames=false",
    "diff", "--cached", "--binary", "--no-color", "--no-ext-diff", "--no-textconv", "--full-index",
)  # fmt: skip
_FIELD = re.compile(r"^(Name|Version): *(\S+)", re.MULTILINE)


class CodeState(NamedTuple):
    """The code plane, as bytes to be stored: see `record.Snapshot`."""

    commit: str | None
    diff: bytes | None
    environment: bytes
    archive: bytes | None = None


def code_state(root: Path) -> CodeState:
    """Return the state of the project at ``root`` and of this environment.

    A folder that recorded code was laid out in has the state that is recorded.

    Raises:
        UsageError: if it is such a folder, and its files have been changed.
    """
    laid_out = read_laid_out(root)
    if laid_out is not None:
        return CodeState(laid_out.commit, laid_out.diff, canonical(environment()), laid_out.archive)
    commit, diff = git_state(root)
    archive = pack(root) if commit is None else None
    return CodeState(commit, diff, canonical(environment()), archive)


def environment() -> dict[str, Any]:
    """Return Python, platform and the version of every installed distribution, sorted by name."""
    found: dict[str, str] = {}
    for fields in map(_fields, distributions()):
        if {"Name", "Version"} <= fields.keys():  # else what is left of a broken installation
            # The first one on the path is the one that is imported.
            found.setdefault(_normalised(fields["Name"]), fields["Version"])
    libc = "-".join(part for part in platform.libc_ver() if part)
    return {
        "format": 1,
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "system": platform.system(),
        "machine": platform.machine(),
        "libc": libc,
        "distributions": dict(sorted(found.items())),
    }


def _fields(dist: Distribution) -> dict[str, str]:
    """Return a distribution's name and version; parsing all of its metadata takes ten times longer."""
    text = dist.read_text("METADATA") or dist.read_text("PKG-INFO") or ""
    return dict(_FIELD.findall(text.partition("\n\n")[0]))


def _normalised(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def git_state(root: Path) -> tuple[str | None, bytes | None]:
    """Return the commit of the project and the patch that leads from it to the folder's files.

    The patch covers tracked and new files below ``root``; ignored files and new files over 1 MiB
    are left out. Without git, or before the first commit, both are None. Neither the index nor
    the objects of the repository are touched.
    """
    commit = run_git(root, "rev-parse", "--verify", "--quiet", "HEAD")
    if not commit:
        return None, None
    if not run_git(root, "status", "--porcelain", "--untracked-files=normal", "--", "."):
        return commit.decode().strip(), None
    return commit.decode().strip(), _patch(root)


def _patch(root: Path) -> bytes | None:
    objects = run_git(root, "rev-parse", "--path-format=absolute", "--git-path", "objects")
    with tempfile.TemporaryDirectory() as folder:
        env = {
            "GIT_INDEX_FILE": str(Path(folder, "index")),
            "GIT_OBJECT_DIRECTORY": folder,
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": os.fsdecode(objects or b"").strip(),
            "GIT_LITERAL_PATHSPECS": "1",
        }
        run_git(root, "read-tree", "HEAD", env=env)
        run_git(root, "add", "--update", "--", ".", env=env)
        small = b"\0".join(name for name in _untracked(root) if _is_small(root / os.fsdecode(name)))
        if small:
            run_git(root, *_ADD_LISTED, env=env, given=small)
        patch = run_git(root, *_DIFF, "HEAD", "--", ".", env=env)
    return patch or None


def _untracked(root: Path) -> list[bytes]:
    listing = run_git(root, "ls-files", "--others", "--exclude-standard", "-z", "--", ".") or b""
    return sorted(name for name in listing.split(b"\0") if name)


def _is_small(path: Path) -> bool:
    try:
        return path.lstat().st_size <= _UNTRACKED_LIMIT_BYTES
    except FileNotFoundError:  # gone since it was listed
        return False


def run_git(
    root: Path, *arguments: str, env: dict[str, str] | None = None, given: bytes | None = None
) -> bytes | None:
    """Run git quietly; None where there is no git, no repository, or git refuses."""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],
            capture_output=True,
            check=False,
            input=given,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", **(env or {})},
        )
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None
