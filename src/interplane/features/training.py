"""What frozen features say of the rows they were fitted on, and of the proof made on them."""

from __future__ import annotations

from typing import Any

from interplane.data.promises import Promise
from interplane.features.seen import Seen
from interplane.record.base import Value

__all__ = ["Parity", "Stage", "Training"]

_SHOWN = 5


class Stage(Value, frozen=True, kw_only=True):
    """Statistics that were computed together; those that stand on them come in the next stage.

    Attributes:
        statistics: how many.
        groups: by how many different sets of keys.
        passes: how often the rows were gone over: once, and once more where rare groups were pooled,
            which are known after the first time only; that is the pass of the next stage, where one
            can begin before.
    """

    statistics: int
    groups: int
    passes: int = 1


class Training(Value, frozen=True, kw_only=True):
    """The rows that the statistics come from.

    Attributes:
        rows: how many rows there were.
        null_labels: how many of them had no label; statistics of the label leave those out.
        fast: fitted on all threads, so that a second fit may differ in the last bit of a float.
        last: the latest prediction time among them, ISO 8601; None where no time is declared.
        sources: what the tables of the feature views were told apart by, for each view by its
            parameter: its columns of them, row by row.
        stages: how the statistics were computed, one stage after the other.
        seen: which keys they had, by sets that are kept beside the frozen features.
        promise: what the split promised that they are a part of, if they are.
        null_features: the features that are null in every one of them, as they are where a statistic has
            no value: one infinity in a column leaves it without a mean.
        written: for each table that grouped statistics became, the statistic as it was written, with its
            settings: ``target_encode(carrier, late, folds=5, smoothing=20.0)``.
    """

    rows: int
    null_labels: int = 0
    fast: bool = False
    last: str | None = None
    sources: dict[str, str] = {}  # noqa: RUF012 - msgspec copies it for each value
    stages: tuple[Stage, ...] = ()
    seen: tuple[Seen, ...] = ()
    promise: Promise | None = None
    null_features: tuple[str, ...] = ()
    written: dict[str, str] = {}  # noqa: RUF012 - as above

    @property
    def passes(self) -> int:
        """How often the statistics took the training rows."""
        return sum(stage.passes for stage in self.stages)

    @property
    def computed(self) -> str:
        """What the fit computed, for people: ``12 statistics in 2 passes``; empty without any.

        >>> Training(rows=9, stages=(Stage(statistics=2, groups=1, passes=2),)).computed
        '2 statistics in 2 passes'
        """
        count = sum(stage.statistics for stage in self.stages)
        if not count:
            return ""
        passes = f"{self.passes} pass{'es' if self.passes > 1 else ''}"
        return f"{count} statistic{'s' if count > 1 else ''} in {passes}"

    @property
    def caution(self) -> str:
        """What to look at before a model learns from these features; empty without any.

        >>> Training(rows=9, null_features=("far", "late_rate")).caution
        'null in all 9 training rows: far, late_rate'
        """
        if not self.null_features:
            return ""
        named = ", ".join(self.null_features[:_SHOWN])
        more = len(self.null_features) - _SHOWN
        rest = f" and {more:,} more" if more > 0 else ""
        return f"null in all {self.rows:,} training rows: {named}{rest}"

    def to_dict(self) -> dict[str, Any]:
        """Return the plain JSON form; what older forms do not have is left out where it is empty."""
        plain = super().to_dict()
        for name in ("sources", "stages", "seen", "promise", "null_features", "written"):
            if not plain[name]:
                del plain[name]
        return plain


class Parity(Value, frozen=True, kw_only=True):
    """The proof that all executors gave the same bits for every feature.

    Attributes:
        rows: how many training rows were compared, drawn by ``seed``.
        edge_rows: how many rows made of nulls, extremes, unseen values, and of what the features
            single out were compared.
        values: how many values that makes, over all features.
        seed: what the rows were drawn by.
        of_rows: how many training rows there were to draw from; None in older proofs.
        executors: what was compared; empty in older proofs, which are of engine and row.
    """

    rows: int
    edge_rows: int
    values: int
    seed: int
    of_rows: int | None = None
    executors: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the plain JSON form; an older proof keeps the form that it had."""
        plain = super().to_dict()
        if self.of_rows is None:
            del plain["of_rows"]
        if not self.executors:
            del plain["executors"]
        return plain
