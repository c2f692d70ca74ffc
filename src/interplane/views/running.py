"""Statistics that follow a window: what enters is added, what leaves is taken out, both exactly."""

from __future__ import annotations

from collections import Counter
from datetime import date
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Any, Final, Protocol

from interplane.views.sums import Moments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from interplane.expressions.nodes import Constant
    from interplane.views.view import Window

__all__ = ["INT_RANGE", "Running", "int_or_null"]

INT_RANGE: Final = range(-(2**63), 2**63)
_SLACK: Final = 64
_OF_FLOATS: Final = {("sum", "float"), ("mean", "float"), ("std", "float")}


def int_or_null(total: int) -> int | None:
    """Return a sum of whole numbers; null where 64 bits have no room for it.

    >>> int_or_null(2**63 - 1), int_or_null(2**63)
    (9223372036854775807, None)
    """
    return total if total in INT_RANGE else None


class _Part(Protocol):
    def add(self, values: Sequence[Any]) -> None: ...
    def take_out(self, values: Sequence[Any]) -> None: ...


class Running:
    """The statistics of one argument over one window, while values come and go; nulls stay outside.

    Args:
        windows: what is asked for, of one argument and over one span.

    >>> from interplane.views.view import Window
    >>> least = Window("min", 0, None, "int")
    >>> running = Running([least])
    >>> running.add([3, 1, 2])
    >>> running.take_out([1])
    >>> running.value(least)
    2
    """

    __slots__ = (
        "_count",
        "_distinct",
        "_greatest",
        "_least",
        "_moments",
        "_parts",
        "_simple",
        "_whole",
    )

    def __init__(self, windows: Iterable[Window]) -> None:
        asked = {(each.function, each.type) for each in windows}
        names = {name for name, _ in asked}
        self._count = 0
        self._whole, self._moments, self._distinct = (
            _Whole(),
            Moments(squares="std" in names),
            _Distinct(),
        )
        self._least, self._greatest = _Extreme(_same), _Extreme(_turned)
        parts: dict[_Part, bool] = {
            self._whole: ("sum", "int") in asked,
            self._moments: not asked.isdisjoint(_OF_FLOATS),
            self._distinct: "count_distinct" in names,
            self._least: "min" in names,
            self._greatest: "max" in names,
        }
        self._simple: dict[str, Callable[[], Constant]] = {
            "count_distinct": self._distinct.count,
            "min": self._least.value,
            "max": self._greatest.value,
            "std": self._moments.deviation,
        }
        self._parts = tuple(part for part, is_asked in parts.items() if is_asked)

    def add(self, values: Sequence[Constant]) -> None:
        """Take in values; nulls are left out."""
        known = [value for value in values if value is not None]
        self._count += len(known)
        for part in self._parts:
            part.add(known)

    def take_out(self, values: Sequence[Constant]) -> None:
        """Take out values that were added."""
        known = [value for value in values if value is not None]
        self._count -= len(known)
        for part in self._parts:
            part.take_out(known)

    def value(self, window: Window) -> Constant:
        """Return a statistic that was asked for; ``first`` and ``last`` it does not know."""
        if window.function == "count":
            return self._count
        if not self._count:
            return 0 if window.function == "count_distinct" else None
        found = self._simple.get(window.function)
        if found is not None:
            return found()
        if window.type == "int":
            return int_or_null(self._whole.total)
        total = self._moments.sum()
        if window.function == "sum" or total is None:
            return total
        return total / float(self._count)


class _Whole:
    """The sum of whole numbers and bools."""

    __slots__ = ("total",)

    def __init__(self) -> None:
        self.total = 0

    def add(self, values: Sequence[int]) -> None:
        self.total += sum(values)

    def take_out(self, values: Sequence[int]) -> None:
        self.total -= sum(values)


class _Distinct:
    """How often each value is there."""

    __slots__ = ("_times",)

    def __init__(self) -> None:
        self._times: Counter[Constant] = Counter()

    def count(self) -> int:
        return len(self._times)

    def add(self, values: Sequence[Constant]) -> None:
        self._times.update(values)

    def take_out(self, values: Sequence[Constant]) -> None:
        for value in values:
            if self._times[value] == 1:
                del self._times[value]
            else:
                self._times[value] -= 1


class _Extreme:
    """The least of some values as they are turned: a heap, from which what is gone goes lazily."""

    __slots__ = ("_gone", "_heap", "_left", "_turn")

    def __init__(self, turn: Any) -> None:
        self._turn = turn
        self._heap: list[Any] = []
        self._gone: dict[Any, int] = {}
        self._left = 0

    def add(self, values: Sequence[Constant]) -> None:
        turned = [self._turn(value) for value in values]
        if len(turned) > len(self._heap):
            self._heap += turned
            heapify(self._heap)
        else:
            for each in turned:
                heappush(self._heap, each)

    def take_out(self, values: Sequence[Constant]) -> None:
        for value in values:
            turned = self._turn(value)
            self._gone[turned] = self._gone.get(turned, 0) + 1
        self._left += len(values)
        if self._left > len(self._heap) // 2 + _SLACK:
            self._heap = [each for each in self._heap if not self._is_gone(each)]
            heapify(self._heap)

    def value(self) -> Constant:
        while self._is_gone(self._heap[0]):
            heappop(self._heap)
        least: Any = self._heap[0]
        turned: Constant = least.value if isinstance(least, _Turned) else self._turn(least)
        return turned

    def _is_gone(self, turned: Any) -> bool:
        times = self._gone.get(turned, 0)
        if not times:
            return False
        if times == 1:
            del self._gone[turned]
        else:
            self._gone[turned] = times - 1
        self._left -= 1
        return True


def _same(value: Constant) -> Any:
    return value


def _turned(value: Any) -> Any:
    """Return what is the less the greater a value is; turned once more a number is itself."""
    if isinstance(value, (str, date, bool)):
        return _Turned(value)
    return -value + 0 if isinstance(value, int) else -value + 0.0


class _Turned:
    """A value in the reverse order."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: _Turned) -> bool:
        return bool(other.value < self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Turned) and bool(other.value == self.value)

    def __hash__(self) -> int:
        return hash(self.value)
