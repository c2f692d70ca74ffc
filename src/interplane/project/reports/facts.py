"""A crossing: everything that it stands on, how good it is, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interplane.errors import UnknownName
from interplane.evaluation.figures import Figure, figures
from interplane.evaluation.slices_card import SlicesCard, slices_of
from interplane.evaluation.tables import cautions
from interplane.project.crossings import find_crossing, load
from interplane.project.reports.scored import CurvesCard, curves_of
from interplane.record import DataVersion, Digest, RunEnd, Value, Verdict
from interplane.storage.names import series_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from interplane.evaluation.evaluation import Evaluation
    from interplane.project.crossings import Recorded
    from interplane.record import Crossing
    from interplane.storage.ports import Entry
    from interplane.storage.store import Store

__all__ = ["CrossingFacts", "StandsOn", "compared_cautions", "evaluation_of", "facts_of"]


class StandsOn(Value, frozen=True, kw_only=True):
    """A data version that a crossing stands on."""

    dataset: str
    number: int | None
    rows: int
    as_of: str | None


class CrossingFacts(Value, frozen=True, kw_only=True):
    """A crossing: everything that it stands on, how good it is, and where."""

    name: str
    model: str
    number: int | None
    digest: Digest
    pointers: tuple[str, ...]
    at: str
    actor: str
    pipeline: str
    run: Digest | None
    commit: str | None
    uncommitted: Digest | None
    pieces: int
    data: tuple[StandsOn, ...]
    parameters: dict[str, dict[str, Any]]
    features: str
    model_summary: str
    parity: dict[str, Any] | None
    verdict: Verdict
    champion: str
    test_rows: int
    figures: tuple[Figure, ...]
    champion_figures: tuple[Figure, ...]
    differences: tuple[Figure, ...]
    cautions: tuple[str, ...]
    metrics: tuple[str, ...]
    by_slice: SlicesCard | None
    curves: CurvesCard


def evaluation_of(store: Store, crossing: Crossing) -> Evaluation | None:
    """Return the evaluation of a crossing, if it has one."""
    if crossing.evaluation is None:
        return None
    found: Evaluation = load(store, crossing.evaluation)
    return found


def facts_of(
    store: Store,
    found: Recorded,
    *,
    metric: str = "",
    curves: Callable[[Store, Crossing, Evaluation | None], CurvesCard] = curves_of,
) -> CrossingFacts:
    """Return a crossing with everything that it stands on.

    Args:
        store: where it is.
        found: the crossing.
        metric: the metric that slices are shown by; the first if none is said.
        curves: reads scores beside outcomes; pages keep what they read.

    Raises:
        UnknownName: if its evaluation does not have the metric.
    """
    crossing = found.crossing
    evaluation = evaluation_of(store, crossing)
    metrics = () if evaluation is None else evaluation.metrics
    by = metric or next(iter(metrics), "")
    if by and by not in metrics:
        raise UnknownName.of("metric", by, metrics)
    champion = "" if crossing.champion is None else find_crossing(store, crossing.champion).name
    overall = None if evaluation is None else evaluation.overall
    return CrossingFacts(
        name=found.name,
        model=crossing.model_name,
        number=found.number,
        digest=found.digest,
        pointers=found.pointers,
        at=found.at,
        actor=found.actor,
        pipeline=crossing.pipeline,
        run=_run(store, found.digest),
        commit=crossing.commit,
        uncommitted=crossing.diff,
        pieces=len({name for key in crossing.steps.values() for name in key.code}),
        data=tuple(_stands_on(store, crossing)),
        parameters={step: values for step, values in crossing.parameters.items() if values},
        features="" if crossing.frozen is None else crossing.frozen.summary,
        model_summary=crossing.model.summary,
        parity=crossing.parity,
        verdict=crossing.verdict,
        champion=champion,
        test_rows=0 if evaluation is None else evaluation.rows,
        figures=() if overall is None else figures(overall.metrics),
        champion_figures=() if overall is None else figures(overall.champion),
        differences=() if overall is None else figures(overall.difference),
        cautions=()
        if evaluation is None
        else tuple(cautions(evaluation, model=found.name, champion=champion or None)),
        metrics=metrics,
        by_slice=None if evaluation is None or not by else slices_of(evaluation, by),
        curves=curves(store, crossing, evaluation),
    )


def compared_cautions(
    old: Evaluation | None, new: Evaluation | None, of: tuple[Recorded, Recorded]
) -> list[str]:
    """Return what stands against the figures of two crossings as those of a test.

    Args:
        old: the evaluation of the first.
        new: that of the second; the first one's figures are in it where that was its champion.
        of: the crossings.
    """
    first, second = of
    if new is not None and second.crossing.champion == first.digest:
        return cautions(new, model=second.name, champion=first.name)
    return [
        line
        for each, found in ((old, first), (new, second))
        if each is not None
        for line in cautions(each, model=found.name, champion=None)
    ]


def _run(store: Store, crossing: Digest) -> Digest | None:
    """Return the first run that published a crossing, if one did."""
    found = sorted(map(store.catalog.get, store.catalog.standing_on(crossing)), key=_order)
    return next((each.record.run for each in found if isinstance(each.record, RunEnd)), None)


def _order(entry: Entry) -> int:
    return entry.sequence


def _stands_on(store: Store, crossing: Crossing) -> Iterator[StandsOn]:
    for use in crossing.data.values():
        members = store.catalog.series(series_name("data", use.dataset))
        yield StandsOn(
            dataset=use.dataset,
            number=next((each.number for each in members if each.digest == use.version), None),
            rows=store.record(use.version, DataVersion).rows,
            as_of=use.as_of,
        )
