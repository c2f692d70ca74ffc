"""A heat map: lines by windows, each cell in one of a few steps of the one loud colour."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Final

from interplane.charts.shares import share
from interplane.record import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["STEPS", "Cell", "HeatLine", "HeatMap", "draw_heat"]

STEPS: Final = 6
"""How many steps there are above none."""


class Cell(Value, frozen=True, kw_only=True):
    """A cell: its step from 0 (quiet) to `STEPS`, -1 without a value; and what it says."""

    step: int
    says: str


class HeatLine(Value, frozen=True, kw_only=True):
    """A line of cells."""

    name: str
    cells: tuple[Cell, ...]


class HeatMap(Value, frozen=True, kw_only=True):
    """Lines of cells, and what their steps mean.

    Attributes:
        names: what the columns are called.
        quiet: up to this a value is step 0.
        loud: from this on it is the last step.
        lines: the lines.
    """

    names: tuple[str, ...]
    quiet: float
    loud: float
    lines: tuple[HeatLine, ...]


def draw_heat(
    lines: Sequence[tuple[str, Sequence[float | None]]],
    names: Sequence[str],
    *,
    quiet: float,
    loud: float,
) -> HeatMap:
    """Return a heat map.

    Args:
        lines: each line's name and its values.
        names: what the columns are called.
        quiet: up to this a value is step 0.
        loud: from this on it is the last step.

    >>> it = draw_heat([("wind", [0.0, 1.0, None])], ["a", "b", "c"], quiet=0.1, loud=0.5)
    >>> [cell.step for cell in it.lines[0].cells]
    [0, 6, -1]
    """

    def step(value: float | None) -> int:
        if value is None or isnan(value):
            return -1
        if value <= quiet:
            return 0
        if value >= loud:
            return STEPS
        return 1 + int(share(value, quiet, loud) * (STEPS - 1))

    def says(line: str, name: str, value: float | None) -> str:
        return f"{line}, {name}: " + ("nothing to compare" if value is None else f"{value:.3f}")

    return HeatMap(
        names=tuple(names),
        quiet=quiet,
        loud=loud,
        lines=tuple(
            HeatLine(
                name=line,
                cells=tuple(
                    Cell(step=step(value), says=says(line, name, value))
                    for name, value in zip(names, values, strict=True)
                ),
            )
            for line, values in lines
        ),
    )
