"""Learners as a flavor: saved as their state in our JSON, scored by our own code.

A server needs neither the library that learned nor NumPy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from interplane.errors import DataError, UsageError
from interplane.models.learners.making import LEARNERS
from interplane.models.learners.states import read_state
from interplane.record import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.models.learners.linear import LinearScore

__all__ = ["LinearFlavor", "state_in"]

_FILE: Final = "learner.json"


class LinearFlavor:
    """A learner, or an estimator that `interplane.learner` takes: its file is its state."""

    name = "linear"
    row_exact = True

    def saves(self, model: object) -> bool:
        """Return whether it is a learner, or an estimator of one."""
        return isinstance(model, LEARNERS) or any(kind.takes(model) for kind in LEARNERS)

    def save(self, model: Any, feature_names: Sequence[str]) -> dict[str, bytes]:
        """Return the state.

        Raises:
            DataError: if a weight is not finite: the learner diverged.
            UsageError: if the learner is of other features.
        """
        if not isinstance(model, LEARNERS):
            kind = next(kind for kind in LEARNERS if kind.takes(model))
            model = kind(model, feature_names)
        if tuple(feature_names) != model.feature_names:
            raise UsageError(
                f"the learner learns from the features {', '.join(model.feature_names)}",
                expected=f"{', '.join(feature_names)}",
                do="Pass features=, the frozen features that it was made with",
            )
        return {_FILE: canonical(model.state())}

    def load(self, files: Mapping[str, bytes]) -> LinearScore:
        """Read the state, for scores alone; no library is imported.

        Raises:
            DataError: if it is no state of a learner.
        """
        return read_state(state_in(files)).score()


def state_in(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the plain JSON of a learner's state from its files.

    Raises:
        DataError: if there is none.
    """
    if set(files) != {_FILE}:
        raise DataError(
            f"a learner has the files {sorted(files)}",
            expected=f"only {_FILE}",
            do="Make the model again",
        )
    try:
        plain = msgspec.json.decode(files[_FILE])
    except msgspec.DecodeError as error:
        raise DataError(
            f"the learner's {_FILE} cannot be read ({error})",
            expected="JSON",
            do="Make the model again",
        ) from error
    if not isinstance(plain, dict):
        raise DataError(
            f"the learner's {_FILE} is no object of JSON",
            expected="what Learner.state gives",
            do="Make the model again",
        )
    return plain
