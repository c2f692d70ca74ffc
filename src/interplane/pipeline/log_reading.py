"""Reads what a step writes, while it writes it and afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from interplane.pipeline.step_log import SUFFIX, UNFINISHED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["Line", "Written", "log_text", "read_log", "text_of"]


class Line(NamedTuple):
    """A line that a step wrote.

    Attributes:
        number: which it is, from 0 on; where numbers are missing, lines are left out.
        text: what it says, without the end of the line.
        at: when it came, in seconds since 1970; None where that is not known.
    """

    number: int
    text: str
    at: float | None = None


class Written(NamedTuple):
    """Some of what a step wrote.

    Attributes:
        lines: the lines.
        next: the number that the next one will have.
        unfinished: what there is of a line that has not ended.
    """

    lines: tuple[Line, ...]
    next: int
    unfinished: str = ""


def read_log(folder: Path, *, since: int = 0, most: int | None = None) -> Written:
    """Return the lines of a log from a number on.

    Args:
        folder: the log; nothing was written where it is not there.
        since: the number of the first line.
        most: how many of the last ones, at most.
    """
    parts = [(int(each.stem), each) for each in sorted(folder.glob(f"*{SUFFIX}"))]
    found: list[Line] = []
    upto = 0
    for place, (first, part) in enumerate(parts):
        if parts[place + 1 :] and parts[place + 1][0] <= since:
            continue
        lines = list(_lines(part, first))
        upto = first + len(lines)
        found += lines[max(since - first, 0) :]
    kept = found if most is None else found[max(len(found) - most, 0) :]
    return Written(tuple(kept), upto, _unfinished(folder, upto))


def log_text(folder: Path) -> str:
    """Return a log as text, which is what goes on record."""
    return text_of(read_log(folder).lines)


def text_of(lines: Iterable[Line], *, since: int = 0) -> str:
    r"""Return lines as text; where some are left out, a line says how many.

    Args:
        lines: the lines.
        since: the number of the line that would be the first if none were left out.

    >>> text_of([Line(0, "one"), Line(9, "ten")])
    'one\n… 8 lines left out …\nten\n'
    """
    made = []
    for line in lines:
        if line.number > since:
            made.append(f"… {line.number - since:,} lines left out …\n")
        made.append(f"{line.text}\n")
        since = line.number + 1
    return "".join(made)


def _lines(part: Path, first: int) -> Iterator[Line]:
    """Yield the lines of a file; none where it is gone by now."""
    try:
        raw = part.read_bytes()
    except FileNotFoundError:
        return
    for number, line in enumerate(raw.decode("utf-8", "replace").split("\n")[:-1], first):
        stamp, _, text = line.partition(" ")
        yield Line(number, text, float(stamp) if stamp.replace(".", "", 1).isdigit() else None)


def _unfinished(folder: Path, number: int) -> str:
    """Return what there is of the line with a number."""
    try:
        raw = (folder / UNFINISHED).read_bytes()
    except FileNotFoundError:
        return ""
    of, _, rest = raw.decode("utf-8", "replace").partition("\n")[0].partition(" ")
    return rest.partition(" ")[2] if of == str(number) else ""
