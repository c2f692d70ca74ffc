"""An evaluation: the figures, and what can be asked of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from interplane.errors import UnknownName, UsageError
from interplane.evaluation.results import Results
from interplane.evaluation.tables import evaluation_html, evaluation_text
from interplane.evaluation.views import MetricView
from interplane.record import Digest, digest_value
from interplane.record.arguments import checked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Evaluation"]


class Evaluation(Results, frozen=True, kw_only=True):
    """How good a model is on some rows, per slice, beside the champion.

    ``evaluation["roc_auc"]`` is the view of a metric that gates ask; `Results` has the figures.
    """

    @property
    def digest(self) -> Digest:
        """The digest of the JSON form."""
        return digest_value(self)

    @checked
    def __getitem__(self, metric: str) -> MetricView:
        """Return the view of a metric: its value, its interval and the rules over it.

        Raises:
            UnknownName: if it was not asked for.
        """
        if metric not in self.overall.metrics:
            raise UnknownName.of(
                *("metric", metric, self.overall.metrics),
                where="this evaluation",
                do=f"Ask for it: evaluate(…, metrics=[…, {metric!r}])",
            )
        return MetricView(self, metric)

    def __iter__(self) -> Iterator[str]:
        return iter(self.overall.metrics)

    @classmethod
    @checked
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Read an evaluation from its JSON form.

        Raises:
            DataError: if it is none, or of a newer format.
        """
        return cls.read(
            plain,
            what="the evaluation",
            made_by="Evaluation.to_dict",
            do="Evaluate the model again",
        )

    @checked
    def to_text(self, *, slices: int = 12, width: int | None = None) -> str:
        """Return the figures as a table: all rows first, then the worst slices.

        Args:
            slices: how many slices.
            width: how many characters a line may have; columns that do not fit are named below.

        Raises:
            UsageError: for less than nothing.
        """
        for name, value, least in (("slices", slices, 0), ("width", width, 1)):
            if value is not None and value < least:
                raise UsageError(
                    f"{name} is {value}",
                    expected=f"at least {least}",
                    do="Raise it, or leave it out",
                )
        return evaluation_text(self, slices=slices, width=width)

    def __str__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str:
        return evaluation_html(self)
