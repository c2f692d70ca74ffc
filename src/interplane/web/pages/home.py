"""The first page: the project as one picture, what is live, and what waits for a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from interplane.evaluation.figures import Figure  # noqa: TC001 - the type of a field
from interplane.project.journal import find_journal
from interplane.project.runs import find_run
from interplane.record import Crossing, Digest, Value
from interplane.storage.clock import iso_of
from interplane.web.pages.figures import headline
from interplane.web.planes_picture import PlanesPicture, draw_planes
from interplane.web.routes import Asked, Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interplane.project.chronicle import DataPoint, Planes, Strut
    from interplane.project.project import Project

__all__ = ["PAGES", "Home", "Live", "StoodOn", "Waiting"]

_WIDE: Final = 1360.0
_NARROW: Final = 360.0
_MINUTE: Final = timedelta(minutes=1)
_MOST_WAITING: Final = 8


class StoodOn(Value, frozen=True, kw_only=True):
    """A data version that something live stands on; ``newest`` is the one that came since, if any."""

    name: str
    newest: str


class Live(Value, frozen=True, kw_only=True):
    """A model that is live, and what it stands on.

    Attributes:
        model: its name.
        number: the number of the crossing.
        crossing: its digest.
        since: from when on it has been live.
        code: the commit, or the name of its files.
        data: the data versions, for example ``flights@7``.
        beside: what runs beside it: canary, shadow.
        figures: its figures from its test.
    """

    model: str
    number: int
    crossing: Digest
    since: str
    code: str
    data: tuple[StoodOn, ...]
    beside: tuple[str, ...]
    figures: tuple[Figure, ...]


class Waiting(Value, frozen=True, kw_only=True):
    """Something that a person should know of, and where to look."""

    kind: str
    what: str
    why: str
    at: str
    href: str


class Home(Value, frozen=True, kw_only=True):
    """The first page.

    Attributes:
        project: the project's name.
        live: what is live, by model.
        waiting: what waits for a person, newest first.
        waiting_left_out: how much more waits that is older.
        wide: the picture on a wide page; None where nothing happened yet.
        narrow: the picture on a telephone.
        commits: how many commits there are.
        versions: how many data versions.
        runs: how many runs.
        crossings: how many crossings.
    """

    project: str
    live: tuple[Live, ...]
    waiting: tuple[Waiting, ...]
    waiting_left_out: int
    wide: PlanesPicture | None
    narrow: PlanesPicture | None
    commits: int
    versions: int
    runs: int
    crossings: int


class _Drawn(NamedTuple):
    planes: Planes
    until: datetime
    wide: PlanesPicture | None
    narrow: PlanesPicture | None


def read_home(asked: Asked) -> Home:
    """Return the project as one picture, what is live, and what waits for a person."""
    project, planes = asked.project, asked.chronicle.planes()
    drawn = _pictures(asked, planes, datetime.now(UTC))
    waiting = [*_alerts(project), *_runs(project, planes), *_data(planes)]
    waiting.sort(key=lambda each: each.at, reverse=True)
    return Home(
        project=project.config.name,
        live=tuple(_live(asked, planes)),
        waiting=tuple(waiting[:_MOST_WAITING]),
        waiting_left_out=max(len(waiting) - _MOST_WAITING, 0),
        wide=drawn.wide,
        narrow=drawn.narrow,
        commits=len(planes.code),
        versions=len(planes.data),
        runs=len(planes.runs),
        crossings=len(planes.crossings),
    )


def _pictures(asked: Asked, planes: Planes, now: datetime) -> _Drawn:
    """Return the pictures; those of the same planes are drawn anew when now is another place."""
    drawn = asked.kept.find(_Drawn, "last")
    if drawn is None or drawn.planes is not planes or drawn.until < now:
        until = now + max(_MINUTE, _age(planes, now) / _WIDE)
        at = until.isoformat(timespec="seconds").replace("+00:00", "Z")
        drawn = _Drawn(
            planes,
            until,
            draw_planes(planes, width=_WIDE, now=at),
            draw_planes(planes, width=_NARROW, now=at),
        )
        asked.kept.put(_Drawn, "last", drawn, most=1)
    return drawn


def _age(planes: Planes, now: datetime) -> timedelta:
    """Return how long ago the first thing of the picture was, or nothing in an empty one."""
    first = [each[0].at for each in (planes.data, planes.runs, planes.crossings) if each]
    return max(now - datetime.fromisoformat(min(first, default=now.isoformat())), timedelta(0))


def _live(asked: Asked, planes: Planes) -> Iterator[Live]:
    store = asked.project.store
    points = {(point.dataset, point.version): point for point in planes.data}
    newest = {point.dataset: point for point in planes.data}
    beside: dict[str, list[str]] = {}
    for strut in planes.crossings:
        for word in strut.pointers:
            if word != "live":
                beside.setdefault(strut.model, []).append(f"{strut.model}@{strut.number} {word}")
    for strut in sorted(planes.crossings, key=lambda each: each.model):
        if "live" not in strut.pointers:
            continue
        used = {use.dataset: use for use in store.record(strut.crossing, Crossing).data.values()}
        stood_on = [
            points[name, use.version]
            for name, use in sorted(used.items())
            if (name, use.version) in points
        ]
        yield Live(
            model=strut.model,
            number=strut.number,
            crossing=strut.crossing,
            since=_since(asked.project, strut),
            code=strut.code,
            data=tuple(_stood_on(each, newest[each.dataset]) for each in stood_on),
            beside=tuple(beside.get(strut.model, ())),
            figures=headline(store, strut.crossing, asked.kept),
        )


def _stood_on(point: DataPoint, newest: DataPoint) -> StoodOn:
    since = "" if newest.number <= point.number else f"{newest.dataset}@{newest.number}"
    return StoodOn(name=f"{point.dataset}@{point.number}", newest=since)


def _since(project: Project, strut: Strut) -> str:
    from interplane.storage.names import named_pointer

    moves = project.store.catalog.moves(named_pointer("model", strut.model, "live"))
    return moves[-1].at if moves else strut.at


def _alerts(project: Project) -> Iterator[Waiting]:
    from interplane.project.watch_report import alert_words

    journal = find_journal(project)
    if journal is None:
        return
    try:
        for alert in journal.alerts(everything=False):
            yield Waiting(
                kind="alert",
                what=f"Alert of {alert.cell.model}: {alert.cell.rule}",
                why=alert_words(alert),
                at=iso_of(alert.last.end_us),
                href=f"/alerts/{alert.id[:12]}",
            )
    finally:
        journal.close()


def _runs(project: Project, planes: Planes) -> Iterator[Waiting]:
    """Yield the last run of each pipeline, where it went wrong."""
    last = {run.pipeline: run.run for run in planes.runs}
    for pipeline, digest in last.items():
        info = find_run(project.store, digest, details=False)
        if info.status in {"failed", "crashed", "gate-closed"}:
            what = {"gate-closed": "The gate of {} stayed closed"}.get(info.status, "{} failed")
            yield Waiting(
                kind="run",
                what=what.format(f"the last run of {pipeline}" if "gate" in what else pipeline),
                why=info.error or f"The run ended: {info.status}",
                at=info.run.started_at,
                href=f"/runs/{info.digest[:12]}",
            )


def _data(planes: Planes) -> Iterator[Waiting]:
    """Yield the latest version of each dataset, where it broke its checks."""
    latest = {point.dataset: point for point in planes.data}
    for point in latest.values():
        if point.check == "broken":
            name = f"{point.dataset}@{point.number}"
            yield Waiting(
                kind="data",
                what=f"{name} broke its checks",
                why="The latest version of the dataset does not hold what its schema says",
                at=point.at,
                href=f"/data/{point.dataset}/{point.number}",
            )


PAGES: Final = (
    Page(name="home", path="/", permission="look", read=read_home, template="home.html"),
)
