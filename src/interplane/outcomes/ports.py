"""What outcomes are kept in, for whoever adds or reads them; the one on disk and its twin in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.outcomes.outcome import Outcome
    from interplane.outcomes.pieces import Piece

__all__ = ["Kept", "Outcomes"]


class Kept(NamedTuple):
    """An outcome with its place in the order in which outcomes came.

    Attributes:
        sequence: the place; grows, and has gaps.
        outcome: the outcome.
    """

    sequence: int
    outcome: Outcome


class Outcomes(Protocol):
    """Keeps outcomes, every version of them. Its laws are `interplane.testing.outcome_laws`."""

    def add(self, outcomes: Sequence[Outcome], *, bulk: bool = False) -> list[bool]:
        """Take outcomes, all or none; durable when this returns.

        What is there already is not kept again: the same value for the same target and name, known
        at the same time; or, of those that nobody said when they were known, what counts already.

        Args:
            outcomes: the outcomes, in the order in which they came.
            bulk: keep them in columns at once: for thousands, where Arrow may be imported.

        Returns:
            For each whether it is new.

        Raises:
            StorageError: whether they are there is unknown; the same call may be made again.
        """
        ...

    def models(self) -> Sequence[str]:
        """Return the models that have outcomes, in order."""
        ...

    def newest(self, model: str) -> int:
        """Return the greatest sequence of a model, 0 if there is none. Costs next to nothing."""
        ...

    def read(
        self,
        model: str,
        *,
        name: str | None = None,
        after: int = 0,
        as_of_us: int | None = None,
    ) -> Sequence[Piece]:
        """Return the outcomes of a model in columns, all from one state of the store.

        Args:
            model: the model's name.
            name: those of this name; all if not given.
            after: those with a greater sequence.
            as_of_us: those that were known by then, microseconds since 1970 UTC.
        """
        ...

    def repeated(self, model: str) -> Mapping[str, int]:
        """Return how many came that were there already, by name."""
        ...

    def drop_before(self, known_at_us: int) -> int:
        """Let go of every outcome of every model that was known before a time; return how many.

        One that is sent again afterwards is new.
        """
        ...

    def close(self) -> None:
        """Give everything back."""
        ...
