"""Time zones as data: what a zone's clocks did and will do, read from the zone database.

It is read when an expression is built, and becomes part of the expression. So what was fitted keeps
its zone, whatever a later database says, and a server needs no database. The file's format is
RFC 9636. A zone is written in one way, however long the database's own lists are.
"""

from __future__ import annotations

import importlib.resources
import re
import struct
import zoneinfo
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from interplane.errors import ExpressionError, UnknownName
from interplane.expressions.zone_rules import Rule, kind_of_year, parse_posix, parse_rule
from interplane.expressions.zone_transitions import FIRST_S, MOST, are_transitions

__all__ = ["Zone", "read_zone"]

_EPOCH = datetime(1970, 1, 1)
_YEARS_S = 2 * 366 * 86400
_NAME = re.compile(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*")


@dataclass(frozen=True, slots=True)
class Zone:
    """A time zone.

    Attributes:
        name: its name, for people.
        transitions: its first offset, then by turns the time of a change and the offset from then
            on; in seconds, times since 1970.
        rule: the yearly rule from the last change on (zone_rules.py); empty if there is none.
    """

    name: str
    transitions: tuple[int, ...]
    rule: str


@lru_cache(maxsize=1000)
def read_zone(name: str) -> Zone:
    """Return a zone of this machine's database, or of the package ``tzdata`` where it has none.

    Raises:
        UnknownName: if neither has it.
        ExpressionError: if the file is none, or the zone cannot be computed with.

    >>> read_zone("UTC").transitions, read_zone("America/New_York").rule
    ((0,), '-18000,-14400,M3.2.0/7200,M11.1.0/7200')
    """
    data = _find(name)
    if data is None:
        raise UnknownName.of(
            *("time zone", name, zoneinfo.available_timezones()),
            do='Names are like "America/New_York"; a machine without any needs the package tzdata',
        )
    try:
        offsets, edges, footer = _parse(data)
    except (ValueError, IndexError, struct.error, UnicodeDecodeError) as error:
        raise ExpressionError(
            f"the file of the time zone {name!r} cannot be read ({error})",
            expected="a file in the format of RFC 9636",
            do="Mend the machine's zone database, or install the package tzdata",
        ) from error
    after = parse_posix(footer) if footer else offsets[-1]
    return _plain(name, offsets, edges, after)


def _find(name: str) -> bytes | None:
    if _NAME.fullmatch(name) is None:
        return None
    for folder in zoneinfo.TZPATH:
        path = Path(folder, name)
        if path.is_file():
            return path.read_bytes()
    *folders, file = name.split("/")
    try:
        package = importlib.resources.files(".".join(("tzdata.zoneinfo", *folders)))
        return package.joinpath(file).read_bytes()
    except (ImportError, OSError):
        return None


def _parse(data: bytes) -> tuple[list[int], list[int], str]:
    """Return the offset before any change and after each, the times of the changes, and the rule."""
    version, counts = _header(data)
    width, begin = 4, 44
    if version >= 2:
        begin = 44 + _size(counts, 4)
        version, counts = _header(data[begin:])
        width, begin = 8, begin + 44
    _, _, leaps, times, kinds, _ = counts
    if leaps or not kinds:
        raise ValueError(f"{leaps} leap seconds, {kinds} kinds of time")
    edges = list(struct.unpack_from(f">{times}{'q' if width == 8 else 'l'}", data, begin))
    at = begin + times * width
    used = data[at : at + times]
    offsets = [struct.unpack_from(">l", data, at + times + 6 * kind)[0] for kind in range(kinds)]
    footer = data[begin + _size(counts, width) :] if version >= 2 else b""
    return (
        [offsets[0], *(offsets[kind] for kind in used)],
        edges,
        footer.decode("ascii").strip("\n"),
    )


def _header(data: bytes) -> tuple[int, tuple[int, ...]]:
    magic, version = struct.unpack_from(">4sc15x", data)
    if magic != b"TZif":
        raise ValueError(f"it begins with {data[:4]!r}")
    return int(version.strip(b"\0") or b"1"), struct.unpack_from(">6l", data, 20)


def _size(counts: tuple[int, ...], width: int) -> int:
    utc, standard, leaps, times, kinds, letters = counts
    return times * (width + 1) + kinds * 6 + letters + leaps * (width + 4) + standard + utc


def _plain(name: str, offsets: list[int], edges: list[int], after: int | Rule) -> Zone:
    """Return the zone in its one form: changes that change something, and none that the rule says."""
    kept: list[tuple[int, int]] = []
    offset = offsets[0]
    for edge, new in zip(edges, offsets[1:], strict=True):
        if edge <= FIRST_S:
            offset = new
        elif new != (kept[-1][1] if kept else offset):
            kept.append((edge, new))
    if isinstance(after, int):
        if kept:
            kept[-1] = (kept[-1][0], after)
        else:
            offset = after
        return _checked(Zone(name, (offset, *(each for pair in kept for each in pair)), ""))
    while kept and _is_said(after, kept, offset):
        kept.pop()
    if not kept:
        offset = after.standard_s
    return _checked(Zone(name, (offset, *(each for pair in kept for each in pair)), str(after)))


def _is_said(rule: Rule, kept: list[tuple[int, int]], first: int) -> bool:
    """Whether the rule says the last change, and nothing else since the one before."""
    edge, new = kept[-1]
    before, old = kept[-2] if len(kept) > 1 else (edge - _YEARS_S, first)
    if edge - before > _YEARS_S or len(kept) == 1:
        return False
    return _offset(rule, before) == old and _changes(rule, before, edge) == [(edge, new)]


def _offset(rule: Rule, second: int) -> int:
    at = _EPOCH + timedelta(seconds=second)
    return rule.offset_s(at.year, int((at - datetime(at.year, 1, 1)).total_seconds()))


def _changes(rule: Rule, after: int, until: int) -> list[tuple[int, int]]:
    """Return the rule's changes after one time, up to another."""
    found = []
    years = [(_EPOCH + timedelta(seconds=second)).year for second in (after, until)]
    for year in range(years[0], years[1] + 1):
        begin = int((datetime(year, 1, 1) - _EPOCH).total_seconds())
        kind = kind_of_year(year)
        found += [(begin + rule.starts_s[kind], rule.daylight_s)]
        found += [(begin + rule.ends_s[kind], rule.standard_s)]
    return sorted(each for each in found if after < each[0] <= until)


def _checked(zone: Zone) -> Zone:
    if not are_transitions(zone.transitions):
        raise ExpressionError(
            f"the time zone {zone.name!r} has changes that cannot be computed with",
            expected=f"up to {MOST:,} changes, and offsets of up to 26 hours",
            do="Take another zone, or a newer zone database",
        )
    if zone.rule:
        parse_rule(zone.rule)
    return zone
