"""The residuals of the kept rows of a crossing by slice: where it is off, and in which direction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from interplane.charts.intervals import Ruler, Spread, Whisker, draw_intervals
from interplane.evaluation.figures import Figure
from interplane.record import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["ResidualSlice", "ResidualSlices", "residual_slices"]

_Z: Final = 1.959964
_LEAST_ROWS: Final = 30
_MOST_VALUES: Final = 2_000
_FEW_VALUES: Final = 40
_MOST_COLUMNS: Final = 6
_MOST_SHOWN: Final = 24


class ResidualSlice(Value, frozen=True, kw_only=True):
    """The residuals of a slice.

    Attributes:
        by: by what the rows are sliced.
        name: its values.
        rows: how many rows it has.
        mae: the mean of the residuals' sizes, with its 95 % interval.
        bias: their mean, with its 95 % interval: above 0 more came than was said.
        went: worse or better than all rows beyond chance, or unsure.
        drawn: the mean size on the scale of the page.
    """

    by: str
    name: str
    rows: int
    mae: Figure
    bias: Figure
    went: str
    drawn: Whisker | None


class ResidualSlices(Value, frozen=True, kw_only=True):
    """Slices, the one that is off most first.

    Attributes:
        slices: the slices that have rows enough to tell.
        left_out: how many more there are.
        small: how many have fewer rows than that.
        least: how many rows are enough.
        ruler: the scale of the whiskers.
    """

    slices: tuple[ResidualSlice, ...]
    left_out: int
    small: int
    least: int
    ruler: Ruler | None


class _Slice(NamedTuple):
    by: str
    name: str
    rows: int
    mae: Figure
    bias: Figure


def residual_slices(
    rows: pa.Table,
    residuals: NDArray[np.float64],
    columns: Mapping[str, str],
    slicings: Sequence[tuple[str, ...]],
) -> ResidualSlices | None:
    """Return the residuals of rows by slice; None where they cannot be sliced.

    Args:
        rows: the rows.
        residuals: what came less what was said, a number for each.
        columns: what a column of a request is called among the rows, by its name.
        slicings: the columns that an evaluation was sliced by; where none is there, the columns that
            have a few values are taken.
    """
    import numpy as np

    chosen: list[tuple[str, ...]] = [
        by for by in slicings if by and all(name in columns for name in by)
    ]
    if not chosen:
        chosen += [(name,) for name in _with_few_values(rows, columns)][:_MOST_COLUMNS]
    coded: dict[str, tuple[NDArray[np.int64], list[Any]]] = {}
    for name in dict.fromkeys(name for by in chosen for name in by):
        coded[name] = _coded(rows.column(columns[name]))
    found, small = [], 0
    for by in chosen:
        for each in _slices(by, coded, residuals):
            small += each.rows < _LEAST_ROWS
            if each.rows >= _LEAST_ROWS:
                found.append(each)
    if not found:
        return None
    found.sort(key=lambda each: -(each.mae.value or 0.0))
    overall = float(np.abs(residuals).mean())
    return _shown(found, overall, small)


def _shown(found: Sequence[_Slice], overall: float, small: int) -> ResidualSlices:
    shown = found[:_MOST_SHOWN]
    spreads = [[Spread(each.mae.value, each.mae.low, each.mae.high)] for each in shown]
    drawn = draw_intervals(spreads, against=overall)
    marks = [None] * len(shown) if drawn is None else [line[0] for line in drawn.lines]
    return ResidualSlices(
        slices=tuple(
            ResidualSlice(
                by=each.by,
                name=each.name,
                rows=each.rows,
                mae=each.mae,
                bias=each.bias,
                went=_went(each.mae, overall),
                drawn=mark,
            )
            for each, mark in zip(shown, marks, strict=True)
        ),
        left_out=len(found) - len(shown),
        small=small,
        least=_LEAST_ROWS,
        ruler=None if drawn is None else drawn.ruler,
    )


def _went(mae: Figure, overall: float) -> str:
    if mae.low is None or mae.high is None or mae.low <= overall <= mae.high:
        return "unsure"
    return "worse" if mae.low > overall else "better"


def _with_few_values(rows: pa.Table, columns: Mapping[str, str]) -> Iterator[str]:
    """Yield the columns of words, or of yes and no, that have a few values."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for name, spelling in columns.items():
        kind = rows.schema.field(spelling).type
        is_word = pa.types.is_string(kind) or pa.types.is_large_string(kind)
        if not (is_word or pa.types.is_boolean(kind)):
            continue
        if 2 <= pc.count_distinct(rows.column(spelling), mode="all").as_py() <= _FEW_VALUES:
            yield name


def _coded(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[Any]]:
    """Return a number for each value of a column, and the values by number."""
    import numpy as np

    encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    return encoded.indices.to_numpy().astype(np.int64), encoded.dictionary.to_pylist()


def _slices(
    by: tuple[str, ...],
    coded: Mapping[str, tuple[NDArray[np.int64], list[Any]]],
    residuals: NDArray[np.float64],
) -> Iterator[_Slice]:
    """Yield the slices of a slicing; none where there are too many values to be slices."""
    import numpy as np

    code = np.zeros(len(residuals), dtype=np.int64)
    for name in by:
        code = code * max(len(coded[name][1]), 1) + coded[name][0]
    places, code = np.unique(code, return_inverse=True)
    if len(places) > _MOST_VALUES:
        return
    sizes = np.abs(residuals)
    rows = np.bincount(code)
    mae, mae_half = _means(sizes, code, rows)
    bias, bias_half = _means(residuals, code, rows)
    for place, number in enumerate(places):
        yield _Slice(
            by=" × ".join(by),  # noqa: RUF001 - a cross of columns
            name=", ".join(map(_word, _values(by, coded, int(number)))),
            rows=int(rows[place]),
            mae=_figure("mae", mae[place], mae_half[place]),
            bias=_figure("bias", bias[place], bias_half[place]),
        )


def _values(
    by: tuple[str, ...], coded: Mapping[str, tuple[NDArray[np.int64], list[Any]]], number: int
) -> tuple[Any, ...]:
    values = []
    for name in reversed(by):
        known = coded[name][1]
        number, place = divmod(number, max(len(known), 1))
        values.append(known[place])
    return tuple(reversed(values))


def _word(value: Any) -> str:
    return "null" if value is None else str(value)


def _means(
    values: NDArray[np.float64], code: NDArray[np.int64], rows: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean of each slice, and half of its 95 % interval."""
    import numpy as np

    means = np.bincount(code, values) / rows
    squares = np.bincount(code, np.square(values - means[code]))
    half: NDArray[np.float64] = _Z * np.sqrt(squares / np.maximum(rows - 1, 1) / rows)
    return means, half


def _figure(name: str, value: float, half: float) -> Figure:
    return Figure(name=name, value=float(value), low=float(value - half), high=float(value + half))
