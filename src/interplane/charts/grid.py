"""A grid of slices: the values of one column down, of another to the right."""

from __future__ import annotations

from interplane.record import Value

__all__ = ["Grid", "GridCell"]


class GridCell(Value, frozen=True, kw_only=True):
    """A cell of a grid: its value as text, how it compares (-6 to 6, more is worse), and what it says."""

    text: str
    tone: int
    is_shown: bool
    is_small: bool
    says: str


class Grid(Value, frozen=True, kw_only=True):
    """Slices by two columns: the values of one down, of the other to the right; None where no row is."""

    down: str
    across: str
    columns: tuple[str, ...]
    lines: tuple[tuple[str, tuple[GridCell | None, ...]], ...]
