"""A log in memory that says what is read of it, and outcomes that come later."""

import random
from datetime import datetime, timedelta

from by_hand import BEGIN, log_rows, to_table

from interplane.monitoring.counting.count import count
from interplane.monitoring.counting.layouts import make_layout
from interplane.monitoring.counting.recipe import Feed, Recipe
from interplane.monitoring.judging.quality import measure as quality

HOUR_US = 3_600_000_000
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - timestamps are UTC, and naive
FIRST = (BEGIN - EPOCH) // timedelta(hours=1)
RECIPE = Recipe(slicings=[("origin",), ("late", "carrier.late_6h")])
WINDY = Recipe(slicings=[("windy",)], expressions={"windy": lambda row: row.wind > 5})


def layout_of(seed=0):
    """Return the layout of random baseline rows."""
    rows = log_rows(random.Random(seed), 300)
    return make_layout(to_table(rows), kind="classification")


LAYOUTS = {"c1": layout_of(1), "c2": layout_of(2)}


class ToyLog:
    """Rows that grow, and outcomes by prediction id in the order in which they came."""

    def __init__(self, rows=()):
        self.rows = []
        self.outcomes = []
        self.reads = []
        self.add(rows)
        self.like = to_table(log_rows(random.Random(0), 1, outcomes=False))
        self.layouts = dict(LAYOUTS)

    def add(self, rows):
        """Log rows; what they say of outcomes is not looked at."""
        hidden = {"outcome", "has_outcome"}
        self.rows += [{n: v for n, v in row.items() if n not in hidden} for row in rows]

    def tell(self, rows):
        """Let the outcomes of rows come."""
        self.outcomes += [(r["prediction_id"], r["outcome"]) for r in rows if r["has_outcome"]]

    def read(self, since, until):
        """Return rows between two times; written down in hours."""
        self.reads.append(tuple(None if t is None else (t - BEGIN) // timedelta(hours=1) for t in (since, until)))  # fmt: skip
        return to_table(
            [
                row
                for row in self.rows
                if (since is None or row["time"] >= since)
                and (until is None or row["time"] < until)
            ],
            self.like,
        )

    def label(self, table):
        """Add what came true."""
        said = dict(self.outcomes)
        rows = [
            {
                **row,
                "has_outcome": row["prediction_id"] in said,
                "outcome": said.get(row["prediction_id"]),
            }
            for row in table.to_rows()
        ]
        return to_table(rows, labelled(self.like))

    def touched(self, after):
        """Return the hours of outcomes after a place."""
        new = {name for name, _ in self.outcomes[after:]}
        hours = {
            (row["time"] - EPOCH) // timedelta(hours=1)
            for row in self.rows
            if row["prediction_id"] in new
        }
        return sorted(hours), len(self.outcomes)

    @property
    def feed(self):
        """Return the log as advancing wants it."""
        return Feed(
            read=self.read,
            layouts=self.layouts.__getitem__,
            label=self.label,
            touched=self.touched,
        )


def labelled(table):
    """Return no rows, with the columns of outcomes."""
    import pyarrow as pa

    rows = table.to_arrow().slice(0, 0)
    for name in ("has_outcome", "outcome"):
        rows = rows.append_column(name, pa.array([], pa.bool_()))
    from interplane.data.table import Table

    return Table.from_arrow(rows)


def scratch(log, slicing=(), recipe=RECIPE):
    """Return the tally of each hour, crossing and slice, counted anew from all rows."""
    found = {}
    rows = log.label(log.read(None, None)).to_rows()
    for crossing in sorted({row["crossing"] for row in rows}):
        counted = count(
            to_table([row for row in rows if row["crossing"] == crossing]),
            log.layouts[crossing],
            slicings=recipe.slicings,
            expressions=recipe.expressions,
            by_hour=True,
        )
        for part, grid in counted.grids[slicing].items():
            found[crossing, part.hour] = grid.tallies()
    return found


def kept(windows, slicing=(), model="m"):
    """Return the tally of each hour, crossing and slice, as they are kept."""
    found = {}
    for hour in windows.hours(model):
        for crossing in windows.crossings(model, begin_hour=hour, end_hour=hour + 1):
            found[crossing, hour] = windows.tallies(
                model, slicing=slicing, begin_hour=hour, end_hour=hour + 1, crossing=crossing
            )
    return found


def now_us(hour):
    """Return the clock some hours after the log's beginning."""
    return int((FIRST + hour) * HOUR_US)


__all__ = [
    "FIRST", "HOUR_US", "LAYOUTS", "RECIPE", "WINDY", "ToyLog", "kept", "layout_of", "now_us", "quality", "scratch",
]  # fmt: skip
