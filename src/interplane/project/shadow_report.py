"""The shadow of a model: its log beside the prediction log, as a report of what it would change."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from interplane.errors import UsageError
from interplane.monitoring.shadow import ShadowReport, compare_shadow
from interplane.project.crossings import find_crossing, load
from interplane.project.rollouts import check_model, find_rollout
from interplane.record.base import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.data.table import Table
    from interplane.evaluation.evaluation import Evaluation
    from interplane.project.project import Project
    from interplane.record import Artifact

__all__ = ["Shadowed", "shadow_report"]

_OWN = ("prediction_id", "score", "took_us", "outcome", "has_outcome")


class Shadowed(Value, frozen=True, kw_only=True):
    """A shadow beside the live crossing.

    Attributes:
        model: the model.
        live: the live crossing, as people name it.
        shadow: the shadow.
        since: since when it has predicted, ISO 8601, UTC.
        report: what it would change.
    """

    model: str
    live: str
    shadow: str
    since: str
    report: ShadowReport

    def _repr_html_(self) -> str:
        from interplane.project.cards.rollouts import shadowed_html

        return shadowed_html(self)


def shadow_report(
    project: Project,
    model: str,
    *,
    slices: Sequence[tuple[str, ...]] = (),
    min_rows: int = 100,
    seed: int = 0,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Shadowed:
    """Compare what the live crossing answered with what its shadow predicted for the same rows.

    Rows are those that were answered since the shadow began; a canary's answers are not compared.

    Args:
        project: the project.
        model: the model.
        slices: tuples of columns, by what people call them.
        min_rows: the least rows of a slice.
        seed: what the intervals of quality are drawn by.
        since: only rows whose prediction time is not before this.
        until: only rows whose prediction time is before this.

    Raises:
        UnknownName: if there is no such model, or a column that it has not.
        UsageError: if it has no shadow.
    """
    store = project.store
    check_model(store, model)
    rolling = find_rollout(store, model)
    if rolling is None or rolling.rollout.shadow is None:
        raise UsageError(
            f"{model} has no shadow",
            expected="a crossing that predicts unseen beside the live one",
            do=f'Begin with "interplane deploy {model}@N --shadow --reason …"',
        )
    live = find_crossing(store, rolling.rollout.live)
    shadow = find_crossing(store, rolling.rollout.shadow)
    began = rolling.shadow_since or rolling.since
    answered = project.matched(model, since=since, until=until)
    report = compare_shadow(
        _of(answered, live.digest, began, slices),
        _by(project.shadow_predictions(model, since=since, until=until), shadow.digest),
        slices=slices,
        threshold=_threshold(project, live.crossing.evaluation),
        min_rows=min_rows,
        seed=seed,
    )
    return Shadowed(model=model, live=live.name, shadow=shadow.name, since=began, report=report)


def _threshold(project: Project, evaluation: Artifact | None) -> float:
    """Return the score from which the live crossing's decisions are positive."""
    if evaluation is None:
        return 0.5
    found: Evaluation = load(project.store, evaluation)
    return found.threshold


def _of(answered: Table, crossing: str, began: str, slices: Sequence[tuple[str, ...]]) -> Table:
    """Return what a crossing answered since a time: the columns that are compared, read once."""
    from interplane.monitoring.counting.columns import resolve_column

    sliced = [resolve_column(name, answered.names) for by in slices for name in by]
    columns = dict.fromkeys([*_OWN, *sliced])
    chosen = ", ".join('"' + name.replace('"', '""') + '"' for name in columns)
    since = f"{datetime.fromisoformat(began).astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
    return answered.sql(
        f"SELECT {chosen} FROM self WHERE crossing = '{crossing}' AND \"at\" >= TIMESTAMP '{since}'"
    )


def _by(shadow: Table, crossing: str) -> Table:
    return shadow.sql(
        f"SELECT prediction_id, score, took_us, because FROM self WHERE crossing = '{crossing}'"
    )
