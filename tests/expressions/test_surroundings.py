"""What a function of features reads beside its row: refused by the call, and no ordinary function with it."""

import colorsys
import dataclasses
import enum
import functools
import json
import logging
import os
import platform
import random
import socket
import subprocess
import sys
import time
import uuid
import warnings
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

import interplane as ip
from interplane.errors import NotFreezable
from interplane.expressions.surroundings import watched

TYPES = {"x": "float", "s": "str", "at": "timestamp", "day": "date", "open": "float", "id": "int"}
TEXT = Path(__file__)


def written(function):
    """Return the features that a function writes."""
    return ip.features()(function).expressions(TYPES)


def this_year():
    """A function of the author's own."""
    return date.today().year  # noqa: DTZ011


def opened():
    """A file as most people read one."""
    with open(TEXT, encoding="utf-8") as file:  # noqa: PTH123
        return len(file.read())


@functools.cache
def kept():
    """What is read once only."""
    return len(TEXT.read_text(encoding="utf-8"))


READING = {
    "a day": (lambda: date.today().year, "date.today()"),  # noqa: DTZ011
    "a time": (lambda: datetime.now().year, "datetime.now()"),  # noqa: DTZ005
    "a time in a zone": (lambda: datetime.now(UTC).year, "datetime.now()"),
    "days of the epoch": (lambda: time.time() // 86400, "time.time()"),
    "a year as text": (lambda: int(time.strftime("%Y")), "time.strftime()"),
    "a time taken apart": (lambda: time.localtime().tm_year, "time.localtime()"),
    "of a function of one's own": (this_year, "date.today()"),
    "a variable": (lambda: len(os.environ["PATH"]), "os.environ"),
    "one that may be there": (lambda: len(os.environ.get("NO SUCH", "")), "os.environ"),
    "one by a function": (lambda: len(os.getenv("PATH")), "os.environ"),
    "whether there is one": (lambda: int("PATH" in os.environ), "os.environ"),
    "a host": (lambda: len(socket.gethostname()), "gethostname()"),
    "a machine": (lambda: len(platform.node()), "platform.node()"),
    "a folder": (lambda: len(os.getcwd()), "getcwd()"),  # noqa: PTH109
    "a folder as a path": (lambda: len(str(Path.cwd())), "Path.cwd()"),
    "a home": (lambda: len(str(Path.home())), "Path.home()"),
    "a file": (opened, "open()"),
    "a file by its path": (lambda: len(TEXT.read_text(encoding="utf-8")), "open()"),
    "a file by a library": (lambda: len(np.loadtxt(TEXT, str, max_rows=1)), "open()"),
    "names of files": (lambda: len([*TEXT.parent.iterdir()]), "listdir()"),
    "a program": (lambda: len(subprocess.check_output([sys.executable, "-V"])), "open()"),
}


@pytest.mark.parametrize("what", READING)
def test_what_is_read_elsewhere_is_refused(what):
    """With the feature, its line, the call, and what to do."""
    read, call = READING[what]

    def some(row):
        return {"same": row.x, "odd": row.x + read()}

    with pytest.raises(NotFreezable) as caught:
        written(some)
    assert f"its function {'reads' if call == 'os.environ' else 'calls'} {call}: " in str(
        caught.value
    )
    assert "the feature 'odd' (test_surroundings.py, line " in str(caught.value)
    assert {"feature": "odd", "call": call} == caught.value.details
    assert caught.value.do


def test_what_is_read_once_is_refused():
    """A cache holds it for the second call."""
    with pytest.raises(NotFreezable, match=r"calls open\(\)"):
        written(lambda row: {"odd": row.x + kept()})


def test_views_are_held_to_it_too():
    """By the same look."""

    @ip.feature_view(source="events", entity="s", event_time="at", key="id")
    def old(event):
        return {"age": event.x - this_year()}

    with pytest.raises(NotFreezable, match=r"the feature 'age' .*calls date\.today\(\)"):
        old.define(TYPES)


class Scale(enum.Enum):
    """A constant of the project."""

    LARGE = 10.0


@dataclasses.dataclass
class Settings:
    """Settings of a project."""

    factor: float = 2.0
    names: list = dataclasses.field(default_factory=lambda: ["x"])


def decorated(function):
    """Wrap a function as authors do."""

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


@decorated
def ordinary(row):
    """All that a function may do: imports, loops, settings, messages, days that are meant."""
    import calendar
    import graphlib

    logging.getLogger("features").warning("written")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("written", stacklevel=1)
    day = datetime.strptime("2026-01-01", "%Y-%m-%d").date()  # noqa: DTZ007
    return {
        **{f"x{power}": row.x**power for power in range(1, 4)},
        "scaled": row.x * Scale.LARGE.value * Settings().factor,
        "open": row.open,
        "new": row.day >= day,
        "late": row.at > datetime.fromisoformat("2026-01-01T12:00:00"),
        "old": row.at < datetime.fromtimestamp(0, UTC).replace(tzinfo=None),
        "local": row.at.to_local("Europe/Berlin").hour(),
        "year": row.x - int(day.strftime("%Y")) - int(time.strftime("%Y", time.gmtime(0))),
        "drawn": row.x * random.Random(7).random(),
        "named": row.x + len(str(uuid.uuid5(uuid.NAMESPACE_DNS, "a"))),
        "folder": row.x + len(os.path.join("a", TEXT.name)),  # noqa: PTH118
        "hue": row.x + colorsys.rgb_to_hsv(0.1, 0.2, 0.3)[0],
        "log": row.x * float(np.log(2)),
        "json": row.x
        + json.loads("[1]")[0]
        + calendar.monthrange(2026, 2)[1]
        + len(graphlib.__name__),
        "place": ip.vocabulary(row.s),
        "grams": ip.hashed_ngrams(row.s, buckets=4),
        "hot": ip.one_hot(row.s),
    }


def test_an_ordinary_function_is_no_reading(recwarn):
    """Nor are the files that an import or a warning opens."""
    assert {"x3", "old", "hot"} <= set(written(ordinary))
    assert {"written"} == {str(each.message) for each in recwarn}


def test_a_profiler_is_left_alone():
    """There can be one only: nothing is looked at while another runs."""
    seen = []
    sys.setprofile(lambda frame, event, arg: seen.append(event))
    try:
        assert (this_year(), None) == watched(this_year)
        assert sys.getprofile() is not None
    finally:
        sys.setprofile(None)
    assert seen
    assert "date.today()" == watched(this_year)[1].call
    assert sys.getprofile() is None


def test_a_function_that_fails_leaves_nothing_behind():
    """The look ends with the call."""

    def failing(row):
        return {"x": row.no_such_column}

    with pytest.raises(ip.InterplaneError):
        written(failing)
    assert sys.getprofile() is None
