"""The curves of a crossing, of the rows that were scored when it was published, with their outcomes.

An evaluation keeps figures and no scores; the rows that monitors compare with have both. Whether those
are the rows of the test shows by their number and by the area below the ROC curve: it is the same.
"""

from __future__ import annotations

from math import isclose
from typing import TYPE_CHECKING, Final

from interplane.charts.curves import Curves, draw_curves
from interplane.pipeline.baseline_rows import BASELINE_ROWS
from interplane.record import Value

if TYPE_CHECKING:
    from interplane.evaluation.evaluation import Evaluation
    from interplane.record import Crossing, Digest
    from interplane.storage.store import Store

__all__ = ["CurvesCard", "curves_of"]

_NEEDED: Final = ["score", "outcome", "has_outcome"]
_MOST_KEPT: Final = 500
_KEPT: Final[dict[Digest, tuple[Curves | None, str]]] = {}
_MORE: Final = "publish(…, baseline=OUTPUT) keeps rows with their scores and outcomes."


class CurvesCard(Value, frozen=True, kw_only=True):
    """Curves, of what rows they are, or why there are none."""

    curves: Curves | None
    of_test: bool
    missing: str


def curves_of(store: Store, crossing: Crossing, evaluation: Evaluation | None) -> CurvesCard:
    """Return the curves of a crossing."""
    digest = crossing.baselines.get(BASELINE_ROWS)
    if digest is None:
        missing = f"An evaluation keeps figures, not scores. {_MORE}"
        return CurvesCard(curves=None, of_test=False, missing=missing)
    if digest not in _KEPT:
        if len(_KEPT) >= _MOST_KEPT:
            _KEPT.clear()
        _KEPT[digest] = _read(store, digest)
    curves, missing = _KEPT[digest]
    area = None if evaluation is None else evaluation.overall.metrics.get("roc_auc")
    of_test = (
        curves is not None
        and evaluation is not None
        and area is not None
        and curves.rows == evaluation.rows
        and isclose(curves.area, area.value, abs_tol=1e-9)
    )
    return CurvesCard(curves=curves, of_test=of_test, missing=missing)


def _read(store: Store, digest: Digest) -> tuple[Curves | None, str]:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    file = pq.ParquetFile(pa.BufferReader(store.read(digest)))
    if not set(_NEEDED) <= set(file.schema_arrow.names):
        return None, "The rows that were kept have no outcomes."
    table = file.read(columns=_NEEDED)
    table = table.filter(pc.and_(table["has_outcome"], pc.is_valid(table["outcome"])))
    if not pa.types.is_boolean(table.schema.field("outcome").type):
        return None, "Outcomes are not true or false: such curves say nothing of them."
    drawn = draw_curves(
        table["score"].to_numpy().astype(float), table["outcome"].to_numpy().astype(bool)
    )
    return drawn, "" if drawn else "All outcomes of the rows that were kept are one."
