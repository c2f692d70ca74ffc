"""What counted windows are kept in, for whoever advances or reads them; on disk, and a twin in memory."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol

from interplane.monitoring.calendar import Length
from interplane.record.base import Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.monitoring.counting.grid import Grid, Values
    from interplane.monitoring.layout import Layout
    from interplane.monitoring.tally import Tally

__all__ = ["CountedHour", "Hour", "Progress", "Recount", "Statement", "Windows"]


class Hour(NamedTuple):
    """What is kept of an hour, but for its counts.

    Attributes:
        crossings: how many of its rows were counted, by crossing.
        recipe: what they were counted by.
        too_late: how many more came when it was not counted anew any more.
    """

    crossings: Mapping[str, int]
    recipe: str = ""
    too_late: int = 0

    @property
    def rows(self) -> int:
        """How many rows were counted."""
        return sum(self.crossings.values())


class Progress(NamedTuple):
    """How far a model was counted.

    Attributes:
        watermark_us: nothing is waited for before this time; None before the first advance.
        sequence: the place in the order of outcomes up to which hours are stated.
        hours: the hours, since 1970 UTC.
    """

    watermark_us: int | None
    sequence: int
    hours: Mapping[int, Hour]


class CountedHour(NamedTuple):
    """An hour that was counted.

    Attributes:
        hour: what is kept of it.
        grids: the slices of each slicing, by crossing; all rows are the slicing ``()``.
    """

    hour: Hour
    grids: Mapping[tuple[str, tuple[str, ...]], Grid]


class Statement(Value, frozen=True, kw_only=True):
    """How good a model was in a window, as it was known when that was stated. Never changes.

    Attributes:
        crossing: the crossing whose predictions these are.
        length: how long the window is.
        begin_us: its beginning, microseconds since 1970 UTC.
        by: the columns of the slicing; none for all rows.
        values: the value of each of them.
        metric: what is stated.
        value: the metric; None where it can no longer be told.
        low: the lower end of its interval.
        high: its upper end.
        labelled: how many predictions had an outcome that is not null.
        covered: how many had one, null or not.
        rows: how many there were.
        stated_at_us: when it was stated.
    """

    crossing: str
    length: Length
    begin_us: int
    by: tuple[str, ...] = ()
    values: tuple[str | int | float | bool | None, ...] = ()
    metric: str
    value: float | None
    low: float | None = None
    high: float | None = None
    labelled: int = 0
    covered: int = 0
    rows: int = 0
    stated_at_us: int


class Recount(NamedTuple):
    """Hours that are to take the place of what was kept of them, all or none.

    Attributes:
        hours: the hours, since 1970 UTC.
        layouts: the bins of each crossing in them.
        statements: what is stated from now on.
    """

    hours: Mapping[int, CountedHour]
    layouts: Mapping[str, Layout]
    statements: Sequence[Statement] = ()


class Windows(Protocol):
    """Keeps hourly counts and statements. Its laws are `interplane.testing.window_laws`."""

    # writing -----------------------------------------------------------------------------------

    def replace(self, model: str, recount: Recount) -> None:
        """Let hours take the place of what was kept of them, and add statements; all or none."""
        ...

    def settle(
        self,
        model: str,
        *,
        watermark_us: int | None,
        sequence: int,
        too_late: Mapping[int, int],
        recipes: Mapping[int, str] = MappingProxyType({}),
        drop_before: int | None = None,
    ) -> None:
        """Say how far a model was counted, and let go of what is too old; all or none.

        Args:
            model: the model.
            watermark_us: the watermark; an earlier one than before changes nothing.
            sequence: the place in the order of outcomes.
            too_late: for hours, how many rows came too late for them.
            recipes: for hours that stay as they are counted, what that counts as counted by: their
                rows are gone.
            drop_before: the first hour that is kept, with its statements; all are if not given.
        """
        ...

    def keep_baseline(
        self, crossing: str, slicing: tuple[str, ...], grid: Grid, *, stamp: str
    ) -> None:
        """Keep the counts of a crossing's baseline rows, in the place of earlier ones."""
        ...

    # reading -----------------------------------------------------------------------------------

    def models(self) -> list[str]:
        """Return the models that were counted, in order."""
        ...

    def progress(self, model: str) -> Progress:
        """Return how far a model was counted."""
        ...

    def watermark(self, model: str) -> int | None:
        """Return the watermark of a model, microseconds since 1970 UTC."""
        ...

    def hours(self, model: str) -> dict[int, int]:
        """Return how many rows each hour has, in order."""
        ...

    def crossings(self, model: str, *, begin_hour: int, end_hour: int) -> dict[str, int]:
        """Return how many rows each crossing has from an hour to before another."""
        ...

    def slicings(self, model: str, *, begin_hour: int, end_hour: int) -> list[tuple[str, ...]]:
        """Return the slicings that were counted from an hour to before another, in order."""
        ...

    def layout(self, model: str, crossing: str) -> Layout | None:
        """Return the bins that a crossing was last counted by."""
        ...

    def counted(
        self,
        model: str,
        *,
        slicing: tuple[str, ...] = (),
        begin_hour: int,
        end_hour: int,
        crossing: str | None = None,
    ) -> list[tuple[Layout, Grid]]:
        """Return the counts from an hour to before another, summed for each layout; see `tallies`."""
        ...

    def tallies(
        self,
        model: str,
        *,
        slicing: tuple[str, ...] = (),
        begin_hour: int,
        end_hour: int,
        crossing: str | None = None,
    ) -> dict[Values, Tally]:
        """Return the tally of each slice from an hour to before another.

        Args:
            model: the model.
            slicing: the slicing.
            begin_hour: the first hour, since 1970 UTC.
            end_hour: the hour after the last.
            crossing: the crossing; all together if not given: of what they do not count by the same
                bins, nothing is said then.
        """
        ...

    def baseline(
        self, crossing: str, slicing: tuple[str, ...] = (), *, stamp: str | None = None
    ) -> dict[Values, Tally] | None:
        """Return the tally of each slice of a crossing's baseline rows, if they are kept.

        Args:
            crossing: the crossing.
            slicing: the slicing.
            stamp: what they must have been counted by, if that matters.
        """
        ...

    def statements(
        self,
        model: str,
        *,
        length: Length | None = None,
        begin_us: int | None = None,
        end_us: int | None = None,
        crossing: str | None = None,
        slicing: tuple[str, ...] | None = None,
        values: Values | None = None,
        metric: str | None = None,
    ) -> list[Statement]:
        """Return what was stated, the earliest window first, and each as it was stated one by one.

        Args:
            model: the model.
            length: of windows of this length.
            begin_us: of windows that begin at or after this.
            end_us: of windows that begin before this.
            crossing: of this crossing.
            slicing: of this slicing.
            values: of this slice.
            metric: of this metric.
        """
        ...

    def close(self) -> None:
        """Give everything back."""
        ...
