"""Scores beside outcomes, of the rows that were scored when a crossing was published.

An evaluation keeps figures and no scores; the rows that monitors compare with have both. Whether those
are the rows of the test shows by their number and by a figure of both: it is the same.
"""

from __future__ import annotations

from math import isclose
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from interplane.charts.curves import Curves, draw_curves
from interplane.charts.residuals import Residuals, draw_residuals, drawable
from interplane.pipeline.baseline_rows import BASELINE_ROWS
from interplane.project.reports.residual_slices import ResidualSlices, residual_slices
from interplane.record import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    import pyarrow as pa

    from interplane.evaluation.evaluation import Evaluation
    from interplane.record import Crossing, Digest
    from interplane.storage.store import Store

__all__ = ["CurvesCard", "Drawn", "curves_of"]

_NEEDED: Final = ("score", "outcome", "has_outcome")
_MORE: Final = "publish(…, baseline=OUTPUT) keeps rows with their scores and outcomes."


class CurvesCard(Value, frozen=True, kw_only=True):
    """Scores beside outcomes, of what rows they are, or why there are none.

    Attributes:
        curves: where outcomes are true or false.
        residuals: where outcomes are numbers.
        slices: the residuals by slice.
        of_test: whether the rows are those of the test.
        missing: why there are neither.
    """

    curves: Curves | None
    residuals: Residuals | None
    slices: ResidualSlices | None
    of_test: bool
    missing: str


class Drawn(NamedTuple):
    """What was drawn of some rows, or why nothing was."""

    curves: Curves | None = None
    residuals: Residuals | None = None
    slices: ResidualSlices | None = None
    missing: str = ""


def _anew(key: Hashable, draw: Callable[[], Drawn]) -> Drawn:
    del key
    return draw()


def curves_of(
    store: Store,
    crossing: Crossing,
    evaluation: Evaluation | None,
    keep: Callable[[Hashable, Callable[[], Drawn]], Drawn] = _anew,
) -> CurvesCard:
    """Return what can be drawn of the rows of a crossing.

    Args:
        store: where they are.
        crossing: the crossing.
        evaluation: its evaluation, if it has one.
        keep: is given of what something is drawn, and what draws it; returns what it drew, now or
            before.
    """
    digest = crossing.baselines.get(BASELINE_ROWS)
    if digest is None:
        missing = f"An evaluation keeps figures, not scores. {_MORE}"
        found = Drawn(missing=missing)
    else:
        slicings = () if evaluation is None else evaluation.slicings
        key = (digest, slicings)
        found = keep(key, lambda: _read(store, digest, slicings))
    return CurvesCard(
        curves=found.curves,
        residuals=found.residuals,
        slices=found.slices,
        of_test=evaluation is not None and _is_same(found, evaluation),
        missing=found.missing,
    )


def _is_same(found: Drawn, evaluation: Evaluation) -> bool:
    """Return whether the rows are those of an evaluation: as many, with the same figure."""
    figures: list[tuple[str, float, int]] = []
    if found.curves is not None:
        figures = [("roc_auc", found.curves.area, found.curves.rows)]
    elif found.residuals is not None:
        it = found.residuals
        figures = [("mae", it.mae, it.rows), ("rmse", it.rmse, it.rows)]
    known = evaluation.overall.metrics
    same = [
        rows == evaluation.rows and isclose(value, known[name].value, rel_tol=1e-9, abs_tol=1e-9)
        for name, value, rows in figures
        if name in known
    ]
    return bool(same) and all(same)


def _read(store: Store, digest: Digest, slicings: Sequence[tuple[str, ...]]) -> Drawn:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    file = pq.ParquetFile(pa.BufferReader(store.read(digest)))
    names = file.schema_arrow.names
    if not set(_NEEDED) <= set(names):
        return Drawn(missing="The rows that were kept have no outcomes.")
    kind = file.schema_arrow.field("outcome").type
    is_yes_or_no = pa.types.is_boolean(kind)
    if not is_yes_or_no and not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        return Drawn(missing="Outcomes are neither true or false nor numbers.")
    table = file.read(columns=None if not is_yes_or_no else list(_NEEDED))
    table = table.filter(pc.and_(table["has_outcome"], pc.is_valid(table["outcome"])))
    return _classes(table) if is_yes_or_no else _numbers(table, slicings)


def _classes(table: pa.Table) -> Drawn:
    drawn = draw_curves(_floats(table["score"]), table["outcome"].to_numpy().astype(bool))
    return Drawn(
        curves=drawn, missing="" if drawn else "All outcomes of the rows that were kept are one."
    )


def _numbers(table: pa.Table, slicings: Sequence[tuple[str, ...]]) -> Drawn:
    from interplane.predictions.columns import ROW

    said, came = _floats(table["score"]), _floats(table["outcome"])
    drawn = draw_residuals(said, came)
    if drawn is None:
        return Drawn(missing="No row that was kept has both a prediction and an outcome.")
    known = drawable(said, came)
    columns = {name.removeprefix(ROW): name for name in table.column_names if name.startswith(ROW)}
    slices = residual_slices(table.filter(known), (came - said)[known], columns, slicings)
    return Drawn(residuals=drawn, slices=slices)


def _floats(column: Any) -> Any:
    import pyarrow as pa

    return column.cast(pa.float64()).to_numpy()
