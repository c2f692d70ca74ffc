"""The laws of a prediction log: whoever writes another one runs these against it.

Each law takes a fresh log, and a function that returns the entries that are in it, in order. The log
is synced before it answers: ``synced`` gives a future.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from interplane.errors import DataError, StorageError
from interplane.predictions.entry import Entry
from interplane.testing.refusals import refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interplane.predictions.ports import Log

    Read = Callable[[], Sequence[Entry]]

__all__ = ["LAWS", "made_up_entry"]


def made_up_entry(number: int, **changes: Any) -> Entry:
    """Return an entry that differs from those of other numbers.

    >>> made_up_entry(7).id
    '00000000000000000000000000000007'
    """
    at_us = 1_370_067_300_000_000 + number * 1_000
    fields = {
        "id": f"{number:032x}",
        "model": "flights",
        "crossing": "c" * 64,
        "time_us": at_us - 500,
        "at_us": at_us,
        "score": number / 7,
        "took_us": 120,
        "row": {"number": number, "wind": number / 3, "origin": "JFK", "gate": None},
        "looked_up": {"carrier.late_rate_7d": 1 / (number + 1)},
    }
    return Entry(**{**fields, **changes})


def what_was_appended_is_there(log: Log, read: Read) -> None:
    """In order, and exactly."""
    first, others = made_up_entry(0), [made_up_entry(number) for number in range(1, 40)]
    log.append([first])
    assert read() == [first]
    log.append(others)
    assert read() == [first, *others]


def every_value_comes_back(log: Log, read: Read) -> None:
    """Floats by their bits, whole numbers of 64 bits, texts of any script, null and absence."""
    row = {
        "least": -(2**63),
        "most": 2**63 - 1,
        "tiny": 5e-324,
        "minus": -0.0,
        "text": "naïve ✈ \N{CROSS MARK}",
        "quoted": 'a "b" \\ \n',
        "yes": True,
        "null": None,
    }
    entry = made_up_entry(1, row=row, score=None, client_id="a 7", replay=True, looked_up=None)
    log.append([entry])
    (found,) = read()
    assert found == entry
    assert str(found.row["minus"]) == "-0.0"
    assert type(found.row["yes"]) is bool


def nothing_appended_is_nothing(log: Log, read: Read) -> None:
    """No frame, no error."""
    log.append([])
    assert list(read()) == []


def what_has_no_form_is_refused_whole(log: Log, read: Read) -> None:
    """None of the entries is taken, and the log goes on."""
    for bad in ({"half": "\ud800"}, {"huge": 2**70}, {"object": object()}):
        with refused(DataError):
            log.append([made_up_entry(1), made_up_entry(2, row=bad)])
    log.append([made_up_entry(3)])
    assert read() == [made_up_entry(3)]


def what_was_synced_is_told(log: Log, read: Read) -> None:
    """The future is done without an error, and nobody can cancel it for the others."""
    log.append([made_up_entry(1)])
    asked = log.synced()
    assert asked is not None
    assert not asked.cancel()
    assert asked.result(timeout=60) is None
    assert read() == [made_up_entry(1)]


def threads_take_turns(log: Log, read: Read) -> None:
    """Each batch is there once, and in one piece."""
    batches = [[made_up_entry(10 * part + place) for place in range(10)] for part in range(40)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(log.append, batches))
    found = read()
    pieces = [list(found[start : start + 10]) for start in range(0, len(found), 10)]
    assert sorted(pieces, key=lambda piece: piece[0].id) == batches


def a_closed_log_takes_nothing(log: Log, read: Read) -> None:
    """Closing twice is no error; appending afterwards is."""
    log.append([made_up_entry(1)])
    log.close()
    log.close()
    with refused(StorageError):
        log.append([made_up_entry(2)])
    assert read() == [made_up_entry(1)]


LAWS: Sequence[Callable[[Log, Read], None]] = (
    what_was_appended_is_there,
    every_value_comes_back,
    nothing_appended_is_nothing,
    what_has_no_form_is_refused_whole,
    what_was_synced_is_told,
    threads_take_turns,
    a_closed_log_takes_nothing,
)
"""All laws."""
