"""What a function of features reads beside its row: the clock, the environment, files. Seen while it is called.

What it read then would be frozen as what it happened to be, and no record would tell: a date stays the
same all day, an environment variable for as long as a process lives, a file until someone writes it. So
calls are watched as a profiler sees them. What an installed package reads inside is not seen, but for
files and connections; nor is what an extension of C opens by itself.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import CodeType, FrameType

__all__ = ["Reading", "position", "watched"]

_CLOCK: Final = "it reads the clock"
_SETTINGS: Final = "another machine or process has other settings"
_FILES: Final = "what is read there changes, and is in no frozen features"

_AT_ONCE: Final = (
    "Take the time of a row from a column of it; write a day that is meant as a constant"
)
_BEFORE: Final = "Read it where the module begins: what a function reads of its module's constants is recorded with it"

_NOW: Final = frozenset({"now", "today", "utcnow"})
"""Methods that give the time, of whatever library."""
_OF_TIME: Final = dict.fromkeys(
    ("monotonic", "perf_counter", "process_time", "thread_time", "time", "clock_gettime"), 99
)
_OF_TIME_WITHOUT: Final = {"asctime": 0, "ctime": 0, "gmtime": 0, "localtime": 0, "strftime": 1}
"""Functions of ``time`` that read the clock where they get no more arguments than so many."""
_OF_PROCESS: Final = frozenset(
    {"cpu_count", "getcwd", "getlogin", "getpid", "gethostname", "uname"}
)
_OPENING: Final = frozenset({"connect", "fork_exec", "listdir", "open", "scandir"})
_OPENERS: Final = frozenset(
    {"_io", "_posixsubprocess", "_socket", "_sqlite3", "io", "nt"} | {"posix", "socket"}
)
_OWN_MATTERS: Final = frozenset(
    {"importlib._bootstrap", "importlib._bootstrap_external", "inspect", "interplane", "linecache"}
    | {"logging", "traceback", "warnings", "zoneinfo"}
)
"""Modules that open files for reasons of their own: imports, messages, the language's time zones."""
_ENVIRON: Final = type(os.environ).__getitem__.__code__
_THROUGH: Final = frozenset({"collections.abc", "os"})
_INSTALLED: Final = tuple(
    dict.fromkeys(
        sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")
    )
)


class Reading(NamedTuple):
    """A call by which a function read what is not of its row.

    Attributes:
        call: the call, as it is written; or what is read.
        why: what is wrong with it.
        instead: what to do instead.
        place: the line of the function and its column; None if it is not known.
    """

    call: str
    why: str
    instead: str
    place: tuple[int, int] | None

    @property
    def verb(self) -> str:
        """What the function does with it."""
        return "calls" if self.call.endswith(")") else "reads"


def watched(function: Callable[..., Any], *args: Any, **named: Any) -> tuple[Any, Reading | None]:
    """Return what a function returns, and the first thing that it read beside its arguments.

    Under a profiler nobody watches: there can be one only.

    Args:
        function: the function.
        args: its arguments.
        named: those that it takes by name.
    """
    if sys.getprofile() is not None:
        return function(*args, **named), None
    watch = _Watch(function)
    sys.setprofile(watch)
    try:
        returned = function(*args, **named)
    finally:
        sys.setprofile(None)
    return returned, watch.found


def position(code: CodeType, instruction: int, line: int) -> tuple[int, int]:
    """Return the line and the column of an instruction."""
    at = next(islice(code.co_positions(), instruction // 2, None), (None,) * 4)
    return line, at[2] or 0


class _Watch:
    """A profile function that keeps the first call of interest."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.found: Reading | None = None
        self._code = getattr(function, "__code__", None)
        package = _package(getattr(function, "__module__", None) or "")
        self._package = None if package == "interplane" else package
        self._is_own: dict[CodeType, bool] = {}

    def __call__(self, frame: FrameType, event: str, arg: Any) -> None:
        if self.found is not None:
            return
        if event == "c_call":
            self._look_at_builtin(frame, arg)
        elif event == "call" and frame.f_back is not None:
            self._look_at_function(frame, frame.f_back)

    def _look_at_builtin(self, frame: FrameType, called: Any) -> None:
        name = getattr(called, "__name__", "")
        module = _module_of(called)
        if name in _OPENING and module in _OPENERS:
            if not any(map(_for_itself, self._above(frame))):
                self._keep(frame, f"{name}()", _FILES, _BEFORE)
        elif not self._owns(frame):
            return
        elif name in _NOW or (module == "time" and _reads_clock(name, frame)):
            self._keep(frame, f"{_written(called, module)}()", _CLOCK, _AT_ONCE)
        elif name in _OF_PROCESS and module in {*_OPENERS, "os"}:
            self._keep(frame, f"{name}()", _SETTINGS, _BEFORE)

    def _look_at_function(self, frame: FrameType, caller: FrameType) -> None:
        code = frame.f_code
        if code is _ENVIRON:
            while _module(caller) in _THROUGH and caller.f_back is not None:
                caller = caller.f_back
            if self._owns(caller):
                self._keep(caller, "os.environ", _SETTINGS, _BEFORE)
        elif self._owns(frame) or not self._owns(caller):
            return
        elif code.co_name in _NOW:
            self._keep(caller, f"{code.co_qualname}()", _CLOCK, _AT_ONCE)
        elif _module(frame) == "pathlib" and code.co_name in {"cwd", "home"}:
            self._keep(caller, f"Path.{code.co_name}()", _SETTINGS, _BEFORE)
        elif _module(frame) in {"getpass", "platform"}:
            self._keep(caller, f"{_module(frame)}.{code.co_name}()", _SETTINGS, _BEFORE)

    def _keep(self, frame: FrameType, call: str, why: str, instead: str) -> None:
        of = (each for each in self._above(frame) if each.f_code is self._code)
        place = next((position(o.f_code, o.f_lasti, o.f_lineno) for o in of), None)
        self.found = Reading(call, why, instead, place)

    def _above(self, frame: FrameType | None) -> Iterator[FrameType]:
        """Yield a frame and those that it was called by, up to the function."""
        while frame is not None and frame.f_code is not watched.__code__:
            yield frame
            frame = frame.f_back

    def _owns(self, frame: FrameType) -> bool:
        """Return whether a frame is of the author's code: of the function's package, or not installed."""
        code = frame.f_code
        if code not in self._is_own:
            package = _package(_module(frame))
            self._is_own[code] = package != "interplane" and (
                package == self._package or not _is_installed(code.co_filename)
            )
        return self._is_own[code]


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _package(module: str) -> str:
    return module.partition(".")[0]


def _is_installed(file: str) -> bool:
    # Code that is compiled from text (a frozen module, a dataclass's methods) has no file of its own.
    return file.startswith(("<frozen", "<string", *_INSTALLED)) or bool(
        {"site-packages", "dist-packages"}.intersection(Path(file).parts)
    )


def _module_of(called: Any) -> str:
    """Return the module of a builtin; that of the class, of a method."""
    of = getattr(called, "__self__", None)
    if isinstance(of, type) or getattr(called, "__module__", None) is None:
        of = of if isinstance(of, type) else type(of)
        return str(of.__module__)
    return str(called.__module__)


def _written(called: Any, module: str) -> str:
    return f"{module}.{called.__name__}" if module == "time" else str(called.__qualname__)


def _reads_clock(name: str, frame: FrameType) -> bool:
    """Return whether a call of a function of ``time`` reads the clock, by how many arguments it has."""
    most = _OF_TIME.get(name.removesuffix("_ns"), _OF_TIME_WITHOUT.get(name))
    return most is not None and frame.f_code.co_code[frame.f_lasti + 1] <= most


def _for_itself(frame: FrameType) -> bool:
    module = _module(frame)
    return module in _OWN_MATTERS or _package(module) in _OWN_MATTERS
