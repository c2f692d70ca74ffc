"""The layout of a crossing: its baseline rows decide the bins that all its predictions are counted by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pyarrow as pa

from interplane.monitoring.counting.columns import FEATURES
from interplane.monitoring.layout import LATENCY_EDGES_US, Bins, Layout
from interplane.predictions.columns import LOOKED_UP, ROW

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from interplane.data.table import Table

__all__ = ["bare_layout", "make_layout", "to_numbers"]

_BINS: Final = 10
_RANKS: Final = 256
_MOST_CATEGORIES: Final = 30
_MOST_KNOWN: Final = 5_000
_FEW: Final = 100
_LATENCY: Final = Bins(column="took_us", kind="numbers", edges=LATENCY_EDGES_US)


def make_layout(
    baseline: Table,
    *,
    threshold: float = 0.5,
    kind: Literal["classification", "regression"] | None = None,
    without: Collection[str] = (),
) -> Layout:
    """Return the bins that these rows decide. The same rows, in whatever order, give the same.

    Numbers, dates and times (as microseconds since 1970) get about ten bins with as many rows each;
    equal edges are one. Booleans, texts, and whole numbers of which there are at most 30 are
    categories. A text column in which most values differ, or more than 5,030 do, holds ids: it is
    left out, and named in ``left_out``.

    Args:
        baseline: rows in the form of the log: ``row.*``, ``looked_up.*``, ``score``; where they have
            it, ``features.*`` and ``outcome``.
        threshold: the score from which an answer counts as positive.
        kind: whether outcomes are classes or values; if not given, true and false are classes, and
            so are outcomes that nobody knows.
        without: columns, as the log spells them, that are not to be watched: what names a row, and
            its time, change by themselves.

    >>> from interplane.data.table import Table
    >>> rows = Table.from_columns({"row.origin": ["JFK", "LGA", "JFK"], "score": [0.25, 0.5, 0.75]})
    >>> layout = make_layout(rows)
    >>> layout["row.origin"].categories, layout["score"].edges
    (('JFK', 'LGA'), (0.25, 0.5, 0.75))
    """
    found, left_out = [], []
    for name in baseline.names:
        if name == "score" or (_is_watched(name) and name not in without):
            bins = _bins(name, baseline.column(name).combine_chunks())
            if bins is None:
                left_out.append(name)
            else:
                found.append(bins)
    ranks: tuple[float, ...] = ()
    if "score" in baseline.types:
        ranks = _edges(to_numbers(baseline.column("score").combine_chunks()), _RANKS)
    return Layout(
        columns=(*found, _LATENCY),
        ranks=ranks,
        threshold=threshold,
        kind=kind or _kind(baseline),
        left_out=tuple(left_out),
    )


def bare_layout(
    *,
    threshold: float = 0.5,
    kind: Literal["classification", "regression"] = "classification",
) -> Layout:
    """Return the layout of a crossing that was published without baseline rows.

    Its requests' columns have no bins, for nothing says which; so it is watched by its traffic, how
    long it took, its scores (in tenths, where they are probabilities) and its outcomes.
    """
    has_probabilities = kind == "classification"
    tenths = tuple(step / _BINS for step in range(1, _BINS)) if has_probabilities else ()
    ranks = tuple(step / _RANKS for step in range(1, _RANKS)) if has_probabilities else ()
    score = Bins(column="score", kind="numbers", edges=tenths)
    return Layout(columns=(score, _LATENCY), ranks=ranks, threshold=threshold, kind=kind)


def to_numbers(values: pa.Array) -> NDArray[np.float64]:
    """Return values as floats: null as NaN, times as microseconds since 1970.

    >>> from datetime import date
    >>> to_numbers(pa.array([date(1970, 1, 2), None]))
    array([8.64e+10,      nan])
    """
    if pa.types.is_date(values.type):
        values = values.cast(pa.timestamp("us"))
    if pa.types.is_timestamp(values.type):
        values = values.cast(pa.int64())
    if not pa.types.is_floating(values.type):
        # Whole numbers beyond 2**53 fall to the nearest float, as edges do.
        values = values.cast(pa.float64(), safe=False)
    numbers: NDArray[np.float64] = values.to_numpy(zero_copy_only=False)
    return numbers


def _is_watched(name: str) -> bool:
    return name.startswith((ROW, LOOKED_UP, FEATURES))


def _kind(baseline: Table) -> Literal["classification", "regression"]:
    is_value = baseline.types.get("outcome", "bool") not in {"bool", "str"}
    return "regression" if is_value else "classification"


def _bins(name: str, values: pa.Array) -> Bins | None:
    is_text = pa.types.is_string(values.type)
    is_whole = pa.types.is_integer(values.type)
    if not (is_text or is_whole or pa.types.is_boolean(values.type)):
        return Bins(column=name, kind="numbers", edges=_edges(to_numbers(values), _BINS))
    counts = sorted(
        (
            (each["values"], each["counts"])
            for each in values.drop_null().value_counts().to_pylist()
        ),
        key=lambda pair: (-pair[1], pair[0]),
    )
    if is_whole and len(counts) > _MOST_CATEGORIES:
        return Bins(column=name, kind="numbers", edges=_edges(to_numbers(values), _BINS))
    if is_text and _are_ids(len(counts), len(values) - values.null_count):
        return None
    categories: list[Any] = [value for value, _ in counts]
    return Bins(
        column=name,
        kind="categories",
        categories=tuple(categories[:_MOST_CATEGORIES]),
        known=tuple(categories[_MOST_CATEGORIES:]),
    )


def _are_ids(distinct: int, rows: int) -> bool:
    return distinct > _MOST_CATEGORIES + _MOST_KNOWN or (distinct > _FEW and 2 * distinct > rows)


def _edges(numbers: NDArray[np.float64], bins: int) -> tuple[float, ...]:
    """Return upper edges so that each bin has about as many of the numbers; equal ones once.

    They are values that occur: the k-th of n bins ends with the smallest value that k/n of the
    numbers do not exceed.
    """
    ordered = np.sort(numbers[np.isfinite(numbers)])
    if not len(ordered):
        return ()
    ends = -(-np.arange(1, bins) * len(ordered) // bins) - 1
    return tuple(np.unique(ordered[ends]).tolist())
