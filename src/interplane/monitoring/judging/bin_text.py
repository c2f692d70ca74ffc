"""What a person reads of a bin that moved: ``wind above 20: 3.1 % to 9.8 %``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.monitoring.counting.columns import spoken_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.monitoring.layout import Bins

__all__ = ["move_text"]


def move_text(
    bins: Bins, before: Sequence[int], after: Sequence[int], *, place: int, cut: bool
) -> str:
    """Return how the share of a bin, or of all bins up to a cut, moved.

    Of a cut (the first bin is one) that side is told whose share grew.

    >>> from interplane.monitoring.layout import Bins
    >>> wind = Bins(column="row.wind", kind="numbers", edges=(10.0, 20.0))
    >>> move_text(wind, [900, 69, 31, 0, 0], [800, 102, 98, 0, 0], place=2, cut=False)
    'wind above 20: 3.1 % to 9.8 %'
    >>> move_text(wind, [900, 69, 31, 0, 0], [800, 102, 98, 0, 0], place=0, cut=True)
    'wind above 10: 10.0 % to 20.0 %'
    """
    one, other = (_share(counts, place, cut=cut) for counts in (before, after))
    if not (cut or (bins.kind == "numbers" and bins.edges and place == 0)):
        label = _label(bins, place)
    elif other >= one:
        label = f"up to {bins.edges[place]:g}"
    else:
        numbers = len(bins.edges) + 1
        one, other = (
            sum(counts[place + 1 : numbers]) / max(sum(counts), 1) for counts in (before, after)
        )
        label = f"above {bins.edges[place]:g}"
    return f"{spoken_name(bins.column)} {label}: {one * 100:.1f} % to {other * 100:.1f} %"


def _share(counts: Sequence[int], place: int, *, cut: bool) -> float:
    hits = sum(counts[: place + 1]) if cut else counts[place]
    return hits / max(sum(counts), 1)


def _label(bins: Bins, place: int) -> str:
    if bins.kind == "numbers" and 0 < place < len(bins.edges):
        return f"above {bins.edges[place - 1]:g} up to {bins.edges[place]:g}"
    return bins.label(place)
