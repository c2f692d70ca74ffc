"""Metric curves: the points of a metric that a step told as it trained, and their form in a file.

A file is a row of pieces, each a line of JSON and the points behind it as little-endian doubles: where
each was told, then the values::

    {"name":"valid/auc","told":512,"points":512}
    <512 places> <512 values>

A piece can be appended in one write, so whoever reads while a step trains sees whole pieces; what a
killed process left half-written is no piece.
"""

from __future__ import annotations

import sys
from array import array
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from interplane.record import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["METRICS", "MetricCurve", "curve_bytes", "piece", "read_curves", "told_so_far"]

METRICS: Final = "metrics"
"""The file of a step's metrics, in the folder of its log."""

_DOUBLE: Final = 8
_LONGEST_HEAD: Final = 2_000


class _Head(Value, frozen=True, kw_only=True):
    name: str
    told: int
    points: int


class MetricCurve(NamedTuple):
    """A metric as a step told it, point by point.

    Attributes:
        name: its name.
        at: where each point was told: the iteration, epoch or round.
        values: the value of each; NaN and infinite ones are what was told.
        told: how many were told; of very many, fewer are kept.
    """

    name: str
    at: array[float]
    values: array[float]
    told: int

    @property
    def last(self) -> float:
        """The value that was told last."""
        return self.values[-1]

    def _repr_html_(self) -> str:
        from interplane.pipeline.curve_card import curve_html

        return curve_html(self)


def piece(name: str, at: array[float], values: array[float], *, told: int) -> bytes:
    """Return points as they stand in a file.

    Args:
        name: the metric.
        at: where each point was told.
        values: their values.
        told: how many points of the metric were told until then, kept or not.

    >>> (curve,) = read_curves(piece("loss", array("d", [0, 1]), array("d", [0.7, 0.5]), told=2))
    >>> curve.name, list(curve.values), curve.told
    ('loss', [0.7, 0.5], 2)
    """
    head = msgspec.json.encode(_Head(name=name, told=told, points=len(at)))
    return b"".join((head, b"\n", _raw(at), _raw(values)))


def read_curves(data: bytes) -> tuple[MetricCurve, ...]:
    """Return the curves of a file, in the order in which they were first told."""
    curves: dict[str, MetricCurve] = {}
    for head, at, values in _pieces(data):
        before = curves.get(head.name)
        if before is not None:
            before.at.extend(at)
            before.values.extend(values)
            curves[head.name] = before._replace(told=head.told)
        else:
            curves[head.name] = MetricCurve(head.name, at, values, head.told)
    return tuple(each for each in curves.values() if each.at)


def curve_bytes(curves: Iterable[MetricCurve]) -> bytes:
    """Return curves as they go on record: a piece for each."""
    return b"".join(piece(each.name, each.at, each.values, told=each.told) for each in curves)


def told_so_far(folder: Path) -> tuple[MetricCurve, ...]:
    """Return what a step has told until now, or had when its process was killed.

    Args:
        folder: the folder of its log.
    """
    try:
        data = (folder / METRICS).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return ()
    return read_curves(data)


def _pieces(data: bytes) -> Iterator[tuple[_Head, array[float], array[float]]]:
    """Yield the whole pieces from the beginning on."""
    place = 0
    while (end := data.find(b"\n", place, place + _LONGEST_HEAD)) >= 0:
        try:
            head = msgspec.json.decode(data[place:end], type=_Head)
        except msgspec.MsgspecError:
            return
        begin, size = end + 1, head.points * _DOUBLE
        place = begin + 2 * size
        if size < 0 or place > len(data):
            return
        yield head, _doubles(data[begin : begin + size]), _doubles(data[begin + size : place])


def _raw(values: array[float]) -> bytes:
    if sys.byteorder == "big":
        values = array("d", values)
        values.byteswap()
    return values.tobytes()


def _doubles(data: bytes) -> array[float]:
    values = array("d")
    values.frombytes(data)
    if sys.byteorder == "big":
        values.byteswap()
    return values
