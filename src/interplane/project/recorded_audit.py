"""The audit of a crossing by its own recorded code: what a canary's decision asks for, unattended.

Never the working tree: what a step makes there may be what somebody is in the middle of changing.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import UNSET

from interplane.errors import StorageError, UsageError
from interplane.project.audit import audit
from interplane.project.recorded_code import RecordedCode, lay_out

if TYPE_CHECKING:
    from datetime import datetime

    from interplane.project.crossings import Recorded
    from interplane.project.project import Project

__all__ = ["audit_by_record"]

_LONGEST_S: Final = 1800.0
_LAST_WORDS: Final = 1000


def audit_by_record(
    project: Project,
    found: Recorded,
    *,
    rows: int,
    seed: int,
    actor: str,
    since: datetime | None = None,
) -> None:
    """Audit a crossing and keep what came of it, as `audit.audit` does.

    A crossing that reads no feature view needs none of the project's code. For others the code that
    it was made with is laid out in a folder of its own, where another process audits it.

    Args:
        project: the project.
        found: the crossing.
        rows: how many of its logged predictions.
        seed: what they are drawn by.
        actor: who asks, for the record.
        since: those whose prediction time is not before this second; UTC.

    Raises:
        UsageError: if no code of it is on record, nothing of it was logged, or the data that it
            reads are not there any more.
        StorageError: if its code cannot be laid out, or the other process cannot be started, or
            takes more than half an hour.
    """
    if not found.crossing.views:
        audit(project, found.digest, rows=rows, seed=seed, since=since)
        return
    crossing = found.crossing
    archive = None if crossing.archive is UNSET else crossing.archive
    code = RecordedCode(found.name, crossing.commit, crossing.diff, archive)
    if code.commit is None and code.archive is None:
        raise UsageError(
            f"the code of {found.name} is not on record",
            expected="a commit, or an archive of its files",
            do=f'Audit it where its code is: "interplane audit {found.name}"',
        )
    words = ["audit", f"@{found.digest}", "--rows", str(rows), "--seed", str(seed), "--json"]
    if since is not None:
        words += ["--since", f"{since:%Y-%m-%dT%H:%M:%SZ}"]
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "interplane", *words],
            cwd=lay_out(project, code),
            env={
                **os.environ,
                "INTERPLANE_WORKSPACE": str(project.workspace.absolute()),
                "INTERPLANE_ACTOR": actor,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_LONGEST_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise StorageError(
            f"the audit of {found.name} took more than {_LONGEST_S / 60:.0f} minutes",
            do=f'Audit it by hand: "interplane audit {found.name}"',
        ) from error
    except OSError as error:
        raise StorageError.from_os(error, doing=f"auditing {found.name}") from error
    if done.returncode:
        raise _told(found, done.stderr)


def _told(found: Recorded, said: bytes) -> UsageError:
    """Return the error that the other process ended with."""
    lines = said.decode(errors="replace").strip().splitlines()
    try:
        error = msgspec.json.decode(lines[-1])["error"]
        what, expected, do = error["what"], error["expected"], error["do"]
    except (IndexError, KeyError, TypeError, msgspec.MsgspecError):
        what = f"the audit of {found.name} failed: {' '.join(lines)[-_LAST_WORDS:]}"
        expected, do = "an audit", f'Audit it by hand: "interplane audit {found.name} --debug"'
    return UsageError(what, expected=expected, do=do)
