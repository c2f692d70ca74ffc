"""What a learner is, whatever library learns in it. Its laws are `interplane.testing.learner_laws`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from interplane.data.table import Table

__all__ = ["Learner"]


class Learner(Protocol):
    """A model that learns from one example after the other.

    Values are the features of a row in the order of ``feature_names``, labels are numbers (0 and 1
    for classes). What is learned depends on the examples and their order, and on nothing else.
    """

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The features that it reads, in the order of a row."""
        ...

    @property
    def is_classifier(self) -> bool:
        """Whether labels are the classes 0 and 1."""
        ...

    @property
    def is_probability(self) -> bool:
        """Whether scores are probabilities."""
        ...

    @property
    def learned(self) -> int:
        """How many examples it has learned."""
        ...

    @property
    def joins_exactly(self) -> bool:
        """Whether ``learn_many`` comes to the very bits of ``learn_one`` row by row."""
        ...

    def learn_one(self, values: Sequence[float], label: float) -> None:
        """Learn from one example.

        Raises:
            DataError: if a feature is null or not finite, or the label is none.
        """
        ...

    def learn_many(self, matrix: NDArray[np.float64] | Table, labels: Sequence[float]) -> None:
        """Learn from examples, in their order.

        Args:
            matrix: a row of features for each, or the table of them that ``fit_transform`` gives.
            labels: the label of each.

        Raises:
            DataError: if a feature is null or not finite, or a label is none; nothing was learned.
        """
        ...

    def predict_one(self, values: Sequence[float]) -> float:
        """Return the score of one row, as its saved state gives it where it serves."""
        ...

    def predict_many(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the score of each row of a float64 matrix, shape (n,)."""
        ...

    def state(self) -> dict[str, Any]:
        """Return all that it is, as plain JSON values; see `learners.making.learner_from_state`.

        Raises:
            DataError: if a weight is not finite any more.
        """
        ...
