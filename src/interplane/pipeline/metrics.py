"""What a step tells of its metrics while it trains: checked at once, kept in a file a moment later."""

from __future__ import annotations

import contextlib
import os
import threading
from array import array
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, NoReturn

from interplane.errors import UsageError
from interplane.pipeline.metric_curves import METRICS, piece

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["MetricWriter", "log_metric", "telling_to"]

_EVERY_S: Final = 0.5
_FULL: Final = 100_000
_MOST_NAMES: Final = 200
_LONGEST_NAME: Final = 100


def log_metric(name: str, value: float, *, at: float | None = None) -> None:
    """Tell the value of a metric inside a step: one point of its curve.

    It costs a microsecond or two: points go to disk together, twice a second, where who follows the run
    sees them. They are on record with the run of the step, and nothing of them is in its key. Outside
    of a run, and in processes that a step starts, a point is checked and kept nowhere: a step can be
    called as the function that it is.

    Of each metric the first 100,000 points are kept, of the next 100,000 every second one, of the
    200,000 after those every fourth, and so on; the last one always.

    Args:
        name: what the metric is called, such as ``loss`` or ``valid/auc``: up to 100 characters.
        value: a number; NaN and infinite ones are kept as what they are.
        at: where it was told: the iteration, epoch or round; one more than the point before if not
            given, the first at 0.

    Raises:
        UsageError: if the name, the value or the place is none, or there are more than 200 names.

    >>> log_metric("valid/auc", 0.71, at=12)
    >>> log_metric("loss", "low")
    Traceback (most recent call last):
    interplane.errors.UsageError: log_metric('loss', 'low'): the value is a str. Expected a number. Give float(…) of it.
    """
    writer = _Current.writer
    if type(value) is not float:
        value = _number(name, value)
    if at is not None:
        at = _place(name, at)
    if writer is not None:
        writer.tell(name, value, at)
    else:
        _check_name(name)


class MetricWriter:
    """Keeps the metrics of one step in the folder of its log.

    A disk that is full or failing is no fault of the step: what cannot be written waits in memory.

    Args:
        folder: where; what another attempt of the step told there goes.
        every_s: how often points are written, in seconds.
        full: how many points of a metric are kept before they are thinned out.
    """

    def __init__(self, folder: Path, *, every_s: float = _EVERY_S, full: int = _FULL) -> None:
        self._path = folder / METRICS
        self._every_s = every_s
        self._full = full
        self._curves: dict[str, _Curve] = {}
        self._turn = threading.Lock()
        self._process = os.getpid()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._waiting = b""
        self._file = -1
        self._size = 0
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def tell(self, name: str, value: float, at: float | None) -> None:
        """Keep a point; after the end, and in a forked process, it goes nowhere.

        Raises:
            UsageError: if the name is none, or one too many.
        """
        if self._over.is_set() or os.getpid() != self._process:
            return
        with self._turn:
            curve = self._curves.get(name)
            if curve is None:
                curve = self._begin(name)
            curve.tell(value, at)

    def flush(self) -> OSError | None:
        """Write what is not written yet; return why that could not be."""
        with self._turn:
            self._waiting += b"".join(
                curve.take(name) for name, curve in self._curves.items() if curve.at
            )
            if not self._waiting:
                return None
            try:
                self._write(self._waiting)
            except OSError as error:
                return error
            self._waiting = b""
            return None

    def close(self) -> OSError | None:
        """Write what is left, and end; return why that could not be."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        with self._turn:
            for curve in self._curves.values():
                curve.end()
        error = self.flush()
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        return error

    def _begin(self, name: str) -> _Curve:
        """Return a new curve; the first one starts the thread that writes."""
        _check_name(name)
        if len(self._curves) >= _MOST_NAMES:
            raise UsageError(
                f"log_metric({name!r}, …): there are {_MOST_NAMES} metrics of this step already",
                expected="a few names, each with many points",
                do="Say what changes from point to point by at=…, not in the name",
            )
        if self._thread is None:
            name_ = "interplane-metrics"
            self._thread = threading.Thread(target=self._follow, name=name_, daemon=True)
            self._thread.start()
        curve = self._curves[name] = _Curve(self._full)
        return curve

    def _follow(self) -> None:
        while not self._over.wait(self._every_s):
            self.flush()

    def _write(self, data: bytes) -> None:
        if self._file < 0:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, flags, 0o600)
        left = memoryview(data)
        try:
            while left:
                left = left[os.write(self._file, left) :]
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size)
            raise
        self._size += len(data)


@contextlib.contextmanager
def telling_to(folder: Path, *, say: Callable[[str], object]) -> Iterator[None]:
    """Keep what this process tells in the folder of a step's log, until the context is left.

    Args:
        folder: the folder.
        say: is told if something could not be kept.
    """
    before, writer = _Current.writer, MetricWriter(folder)
    _Current.writer = writer
    try:
        yield
    finally:
        _Current.writer = before
        error = writer.close()
        if error is not None:
            say(f"some metrics of this step could not be kept: {error.strerror or error}\n")


class _Current:
    """The step that this process is at. Not one for each thread: a step may train in several."""

    writer: MetricWriter | None = None


class _Curve:
    """The points of a metric that are not written yet, and which of those to come are kept."""

    __slots__ = ("_last", "_limit", "_next", "_stride", "at", "told", "values")

    def __init__(self, full: int) -> None:
        self.at = array("d")
        self.values = array("d")
        self.told = 0
        self._stride = 1
        self._limit = full
        self._next = 0.0
        self._last: tuple[float, float] | None = None

    def tell(self, value: float, at: float | None) -> None:
        place = self._next if at is None else at
        self._next = place + 1.0
        if self.told >= self._limit:
            self._stride *= 2
            self._limit *= 2
        if self.told % self._stride:
            self._last = (place, value)
        else:
            self._last = None
            self.at.append(place)
            self.values.append(value)
        self.told += 1

    def end(self) -> None:
        """Keep the last point, too."""
        if self._last is not None:
            place, value = self._last
            self.at.append(place)
            self.values.append(value)

    def take(self, name: str) -> bytes:
        """Return what is not written yet."""
        data = piece(name, self.at, self.values, told=self.told)
        self.at, self.values = array("d"), array("d")
        return data


def _check_name(name: object) -> None:
    is_good = (
        isinstance(name, str)
        and 0 < len(name) <= _LONGEST_NAME
        and name.isprintable()
        and name == name.strip()
    )
    if not is_good:
        raise UsageError(
            f"log_metric({str(name)[:_LONGEST_NAME]!r}, …): that is no name of a metric",
            expected=f"a text of 1 to {_LONGEST_NAME} characters that can be read",
            do="Give it a short name, such as valid/auc",
        )


def _number(name: object, value: Any) -> float:
    """Return a value as a number: of Python, NumPy or whatever else turns into one by itself."""
    kind = type(value)
    if kind is not int and not (hasattr(kind, "__float__") or hasattr(kind, "__index__")):
        _refuse(name, value, "the value")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        _refuse(name, value, "the value")


def _place(name: object, at: Any) -> float:
    found = at if type(at) is float else _number(name, at)
    if not isfinite(found):
        raise UsageError(
            f"log_metric({name!r}, …, at={at!r})",
            expected="a finite place: the iteration, epoch or round",
            do="Leave at=… out to count from 0 on",
        )
    return found


def _refuse(name: object, value: object, what: str) -> NoReturn:
    raise UsageError(
        f"log_metric({name!r}, {repr(value)[:60]}): {what} is a {type(value).__name__}",
        expected="a number",
        do="Give float(…) of it",
    )
