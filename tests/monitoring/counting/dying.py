"""A program that kills advances of a real log at each of their writes, and looks at what is left.

Run as ``python dying.py FOLDER``; it prints one JSON object. All work that needs threads is done in
forked children, so that this process stays fit to fork.
"""

import json
import os
import signal
import sys
import traceback
from functools import partial
from hashlib import blake2b
from pathlib import Path

import duckdb  # noqa: F401 - children are forked with it
import pyarrow as pa
import pyarrow.parquet

from interplane.data.table import Table
from interplane.monitoring.calendar import HOUR_US
from interplane.monitoring.counting import advancing
from interplane.monitoring.counting.layouts import make_layout
from interplane.monitoring.counting.recipe import Feed, Recipe
from interplane.monitoring.counting.windows import SqliteWindows
from interplane.monitoring.judging.quality import measure
from interplane.predictions.table import read_log
from interplane.predictions.writer import SegmentWriter
from interplane.testing.prediction_laws import made_up_entry

BEGIN_US = 1_370_044_800_000_000
ROWS = 600
SLICINGS = [(), ("origin",)]


class FatalWindows(SqliteWindows):
    """A store whose process dies before, or after, the commit of one of its writes."""

    def __init__(self, path, fatal):
        super().__init__(path)
        self.calls = 0
        self.fatal = fatal
        write = self._connections.write
        self._connections.write = lambda work: self._count(write(partial(self._work, work)))

    def _work(self, work, connection):
        return self._count(work(connection))

    def _count(self, result):
        self.calls += 1
        if self.calls == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return result


def write_log(folder):
    """Write predictions of three days, of two crossings."""
    with SegmentWriter(folder, name="w", sync_ms=1) as log:
        for number in range(ROWS):
            row = {"number": number, "wind": number / 4, "origin": ["JFK", "LGA", None][number % 3]}
            log.append(
                [
                    made_up_entry(
                        number,
                        time_us=BEGIN_US + number * HOUR_US * 72 // ROWS,
                        crossing=["a" * 64, "b" * 64][number // 7 % 2],
                        score=(number % 9) / 8,
                        row=row,
                    )
                ]
            )


def label(rows):
    """Every second prediction has an outcome."""
    table = rows.to_arrow()
    numbers = table.column("row.number").to_pylist()
    has = pa.array([number % 2 == 0 for number in numbers])
    outcome = pa.array(
        [number % 4 == 0 if number % 2 == 0 else None for number in numbers], pa.bool_()
    )
    return Table.from_arrow(
        table.append_column("has_outcome", has).append_column("outcome", outcome)
    )


def advance(folder, path, fatal):
    """Advance; return how many places to die at there were, and what is kept."""
    advancing._AT_ONCE = ROWS // 3
    layout = make_layout(read_log(folder, model="flights"), kind="classification")
    windows = FatalWindows(path, fatal)
    feed = Feed(
        read=lambda since, until: read_log(folder, model="flights", since=since, until=until),
        layouts=lambda _: layout,
        label=label,
        touched=lambda after: (
            range(BEGIN_US // HOUR_US, BEGIN_US // HOUR_US + 3) if not after else (),
            1,
        ),
    )
    advancing.advance(
        windows,
        "flights",
        feed,
        Recipe(slicings=[("origin",)]),
        now_us=BEGIN_US + 80 * HOUR_US,
        keep_us=60 * HOUR_US,
        measure=measure,
    )
    kept = [
        windows.tallies(
            "flights", slicing=by, begin_hour=hour, end_hour=hour + 1, crossing=crossing
        )
        for hour in windows.hours("flights")
        for by in SLICINGS
        for crossing in ("a" * 64, "b" * 64)
    ]
    state = (kept, windows.statements("flights"), windows.progress("flights"))
    windows.close()
    rows = sum(windows_rows(kept))
    return {"calls": windows.calls, "rows": rows, "stated": len(state[1]), "state": digest(state)}


def windows_rows(kept):
    """Return the rows of all slices; those of all rows and those by origin."""
    return [tally.rows for tallies in kept for tally in tallies.values()]


def digest(state):
    """Return a short name of what is kept."""
    return blake2b(repr(state).encode(), digest_size=8).hexdigest()


def child(work, *args):
    """Do work in a forked child; return what it gave, or the signal that it died of."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        try:
            os.write(writing, json.dumps(work(*args)).encode())
            os._exit(0)
        except BaseException:  # noqa: BLE001 - a child ends here, whatever it was
            traceback.print_exc()
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading) as told:
        text = told.read()
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return os.WTERMSIG(status)
    return json.loads(text) if os.WEXITSTATUS(status) == 0 else sys.exit("a child raised")


def main(place):
    """Kill an advance at each place in turn, make it again, and compare."""
    log = place / "log"
    child(write_log, log)
    expected = child(advance, log, place / "whole.sqlite", 0)
    died, different = 0, []
    for fatal in range(1, expected["calls"] + 1):
        path = place / f"{fatal}.sqlite"
        died += child(advance, log, path, fatal) == signal.SIGKILL
        again = child(advance, log, path, 0)
        if {**again, "calls": 0} != {**expected, "calls": 0}:
            different.append(fatal)
    sys.stdout.write(json.dumps({**expected, "died": died, "different": different}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
