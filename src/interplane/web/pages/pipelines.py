"""The runs of one pipeline side by side: their parameters, and the figures of what they published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interplane.charts.parallel import ParallelPicture, Row, draw_parallel
from interplane.errors import UnknownName
from interplane.project.runs import find_run
from interplane.record import Crossing, Digest, Value
from interplane.web.pages.figures import headline
from interplane.web.places import Whole
from interplane.web.routes import Asked, Page

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PAGES", "PipelinePage"]

_FEW: Final = 60
_MOST: Final = 40_000
_DRAWN: Final = 250
_MOST_KEPT: Final = 80_000


class _Told(Value, frozen=True, kw_only=True):
    """A run that has ended, by the names of its parameters and figures."""

    at: str
    status: str
    seconds: float | None
    actor: str
    parameters: dict[str, Any]
    figures: dict[str, float | None]
    crossings: tuple[Digest, ...]


class RunLine(Value, frozen=True, kw_only=True):
    """A run: how it went, and a value for each column; None where it has none.

    Attributes:
        digest: its digest.
        at: when it began.
        status: how it went, or that it goes on.
        seconds: how long it took.
        actor: who ran.
        crossing: the first crossing that it published, by name; empty without.
        values: its values, by column.
    """

    digest: Digest
    at: str
    status: str
    seconds: float | None
    actor: str
    crossing: str
    values: tuple[Any, ...]


class PipelinePage(Value, frozen=True, kw_only=True):
    """The runs of a pipeline, newest first.

    Attributes:
        pipeline: the pipeline.
        parameters: the columns of parameters.
        figures: the columns of figures, behind those.
        runs: the runs.
        in_all: how many there are.
        most: how many can be asked for.
        picture: parameters and figures that differ; None where none or one does.
    """

    pipeline: str
    parameters: tuple[str, ...]
    figures: tuple[str, ...]
    runs: tuple[RunLine, ...]
    in_all: int
    most: int
    picture: ParallelPicture | None


def read_pipeline(asked: Asked) -> PipelinePage:
    """Return the runs of a pipeline with their parameters and figures."""
    name, planes = asked.path["pipeline"], asked.chronicle.planes()
    runs = [each.run for each in reversed(planes.runs) if each.pipeline == name]
    if not runs:
        raise UnknownName.of("pipeline", name, sorted({each.pipeline for each in planes.runs}))
    limit = int(asked.query.get("limit", _FEW))
    told = [(each, _told(asked, each)) for each in runs[: max(limit, _DRAWN)]]
    names = {each.crossing: f"{each.model}@{each.number}" for each in planes.crossings}
    parameters = tuple(dict.fromkeys(key for _, run in told for key in run.parameters))
    figures = tuple(dict.fromkeys(key for _, run in told for key in run.figures))
    lines = [
        RunLine(
            digest=digest,
            at=run.at,
            status=run.status,
            seconds=run.seconds,
            actor=run.actor,
            crossing=next((names[each] for each in run.crossings if each in names), ""),
            values=(
                *(run.parameters.get(key) for key in parameters),
                *(run.figures.get(key) for key in figures),
            ),
        )
        for digest, run in told
    ]
    live = {f"{each.model}@{each.number}" for each in planes.crossings if "live" in each.pointers}
    return PipelinePage(
        pipeline=name,
        parameters=parameters,
        figures=figures,
        runs=tuple(lines[:limit]),
        in_all=len(runs),
        most=_MOST,
        picture=_picture((*parameters, *figures), lines[:_DRAWN], live),
    )


def _picture(
    columns: Sequence[str], lines: Sequence[RunLine], live: set[str]
) -> ParallelPicture | None:
    """Return the picture of the runs, what is live above the others."""
    rows = [
        Row(
            values=line.values,
            kind="live" if line.crossing in live else line.status,
            says=f"{line.crossing or line.digest[:12]}: {line.status}",
            key=line.digest[:12],
        )
        for line in reversed(lines)
    ]
    return draw_parallel(columns, sorted(rows, key=lambda row: row.kind == "live"))


def _told(asked: Asked, digest: Digest) -> _Told:
    """Return what a run has to tell; kept when it has ended, for then it never changes."""
    store, kept = asked.project.store, asked.kept
    known = kept.find(_Told, digest)
    if known is not None:
        return known
    info = find_run(store, digest, details=False)
    figures: dict[str, float | None] = {}
    for crossing in info.crossings:
        model = store.record(crossing, Crossing).model_name
        for each in headline(store, crossing, kept):
            figures[f"{model}: {each.name}"] = each.value
    told = _Told(
        at=info.run.started_at,
        status=info.status,
        seconds=info.seconds,
        actor=info.actor,
        parameters={
            f"{step}.{name}": value
            for step, values in info.run.parameters.items()
            for name, value in values.items()
        },
        figures=figures,
        crossings=info.crossings,
    )
    if info.seconds is not None:
        kept.put(_Told, digest, told, most=_MOST_KEPT)
    return told


PAGES: Final = (
    Page(
        name="pipeline",
        path="/pipelines/{pipeline}",
        permission="look",
        read=read_pipeline,
        template="pipeline.html",
        query={"limit": Whole("how many runs to list", 1, _MOST)},
    ),
)
