"""Metric curves of runs: those of one run by what they are of, those of several laid over each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from interplane.charts.metrics import TONES, MetricPicture, Told, draw_metric
from interplane.errors import UnknownName
from interplane.project.run_metrics import metrics_of, plain_value
from interplane.project.runs import find_run
from interplane.record import Digest, Value
from interplane.web.places import Runs
from interplane.web.routes import Asked, Page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from interplane.pipeline.metric_curves import MetricCurve
    from interplane.project.project import Project
    from interplane.project.runs import RunInfo

__all__ = ["PAGES", "MetricCard", "MetricsPage", "metric_cards"]

_MOST: Final = TONES
_FEW: Final = 6
_LOOKED_AT: Final = 60
_POINTS: Final = 9_000
"""How many points a page draws together, at most: about eleven bytes each."""
_MOST_CARDS: Final = 60


class Last(Value, frozen=True, kw_only=True):
    """A curve in words: what it is of, what was told last and where, how many points there were."""

    of: str
    value: float | str
    at: float
    told: int


class MetricCard(Value, frozen=True, kw_only=True):
    """A metric of a step: its curves in one picture, and the end of each."""

    step: str
    metric: str
    picture: MetricPicture
    last: tuple[Last, ...]


class ComparedRun(Value, frozen=True, kw_only=True):
    """A run whose curves are drawn.

    Attributes:
        digest: its digest.
        at: when it began.
        status: how it went.
        differs: its parameters that differ between these runs.
        tells: whether it told any metric.
        without: where the others are drawn without it.
        tone: in which tone its lines are.
    """

    digest: Digest
    at: str
    status: str
    differs: dict[str, str]
    tells: bool
    without: str
    tone: int


class MetricsPage(Value, frozen=True, kw_only=True):
    """The metric curves of some runs of a pipeline, laid over each other.

    Attributes:
        pipeline: the pipeline.
        runs: the runs, the newest first.
        chosen: whether they were asked for, rather than being the last ones that told something.
        others: further runs that can be added, the newest first.
        others_left_out: how many more there are, which the page of the pipeline lists.
        most: how many can be drawn at once.
        metrics: a picture a metric.
        left_out: how many metrics more there are.
    """

    pipeline: str
    runs: tuple[ComparedRun, ...]
    chosen: bool
    others: tuple[Digest, ...]
    others_left_out: int
    most: int
    metrics: tuple[MetricCard, ...]
    left_out: int


class _Curve(NamedTuple):
    of: str
    curve: MetricCurve
    tone: int
    href: str = ""


def metric_cards(metrics: Mapping[str, Sequence[MetricCurve]]) -> tuple[MetricCard, ...]:
    """Return the pictures of one run: ``train/auc`` and ``valid/auc`` of a step are in one."""
    cards: dict[tuple[str, str], list[_Curve]] = {}
    for step, curves in metrics.items():
        for curve in curves:
            of, _, metric = curve.name.rpartition("/")
            inside = cards.setdefault((step, metric), [])
            inside.append(_Curve(of, curve, len(inside)))
    return _cards(cards)


def read_metrics(asked: Asked) -> MetricsPage:
    """Return the metric curves of some runs of a pipeline, laid over each other."""
    project, pipeline = asked.project, asked.path["pipeline"]
    planes = asked.chronicle.planes()
    known = [each.run for each in reversed(planes.runs) if each.pipeline == pipeline]
    if not known:
        raise UnknownName.of("pipeline", pipeline, sorted({each.pipeline for each in planes.runs}))
    words = _words(asked)
    found = [_told(project, word, pipeline) for word in words] if words else _latest(project, known)
    found.sort(key=lambda each: each.info.run.started_at, reverse=True)
    cards: dict[tuple[str, str], list[_Curve]] = {}
    for tone, (info, metrics) in reversed([*enumerate(found)]):
        for step, curves in metrics.items():
            for curve in curves:
                of = info.digest[:12]
                line = _Curve(of, curve, tone, f"/runs/{of}")
                cards.setdefault((step, curve.name), []).append(line)
    drawn = dict(list(cards.items())[:_MOST_CARDS])
    digests = {each.info.digest for each in found}
    others = [each for each in known if each not in digests]
    return MetricsPage(
        pipeline=pipeline,
        runs=tuple(_compared(pipeline, found)),
        chosen=bool(words),
        others=tuple(others[:_LOOKED_AT]),
        others_left_out=max(len(others) - _LOOKED_AT, 0),
        most=_MOST,
        metrics=_cards(drawn),
        left_out=len(cards) - len(drawn),
    )


class _Telling(NamedTuple):
    info: RunInfo
    metrics: dict[str, tuple[MetricCurve, ...]]


def _words(asked: Asked) -> list[str]:
    """Return the runs that are asked for, each once; of too many the last ones."""
    text = ",".join(asked.query.get(name, "") for name in ("runs", "with"))
    words = dict.fromkeys(word[:12] for word in text.split(",") if word)
    return list(words)[-_MOST:]


def _told(project: Project, word: str, pipeline: str) -> _Telling:
    info = find_run(project.store, word)
    if info.run.pipeline != pipeline:
        raise UnknownName.of("run", word, (), where=f"the pipeline {pipeline}")
    return _Telling(info, metrics_of(project, info))


def _latest(project: Project, runs: Sequence[Digest]) -> list[_Telling]:
    """Return the last runs that told something: of those that reused the same, the first."""
    found: list[_Telling] = []
    seen: set[object] = set()
    for digest in runs[:_LOOKED_AT]:
        info = find_run(project.store, digest)
        told = {step: done.metrics for step, done in info.step_runs.items() if done.metrics}
        same = tuple(sorted(told.items())) if info.seconds is not None else digest
        metrics = metrics_of(project, info) if same and same not in seen else {}
        if metrics:
            seen.add(same)
            found.append(_Telling(info, metrics))
        if len(found) == _FEW:
            break
    return found


def _compared(pipeline: str, found: Sequence[_Telling]) -> Iterator[ComparedRun]:
    parameters = [_parameters(each.info) for each in found]
    differing = [
        name
        for name in dict.fromkeys(name for each in parameters for name in each)
        if len({each.get(name, "") for each in parameters}) > 1
    ]
    for tone, (info, metrics) in enumerate(found):
        others = ",".join(each.info.digest[:12] for each in found if each.info is not info)
        yield ComparedRun(
            digest=info.digest,
            at=info.run.started_at,
            status=info.status,
            differs={name: parameters[tone].get(name, "") for name in differing},
            tells=bool(metrics),
            without=f"/pipelines/{pipeline}/metrics?runs={others}" if others else "",
            tone=tone,
        )


def _parameters(info: RunInfo) -> dict[str, str]:
    return {
        f"{step}.{name}": str(value)[:60]
        for step, values in info.run.parameters.items()
        for name, value in values.items()
    }


def _cards(cards: Mapping[tuple[str, str], Sequence[_Curve]]) -> tuple[MetricCard, ...]:
    lines = sum(map(len, cards.values()))
    most = max(min(_POINTS // max(lines, 1), 400), 20)
    return tuple(_drawn(cards, most))


def _drawn(cards: Mapping[tuple[str, str], Sequence[_Curve]], most: int) -> Iterable[MetricCard]:
    for (step, metric), inside in cards.items():
        told = [
            Told(each.of, each.curve.at, each.curve.values, each.tone, each.href) for each in inside
        ]
        picture = draw_metric(metric, told, most=most)
        if picture is not None:
            last = tuple(map(_last, inside))
            yield MetricCard(step=step, metric=metric, picture=picture, last=last)


def _last(each: _Curve) -> Last:
    curve = each.curve
    return Last(of=each.of, value=plain_value(curve.last), at=curve.at[-1], told=curve.told)


PAGES: Final = (
    Page(
        name="metrics",
        path="/pipelines/{pipeline}/metrics",
        permission="look",
        read=read_metrics,
        template="metrics.html",
        query={
            "runs": Runs("the runs; the last that told something if not given", _MOST),
            "with": Runs("a further run, in the place of the first where there are as many", 1),
        },
    ),
)
