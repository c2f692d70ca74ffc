"""Scores beside outcomes, of the rows that were scored when a crossing was published.

An evaluation keeps figures and no scores; the rows that monitors compare with have both. Whether those
are the rows of the test shows by their number and by a figure of both: it is the same.
"""

from __future__ import annotations

from math import isclose
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from interplane.charts.curves import Curves, draw_curves
from interplane.charts.residuals import Residuals, draw_residuals
from interplane.pipeline.baseline_rows import BASELINE_ROWS
from interplane.record import Value
from interplane.web.pages.residuals import ResidualSlices, residual_slices

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from interplane.evaluation.evaluation import Evaluation
    from interplane.record import Crossing, Digest
    from interplane.storage.store import Store
    from interplane.web.kept import Kept

__all__ = ["CurvesCard", "curves_of"]

_NEEDED: Final = ("score", "outcome", "has_outcome")
_MOST_KEPT: Final = 500
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


class _Drawn(NamedTuple):
    curves: Curves | None = None
    residuals: Residuals | None = None
    slices: ResidualSlices | None = None
    missing: str = ""


def curves_of(
    store: Store, crossing: Crossing, evaluation: Evaluation | None, kept: Kept
) -> CurvesCard:
    """Return what can be drawn of the rows of a crossing.

    Args:
        store: where they are.
        crossing: the crossing.
        evaluation: its evaluation, if it has one.
        kept: what was drawn before.
    """
    digest = crossing.baselines.get(BASELINE_ROWS)
    if digest is None:
        missing = f"An evaluation keeps figures, not scores. {_MORE}"
        found = _Drawn(missing=missing)
    else:
        slicings = () if evaluation is None else evaluation.slicings
        key = (digest, slicings)
        found = kept.get(_Drawn, key, lambda: _read(store, digest, slicings), most=_MOST_KEPT)
    return CurvesCard(
        curves=found.curves,
        residuals=found.residuals,
        slices=found.slices,
        of_test=evaluation is not None and _is_same(found, evaluation),
        missing=found.missing,
    )


def _is_same(found: _Drawn, evaluation: Evaluation) -> bool:
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


def _read(store: Store, digest: Digest, slicings: Sequence[tuple[str, ...]]) -> _Drawn:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    file = pq.ParquetFile(pa.BufferReader(store.read(digest)))
    names = file.schema_arrow.names
    if not set(_NEEDED) <= set(names):
        return _Drawn(missing="The rows that were kept have no outcomes.")
    kind = file.schema_arrow.field("outcome").type
    is_yes_or_no = pa.types.is_boolean(kind)
    if not is_yes_or_no and not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        return _Drawn(missing="Outcomes are neither true or false nor numbers.")
    table = file.read(columns=None if not is_yes_or_no else list(_NEEDED))
    table = table.filter(pc.and_(table["has_outcome"], pc.is_valid(table["outcome"])))
    return _classes(table) if is_yes_or_no else _numbers(table, slicings)


def _classes(table: pa.Table) -> _Drawn:
    drawn = draw_curves(_floats(table["score"]), table["outcome"].to_numpy().astype(bool))
    return _Drawn(
        curves=drawn, missing="" if drawn else "All outcomes of the rows that were kept are one."
    )


def _numbers(table: pa.Table, slicings: Sequence[tuple[str, ...]]) -> _Drawn:
    import numpy as np

    from interplane.predictions.columns import ROW

    said, came = _floats(table["score"]), _floats(table["outcome"])
    drawn = draw_residuals(said, came)
    if drawn is None:
        return _Drawn(missing="No row that was kept has both a prediction and an outcome.")
    known = np.isfinite(said) & np.isfinite(came)
    columns = {name.removeprefix(ROW): name for name in table.column_names if name.startswith(ROW)}
    slices = residual_slices(table.filter(known), (came - said)[known], columns, slicings)
    return _Drawn(residuals=drawn, slices=slices)


def _floats(column: Any) -> Any:
    import pyarrow as pa

    return column.cast(pa.float64()).to_numpy()
