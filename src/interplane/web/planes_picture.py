"""The picture of a project: code above, data below, runs and crossings between, over one time.

Few things are drawn each for itself; many are counted together by where they would stand, so that the
picture stays as light at ten thousand as at ten. What is live and what stands beside it is always drawn
for itself; what broke a check never stands for what did not. Of many marks only names are reached by
keyboard: the lists lead to everything.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime
from math import log10
from typing import TYPE_CHECKING, Final, TypeVar

from msgspec.structs import replace

from interplane.charts.timeline import Fold, Mark, Timeline
from interplane.record import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from interplane.project.chronicle import CodePoint, DataPoint, Planes, RunLine, Strut
    from interplane.record import Digest

__all__ = ["Dot", "Line", "PlanesPicture", "Tag", "draw_planes"]

_Point = TypeVar("_Point")
_Cell = TypeVar("_Cell", bound=tuple[object, ...])

_EDGE: Final = 30.0
_NAMES: Final = 58.0
"""Room for the names of datasets, in a frame that is wide enough for it."""
_TELEPHONE: Final = 500.0
_CODE_Y: Final = 64.0
_DATA_Y: Final = 268.0
_LANE: Final = 26.0
_CELL: Final = 7.0
_WIDEST: Final = 400.0
_MOST_LINES: Final = 120
_MOST_DOTS: Final = 160
_ROOM: Final = 54.0
"""How far from each other lines stand that would cover each other."""
_APART: Final = 12.0
_TALL: Final = 26.0
"""How far from each other names have to stand, beside and above each other."""
_LETTER: Final = 8.6
_LEAST_WIDE: Final = 28.0
_LONGEST_NAME: Final = 18
_LONGEST_SUBJECT: Final = 72
_SHARES: Final = (0.5, 0.35, 0.65, 0.22, 0.78)
"""Where on a line its name may stand, tried one after the other."""


class Dot(Value, frozen=True, kw_only=True):
    """Commits or data versions at one place: how many, how they look, what they say, where to."""

    x: float
    y: float
    size: float
    kind: str
    says: str
    href: str = ""
    count: int = 1


class Line(Value, frozen=True, kw_only=True):
    """Runs or crossings from one place to another."""

    x1: float
    x2: float
    y2: float
    kind: str
    says: str
    href: str = ""
    count: int = 1
    since: float | None = None
    bend: float = 0.0


class Tag(Value, frozen=True, kw_only=True):
    """The name of a crossing on its line: its number, where there is one model only."""

    x: float
    y: float
    width: float
    text: str
    kind: str
    href: str
    note: str = ""


class PlanesPicture(Value, frozen=True, kw_only=True):
    """The picture: what to draw, in a frame of this size, and from which day to which."""

    width: float
    height: float
    code_y: float
    data_y: float
    lanes: tuple[tuple[str, float], ...]
    marks: tuple[Mark, ...]
    folds: tuple[Fold, ...]
    code: tuple[Dot, ...]
    data: tuple[Dot, ...]
    runs: tuple[Line, ...]
    crossings: tuple[Line, ...]
    tags: tuple[Tag, ...]
    now: float
    days: str


def draw_planes(planes: Planes, *, width: float, now: str) -> PlanesPicture | None:
    """Return the picture in a frame so many units wide; None where nothing happened yet.

    Args:
        planes: what happened.
        width: of the frame; 1360 for a wide page, 360 for a telephone.
        now: the time now, where the axis ends.
    """
    acts = [each.at for each in planes.data]
    acts += [each.at for each in planes.runs] + [each.at for each in planes.crossings]
    used = [each.at for each in planes.code if each.used]
    if not acts and not planes.code:
        return None
    begin = min(acts + used) if acts + used else planes.code[0].at
    shown = [each.at for each in planes.code if each.at >= begin]
    left = _EDGE + _NAMES * (width > _TELEPHONE)
    line = Timeline([*acts, *shown, now], left=left, right=width - _EDGE)
    names = sorted({each.dataset for each in planes.data})
    lanes = {name: _DATA_Y + _LANE * place for place, name in enumerate(names)}
    places = _Places(line, planes, lanes)
    crossings, named = places.crossings(planes.crossings)
    height = _DATA_Y + _LANE * max(len(lanes), 1) + 40
    return PlanesPicture(
        width=width,
        height=height,
        code_y=_CODE_Y,
        data_y=_DATA_Y,
        lanes=tuple(lanes.items()),
        marks=tuple(line.marks(most=max(int(width / 110), 3))),
        folds=tuple(line.folds()),
        code=tuple(places.code_dots(each for each in planes.code if each.at >= begin)),
        data=tuple(places.data_dots()),
        runs=tuple(places.runs(planes.runs)),
        crossings=tuple(crossings),
        tags=tuple(_tags(named, width, models=len({each.model for each in planes.crossings}))),
        now=line.x(now),
        days=_days(begin, now),
    )


def _days(begin: str, end: str) -> str:
    """Return the days that an axis is about: its marks may say hours alone.

    >>> _days("2026-11-26T16:07:00Z", "2026-11-26T18:00:00Z")
    '26 Nov 2026'
    >>> _days("2025-12-01T00:00:00Z", "2026-11-26T18:00:00Z")
    '1 Dec 2025 to 26 Nov 2026'
    """
    days = (datetime.fromisoformat(at).astimezone(UTC) for at in (begin, end))
    texts = dict.fromkeys(f"{day.day} {day:%b %Y}" for day in days)
    return " to ".join(texts)


class _Places:
    """Where everything stands."""

    def __init__(self, line: Timeline, planes: Planes, lanes: Mapping[str, float]) -> None:
        self._line = line
        self._lanes = lanes
        self._data = planes.data
        self._code = {each.name: line.x(each.at) for each in planes.code}
        self._versions = {
            each.version: (line.x(each.at), lanes[each.dataset]) for each in planes.data
        }
        self._below: dict[tuple[Digest, ...], tuple[float, float, float]] = {}

    def code_dots(self, points: Iterable[CodePoint]) -> Iterable[Dot]:
        for (_, used), inside in _cells(
            points, lambda point, wide: (int(self._code[point.name] // wide), point.used)
        ):
            last = inside[-1]
            yield Dot(
                x=self._code[last.name],
                y=_CODE_Y,
                size=3.4 + 1.2 * used + 1.3 * log10(len(inside)),
                kind="used" if used else "idle",
                says=f"{last.name[:10]} {last.subject[:_LONGEST_SUBJECT]}{_before(inside)}",
                count=len(inside),
            )

    def data_dots(self) -> Iterable[Dot]:
        def cell(point: DataPoint, wide: float) -> tuple[str, int, str]:
            place = int(self._versions[point.version][0] // wide)
            return point.dataset, place, "broken" if point.check == "broken" else ""

        for (name, _, broken), inside in _cells(self._data, cell):
            last = inside[-1]
            x, y = self._versions[last.version]
            checked = {"passed": ", checked", "broken": ", broke its checks", "": ""}[last.check]
            yield Dot(
                x=x,
                y=y,
                size=5 + 2.2 * log10(1 + max(point.rows for point in inside)),
                kind="broken" if broken else "sound",
                says=f"{name}@{last.number}: {last.rows:,} rows{checked}{_before(inside)}",
                href=f"/data/{name}/{last.number}",
                count=len(inside),
            )

    def _ends(
        self, code: str, data: tuple[Digest, ...], at: str
    ) -> tuple[float, float, float, float]:
        """Return where a line begins above, and where it ends below: the newest of the data."""
        below = self._below.get(data)
        if below is None:
            found = [self._versions[each] for each in data if each in self._versions]
            if not found:
                here = self._line.x(at)
                return self._code.get(code, here), here, _DATA_Y, here
            below = self._below[data] = (*max(found), min(x for x, _ in found))
        x1 = self._code.get(code)
        return (self._line.x(at) if x1 is None else x1, *below)

    def runs(self, runs: Sequence[RunLine]) -> list[Line]:
        """Return the lines of runs; too many are counted by where they would stand."""
        if len(runs) <= _MOST_LINES:
            return [self.run(each) for each in runs]
        ends = self._ends
        return _binned(
            Counter((*ends(each.code, each.data, each.at)[:2], each.status) for each in runs)
        )

    def crossings(self, struts: Sequence[Strut]) -> tuple[list[Line], list[tuple[Strut, Line]]]:
        """Return the lines of crossings, and those that may have a name, each with its line.

        Too many are counted like runs; what is pointed at is drawn for itself.
        """
        if len(struts) <= _MOST_LINES:
            lines = _fanned([self.strut(each) for each in struts])
            return lines, list(zip(struts, lines, strict=True))
        alone = [each for each in struts if each.pointers]
        rest = [each for each in struts if not each.pointers]
        lines = _fanned([self.strut(each) for each in alone])
        ends = self._ends
        counted = Counter((*ends(each.code, each.data, each.at)[:2], _kind(each)) for each in rest)
        rest.sort(key=lambda each: each.at, reverse=True)
        past = [each for each in rest if each.was_live][:_MOST_LINES]
        others = [each for each in rest if not each.was_live][:_MOST_LINES]
        named = [(each, self.strut(each)) for each in (*past, *others)]
        return [*lines, *_binned(counted)], [*zip(alone, lines, strict=True), *named]

    def run(self, run: RunLine) -> Line:
        x1, x2, y2, _ = self._ends(run.code, run.data, run.at)
        says = f"{run.pipeline}: {run.status}"
        return Line(x1=x1, x2=x2, y2=y2, kind=run.status, says=says, href=f"/runs/{run.run[:12]}")

    def strut(self, strut: Strut) -> Line:
        x1, x2, y2, since = self._ends(strut.code, strut.data, strut.at)
        name = f"{strut.model}@{strut.number}"
        kind = _kind(strut)
        says = f"{name}: {_WORDS[kind]}"
        href = f"/models/{strut.model}/{strut.number}"
        return Line(x1=x1, x2=x2, y2=y2, kind=kind, says=says, href=href, since=since)


def _cells(
    points: Iterable[_Point], cell: Callable[[_Point, float], _Cell]
) -> Iterable[tuple[_Cell, list[_Point]]]:
    """Return points that would stand in one place together, in cells so wide that they are few."""
    points, wide = list(points), _CELL
    while True:
        found: dict[_Cell, list[_Point]] = defaultdict(list)
        for point in points:
            found[cell(point, wide)].append(point)
        if len(found) <= _MOST_DOTS or wide > _WIDEST:
            return found.items()
        wide *= 1.5


def _before(inside: Sequence[object]) -> str:
    return f", and {len(inside) - 1} before it" if len(inside) > 1 else ""


_WORDS: Final = {
    "live": "live",
    "beside": "beside what is live",
    "past": "was live",
    "passed": "passed its gate",
    "refused": "refused by its gate",
}
_MOST_FANNED: Final = 5
_ALONE: Final = frozenset({"live", "beside"})


def _kind(strut: Strut) -> str:
    if "live" in strut.pointers:
        return "live"
    if strut.pointers:
        return "beside"
    if strut.was_live:
        return "past"
    return "passed" if strut.passed else "refused"


def _fanned(lines: list[Line]) -> list[Line]:
    """Return the lines; those that would cover each other stand apart, what is live straight."""
    together: dict[tuple[float, float, float], list[int]] = defaultdict(list)
    for place, each in enumerate(lines):
        together[each.x1, each.x2, each.y2].append(place)
    fanned = list(lines)
    for places in together.values():
        if 1 < len(places) <= _MOST_FANNED:
            order = sorted(places, key=lambda place: _rank(lines[place].kind))
            for rank, place in enumerate(order):
                side = 1 if rank % 2 else -1
                bend = side * ((rank + 1) // 2) * 2.2 * _ROOM
                fanned[place] = replace(lines[place], bend=round(bend, 1))
    return fanned


def _binned(counted: Counter[tuple[float, float, str]]) -> list[Line]:
    """Return lines for many: those that would stand in one place together."""
    wide = _CELL
    while True:
        cells: Counter[tuple[int, int, str]] = Counter()
        for (x1, x2, kind), count in counted.items():
            cells[int(x1 // wide), int(x2 // wide), kind] += count
        if len(cells) <= _MOST_LINES:
            break
        wide *= 1.5
    return [
        Line(
            x1=round((from_ + 0.5) * wide, 1),
            x2=round((to + 0.5) * wide, 1),
            y2=_DATA_Y,
            kind=kind,
            says=f"{count:,} times {_WORDS.get(kind, kind)}",
            count=count,
        )
        for (from_, to, kind), count in cells.items()
    ]


def _tags(named: Sequence[tuple[Strut, Line]], width: float, *, models: int) -> Iterable[Tag]:
    """Return names where there is room, of what is live first, then of what was, then of the newest."""
    order = sorted(
        named,
        key=lambda pair: (_rank(pair[1].kind), -_moment(pair[0].at)),
    )
    longest = _LONGEST_NAME if width > _TELEPHONE else _LONGEST_NAME // 2
    taken: list[tuple[float, float, float]] = []
    for strut, line in order:
        text = f"{strut.number}" if models == 1 else _name(strut, longest)
        wide = max(_LETTER * len(text) + 16.0, _LEAST_WIDE)
        places = (_on(line, share, wide, width) for share in _SHARES[: _places(line.kind)])
        free = next((place for place in places if _is_free(*place, wide, taken)), None)
        if free is None:
            continue
        taken.append((*free, wide))
        note = _WORDS[line.kind] if line.kind != "passed" else ""
        x, y = free
        yield Tag(x=x, y=y, width=wide, text=text, kind=line.kind, href=line.href, note=note)


def _name(strut: Strut, longest: int) -> str:
    """Return what a crossing is called; of a long name the beginning."""
    model = strut.model if len(strut.model) <= longest else f"{strut.model[: longest - 1]}…"
    return f"{model}@{strut.number}"


def _places(kind: str) -> int:
    """Return how many places along a line are tried: all for what has to be named."""
    return len(_SHARES) if kind in _ALONE else 1


def _on(line: Line, share: float, wide: float, width: float) -> tuple[float, float]:
    """Return the place on a line at a share of its way, within the frame."""
    middle = (line.x1 + line.x2) / 2 + line.bend
    rest = 1 - share
    x = rest * rest * line.x1 + 2 * rest * share * middle + share * share * line.x2
    x = min(max(x, wide / 2 + 8), width - wide / 2 - 8)
    return round(x, 1), round(_CODE_Y + share * (line.y2 - _CODE_Y), 1)


def _is_free(x: float, y: float, wide: float, taken: Iterable[tuple[float, float, float]]) -> bool:
    return all(
        abs(x - other) > (wide + width) / 2 + _APART or abs(y - height) > _TALL
        for other, height, width in taken
    )


def _rank(kind: str) -> int:
    return 0 if kind in _ALONE else 1 if kind == "past" else 2


def _moment(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()
