"""What answered when, as bars over time: a lane for what was live, and one for what ran beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from interplane.charts.timeline import Fold, Mark, Timeline
from interplane.record import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Bar", "Lane", "SpansPicture", "Stretch", "draw_spans"]

_NAMES: Final = 66.0
_EDGE: Final = 8.0
_LANE: Final = 38.0
_HEIGHT: Final = 26.0
_TOP: Final = 8.0
_LETTER: Final = 8.0
_LANES: Final = ("live", "canary", "shadow")


class Stretch(NamedTuple):
    """Something that was so from one moment to another, or is so now.

    Attributes:
        lane: live, canary or shadow.
        begin: from when.
        end: until when; None for now.
        name: what it is called, for example ``flights@2``.
        note: what stands behind its number.
    """

    lane: str
    begin: str
    end: str | None
    name: str
    note: str = ""


class Bar(Value, frozen=True, kw_only=True):
    """A bar: where it stands, what stands in it where there is room, and what it says."""

    x: float
    width: float
    text: str
    kind: str
    says: str
    href: str


class Lane(Value, frozen=True, kw_only=True):
    """A lane of bars."""

    name: str
    y: float
    height: float
    bars: tuple[Bar, ...]


class SpansPicture(Value, frozen=True, kw_only=True):
    """Lanes over one time axis, in a frame."""

    width: float
    height: float
    lanes: tuple[Lane, ...]
    marks: tuple[Mark, ...]
    folds: tuple[Fold, ...]


def draw_spans(stretches: Sequence[Stretch], *, width: float, now: str) -> SpansPicture | None:
    """Return the picture of what was so when; None where nothing was.

    Args:
        stretches: what was so; of each lane oldest first.
        width: of the frame.
        now: the time now, where the axis ends.

    >>> year = "2026-01-0{}T00:00:00Z".format
    >>> picture = draw_spans([Stretch("live", year(1), None, "m@1")], width=400, now=year(3))
    >>> [(bar.text, bar.kind) for bar in picture.lanes[0].bars]
    [('1', 'now')]
    """
    if not stretches:
        return None
    moments = [at for each in stretches for at in (each.begin, each.end or now)]
    line = Timeline([*moments, now], left=_NAMES, right=width - _EDGE)
    lanes: list[Lane] = []
    for name in _LANES:
        inside = list(_merged([each for each in stretches if each.lane == name]))
        if inside:
            y = _TOP + _LANE * len(lanes)
            bars = tuple(_bar(line, each, now) for each in inside)
            lanes.append(Lane(name=name, y=y, height=_HEIGHT, bars=bars))
    return SpansPicture(
        width=width,
        height=_TOP + _LANE * len(lanes) + 20,
        lanes=tuple(lanes),
        marks=tuple(line.marks(most=max(int(width / 120), 3))),
        folds=tuple(line.folds()),
    )


def _merged(stretches: Sequence[Stretch]) -> Iterator[Stretch]:
    """Yield stretches that follow each other with the same name as one."""
    held: Stretch | None = None
    for each in stretches:
        if held is not None and held[3:] == each[3:] and held.end == each.begin:
            held = held._replace(end=each.end)
            continue
        if held is not None:
            yield held
        held = each
    if held is not None:
        yield held


def _bar(line: Timeline, each: Stretch, now: str) -> Bar:
    x = line.x(each.begin)
    width = round(max(line.x(each.end or now) - x, 2.0), 1)
    number = each.name.rpartition("@")[2]
    texts = (f"{number} {each.note}".strip(), number, "")
    until = "now" if each.end is None else each.end[:19].replace("T", " ") + " UTC"
    begin = each.begin[:19].replace("T", " ")
    note = f" {each.note}" if each.note else ""
    return Bar(
        x=x,
        width=width,
        text=next(text for text in texts if len(text) * _LETTER + 8 <= width or not text),
        kind="now" if each.end is None else "past",
        says=f"{each.name}{note}: {each.lane} from {begin} UTC to {until}",
        href=f"/models/{each.name.replace('@', '/')}" if "@" in each.name else "",
    )
