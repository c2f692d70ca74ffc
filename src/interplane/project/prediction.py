"""Batch prediction: the rows that a crossing reads, made of other data, scored, kept, evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from interplane.errors import DataError, UsageError
from interplane.project.crossings import find_crossing, load
from interplane.project.recorded import frozen_of, recorded_rows
from interplane.storage.names import series_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from interplane.data.adding import Added
    from interplane.data.table import Table
    from interplane.evaluation.evaluation import Evaluation
    from interplane.models.model import Model
    from interplane.pipeline.graph import Publication
    from interplane.project.crossings import Recorded
    from interplane.project.running import Running
    from interplane.storage.store import Store

__all__ = ["Prediction", "predict"]


@dataclass(frozen=True)
class Prediction:
    """What came of a batch prediction.

    Attributes:
        crossing: the crossing that scored.
        output: the output of its pipeline that the rows come from.
        added: the data version of the scores.
        unlabelled: how many scored rows have no label.
        evaluation: how good the scores are; None where that cannot be said.
        unevaluated: why not.
        unsliced: the slicings of the crossing's evaluation that these rows do not have.
        beside: the crossing that was compared with, if any.
    """

    crossing: Recorded
    output: str
    added: Added
    unlabelled: int
    evaluation: Evaluation | None
    beside: Recorded | None = None
    unevaluated: str = ""
    unsliced: tuple[tuple[str, ...], ...] = ()

    def _repr_html_(self) -> str:
        from interplane.project.cards.crossings import prediction_html

        return prediction_html(self)


def predict(
    running: Running,
    reference: str,
    *,
    out: str,
    pins: Mapping[str, str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    beside: str | None = None,
) -> Prediction:
    """Score rows in batch, keep the scores as a data version, and evaluate what has labels.

    The steps that make the rows run (or are reused) with the crossing's own parameters; their code
    must be what it was.

    Args:
        running: the crossing's pipeline.
        reference: the crossing, for example ``flights@live``.
        out: the dataset that takes the scores.
        pins: references for inputs that are not to be the latest.
        since: score rows whose prediction time is not before this.
        until: score rows whose prediction time is before this.
        beside: another crossing to compare with on the same rows.

    Raises:
        UsageError: if the crossing does not say which rows it reads, or their code has changed,
            or ``out`` is a dataset that holds something else than scores, or no row is left to score.
    """
    from interplane.data.adding import add
    from interplane.models.predict import predict_table

    store = running.project.store
    found = find_crossing(store, reference)
    _refuse_other_data(store, out)
    other = None if beside is None else find_crossing(store, beside)
    model = _model(running, found)
    output = _output(running, found)
    all_rows, sources = recorded_rows(running, found, output, model, pins)
    rows = _between(all_rows, model, since=since, until=until)
    if not rows.rows:
        raise UsageError(
            f"there is no row to score: the output {output!r} has none"
            + (" between these times" if since or until else ""),
            expected="rows of the data versions that are scored",
            do='Look at their times with "interplane data show". Nothing was added',
        )
    recorded = _recorded(running, found)
    label = frozen_of(model).label if recorded is None else recorded.label
    has_label = label is not None and label in rows.types
    scored = predict_table(
        model,
        rows,
        crossing=found.digest,
        keep=[label] if label and has_label else [],
        sources=sources,
    )
    added = add(store, out, scored, writer=store.catalog.writer(running.project.actor))
    unlabelled = rows.column(label).null_count if label and has_label else rows.rows
    evaluation, unevaluated = None, "no row has a label yet"
    if unlabelled < rows.rows:
        against = None if other is None else _model(running, other)
        try:
            evaluation = _evaluate(recorded, model, rows, against=against, sources=sources)
        except DataError as error:
            # The scores are made and kept; that these rows say nothing of them is no failure.
            unevaluated = str(error)
    return Prediction(
        crossing=found,
        output=output,
        added=added,
        unlabelled=unlabelled,
        evaluation=evaluation,
        beside=other,
        unevaluated="" if evaluation else unevaluated,
        unsliced=_unsliced(recorded, rows),
    )


def _refuse_other_data(store: Store, out: str) -> None:
    """Refuse to put scores on top of a dataset of something else, for example the input."""
    from interplane.data.history import resolve_version

    if store.catalog.series(series_name("data", out)):
        _, version = resolve_version(store, out)
        if "prediction_id" not in {column.name for column in version.columns}:
            raise UsageError(
                f"the dataset {out!r} holds something else than scores",
                expected="a new name, or a dataset of scores",
                do="Choose another name for --out",
            )


def _output(running: Running, found: Recorded) -> str:
    output = _publication(running, found).rows
    if output is None:
        raise UsageError(
            f"{found.name} does not say which rows its model reads",
            expected="publish(…, rows=OUTPUT) in its pipeline",
            do="Name the output there and run the pipeline again",
        )
    return output


def _publication(running: Running, found: Recorded) -> Publication:
    pipeline, name = running.pipeline, found.crossing.model_name
    for publication in pipeline.graph().publications:
        if publication.name == name:
            return publication
    raise UsageError(
        f"the pipeline {pipeline.name!r} does not publish {name!r} any more",
        expected=f"the pipeline that made {found.name}",
        do=f"Check out the code that it was made with: commit {found.crossing.commit or 'unknown'}",
    )


def _between(rows: Table, model: Model, *, since: datetime | None, until: datetime | None) -> Table:
    if since is None and until is None:
        return rows
    column = frozen_of(model).time
    if column is None:
        raise UsageError(
            "the features declare no time column",
            expected="features(time=COLUMN) where rows are chosen by time",
            do="Leave --since and --until out",
        )
    quoted = '"' + column.replace('"', '""') + '"'
    bounds = [f"{quoted} >= TIMESTAMP '{since:%Y-%m-%d %H:%M:%S.%f}'"] if since else []
    bounds += [f"{quoted} < TIMESTAMP '{until:%Y-%m-%d %H:%M:%S.%f}'"] if until else []
    return rows.sql(f"FROM self WHERE {' AND '.join(bounds)}")


def _recorded(running: Running, found: Recorded) -> Evaluation | None:
    """Return the evaluation that the crossing was judged by, if it has one."""
    if found.crossing.evaluation is None:
        return None
    recorded: Evaluation = load(running.project.store, found.crossing.evaluation)
    return recorded


def _evaluate(
    recorded: Evaluation | None,
    model: Model,
    rows: Table,
    *,
    against: Model | None,
    sources: Mapping[str, Table],
) -> Evaluation:
    """Evaluate as the crossing was: the same metrics, slicings and settings.

    Any rows can be scored, also those that a model was fitted on: the evaluation says how many.
    """
    from interplane.evaluation.evaluate import evaluate

    if recorded is None:
        return evaluate(model, rows, against=against, sources=sources, seen="allow")
    lost = _unsliced(recorded, rows)
    return evaluate(
        model,
        rows,
        against=against,
        sources=sources,
        metrics=list(recorded),
        slices=[by for by in recorded.slicings if by not in lost],
        label=recorded.label,
        min_rows=recorded.min_rows,
        threshold=recorded.threshold,
        confidence=recorded.confidence,
        resamples=recorded.resamples,
        seed=recorded.seed,
        seen="allow",
    )


def _unsliced(recorded: Evaluation | None, rows: Table) -> tuple[tuple[str, ...], ...]:
    """Return the slicings that need more than columns: expressions, which no crossing keeps."""
    slicings = () if recorded is None else recorded.slicings
    return tuple(by for by in slicings if not set(by) <= set(rows.types))


def _model(running: Running, found: Recorded) -> Model:
    model: Model = load(running.project.store, found.crossing.model)
    return model
