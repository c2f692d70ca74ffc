"""What an example has to be before anything is learned from it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from interplane.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["as_matrix", "check_example", "check_examples"]


def as_matrix(rows: Any) -> NDArray[np.float64]:
    """Return examples as a float64 matrix; a table is one of features, as ``fit_transform`` gives it."""
    import numpy as np

    if hasattr(rows, "to_arrow"):
        from interplane.features.batch import matrix

        rows = matrix(rows)
    return np.ascontiguousarray(rows, dtype=np.float64)


def check_example(
    values: Sequence[float], label: float, names: Sequence[str], *, is_classifier: bool
) -> None:
    """Refuse an example that a linear model cannot learn.

    Raises:
        UsageError: if it has not a value for each feature.
        DataError: if a value is null or not finite, or the label is none.
    """
    _check_width(len(values), len(names))
    for name, value in zip(names, values, strict=True):
        if not math.isfinite(value):
            raise _not_finite(name, value)
    if not _is_label(label, is_classifier=is_classifier):
        raise _no_label(label, is_classifier=is_classifier)


def check_examples(
    matrix: NDArray[np.float64],
    labels: Sequence[float],
    names: Sequence[str],
    *,
    is_classifier: bool,
) -> None:
    """Refuse examples of which a linear model cannot learn one; see `check_example`."""
    import numpy as np

    _check_width(matrix.shape[1], len(names))
    if len(matrix) != len(labels):
        raise UsageError(
            f"{len(matrix):,} rows and {len(labels):,} labels",
            expected="a label for each row",
            do="Give both of the same rows",
        )
    bad = ~np.isfinite(matrix)
    if bad.any():
        row, place = np.argwhere(bad)[0].tolist()
        raise _not_finite(names[place], float(matrix[row, place]))
    for label in labels:
        if not _is_label(label, is_classifier=is_classifier):
            raise _no_label(label, is_classifier=is_classifier)


def _is_label(label: float, *, is_classifier: bool) -> bool:
    return label in {0.0, 1.0} if is_classifier else math.isfinite(label)


def _check_width(width: int, expected: int) -> None:
    if width != expected:
        raise UsageError(
            f"a row of {width} values does not fit the learner",
            expected=f"{expected} numbers a row",
            do="Give the features that it was made with, in their order",
        )


def _not_finite(name: str, value: float) -> DataError:
    return DataError(
        f"the feature {name!r} is {'null' if math.isnan(value) else value} in an example",
        expected="finite numbers: a linear model has nothing to multiply its weight with",
        do=f'Fill it where features are made, for example "{name}": ip.impute(…)',
        feature=name,
    )


def _no_label(label: float, *, is_classifier: bool) -> DataError:
    return DataError(
        f"{label!r} is no label",
        expected="0 or 1, false or true" if is_classifier else "a finite number",
        do="Leave out rows whose outcome is not known",
    )
