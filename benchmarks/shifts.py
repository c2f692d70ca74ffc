"""Worlds that changed: a unit, nulls, one slice's positives, one slice's quality."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.stationary import World
    from interplane.monitoring.findings import Cell

__all__ = ["Shift", "make_shifts"]

_CARRIER = "UA"
_COLUMN = "row.wind_speed"


@dataclass(frozen=True)
class Shift:
    """A change of the world, and the cell that an alert has to name.

    Attributes:
        name: what changed.
        world: the world after it.
        named: whether a cell is the one that changed.
        touched: whether it is one that the change reaches at all: others are false alarms.
    """

    name: str
    world: World
    named: Callable[[Cell], bool]
    touched: Callable[[Cell], bool]


def make_shifts(world: World, raw: dict[str, np.ndarray]) -> list[Shift]:
    """The four changes.

    Args:
        world: before.
        raw: the raw values of wind speed: (carrier x origin, value) by which they are binned anew.
    """
    carrier = world.places("carrier", _CARRIER)

    def of_carrier(cell: Cell) -> bool:
        return cell.by == ("carrier",) and cell.values == (_CARRIER,)

    def reaches(cell: Cell) -> bool:
        # Of slices by origin alone a part of the rows is this carrier's.
        at = dict(zip(cell.by, cell.values, strict=True))
        return at.get("carrier", _CARRIER) == _CARRIER

    return [
        Shift(
            "wind in km/h, not mph",
            world.with_column(_COLUMN, raw["km/h"]),
            lambda cell: cell.metric == "drift" and cell.column == _COLUMN and not cell.by,
            lambda cell: cell.column == _COLUMN,
        ),
        Shift(
            "wind null in 10 % of rows",
            world.with_column(_COLUMN, _with_nulls(world, 0.1)),
            lambda cell: cell.metric == "null_rate" and cell.column == _COLUMN and not cell.by,
            lambda cell: cell.column == _COLUMN,
        ),
        Shift(
            f"positive share of carrier {_CARRIER} +3 points",
            replace(world, said=_more_positive(world, carrier, 0.03)),
            lambda cell: cell.metric == "positive_rate" and of_carrier(cell),
            reaches,
        ),
        Shift(
            f"AUC of carrier {_CARRIER} -0.02",
            replace(world, said=_worse(world, carrier, 0.02)),
            lambda cell: cell.metric == "roc_auc" and of_carrier(cell),
            reaches,
        ),
    ]


def _with_nulls(world: World, share: float) -> np.ndarray:
    counts = world.columns[_COLUMN].astype(float)
    rows = counts.sum(1)
    there = counts.copy()
    there[:, -1] = 0
    there *= ((1 - share) * rows / there.sum(1))[:, None]
    there[:, -1] = share * rows
    return there


def _more_positive(world: World, those: np.ndarray, more: float) -> np.ndarray:
    said = world.said.astype(float)
    positive = world.scores >= world.layout.threshold
    share = said[those][:, :, positive].sum() / said[those].sum()
    factor = np.where(positive, (share + more) / share, (1 - share - more) / (1 - share))
    said[those] *= factor
    return said


def _worse(world: World, those: np.ndarray, less: float) -> np.ndarray:
    """Mix scores and outcomes that know nothing of each other into those of the slices, as many as it takes."""
    own = world.said.astype(float)[those]
    scores, outcomes = own.sum((0, 1)), own.sum((0, 2))
    blind = (
        own.sum((1, 2))[:, None, None] * outcomes[:, None] / outcomes.sum() * scores / scores.sum()
    )
    low, high = 0.0, 1.0
    for _ in range(40):
        part = (low + high) / 2
        mixed = (1 - part) * own + part * blind
        low, high = (part, high) if _area(own) - _area(mixed) < less else (low, part)
    said = world.said.astype(float)
    said[those] = mixed
    return said


def _area(said: np.ndarray) -> float:
    true, false = said[:, 0].sum(0), said[:, 1].sum(0)
    below = false.cumsum() - false / 2
    return float(true @ below / true.sum() / false.sum())
