"""Counting as a person would: row by row, in plain Python."""

# ruff: noqa: DTZ001 - timestamps are UTC, and naive

import math
import random
from datetime import datetime, timedelta

from interplane.data.table import Table
from interplane.monitoring.tally import Moments, Tally

ORIGINS = ["JFK", "LGA", "EWR", None]
BEGIN = datetime(2013, 6, 1)


def log_rows(draw, count, *, hours=30, outcomes=True, crossings=("c1",)):
    """Return random rows as dicts; floats are eighths, whose sums are exact in any order."""
    rows = []
    for number in range(count):
        row = {
            "prediction_id": f"{number:032x}",
            "crossing": draw.choice(crossings),
            "time": BEGIN + timedelta(seconds=draw.randrange(hours * 3600)),
            "score": draw.choice([None, *(k / 8 for k in range(9))]),
            "took_us": draw.choice([10, 90, 5_000, 10**8]),
            "row.id": number,
            "row.origin": draw.choice(ORIGINS),
            "row.wind": draw.choice([None, math.nan, math.inf, *(k / 4 for k in range(40))]),
            "row.late": draw.choice([True, False, None]),
            "row.weekday": draw.choice([1, 2, 3, None]),
            "row.day": draw.choice([None, BEGIN.date() + timedelta(days=draw.randrange(40))]),
            "looked_up.carrier.late_6h": draw.choice([None, 0.25, 0.5, 3.0]),
        }
        if outcomes:
            row["has_outcome"] = draw.random() < 0.7
            row["outcome"] = draw.choice([True, False, None]) if row["has_outcome"] else None
        rows.append(row)
    return rows


def to_table(rows, like=None):
    """Return rows as a table."""
    import pyarrow as pa

    if rows:
        return Table.from_columns({name: [row[name] for row in rows] for name in rows[0]})
    return Table.from_arrow(pa.table(like.to_arrow().slice(0, 0)))


def random_log(seed, count=400, **options):
    """Return random rows as dicts and as a table."""
    rows = log_rows(random.Random(seed), count, **options)
    return rows, to_table(rows)


def place(bins, value):
    """Return the bin of a value."""
    if value is None:
        return bins.null
    if bins.kind == "categories":
        for number, category in enumerate(bins.categories):
            if type(category) is type(value) and category == value:
                return number
        known = [c for c in bins.known if type(c) is type(value) and c == value]
        return len(bins.categories) if known else bins.odd
    if not isinstance(value, int | float):
        value = (datetime(value.year, value.month, value.day) - datetime(1970, 1, 1)) / timedelta(
            microseconds=1
        )
    return bins.place(value) if math.isfinite(value) else bins.odd


def tally_by_hand(rows, layout):
    """Return the tally of some rows."""
    columns = {}
    for bins in layout.columns:
        counts = [0] * bins.size
        for row in rows:
            counts[place(bins, row[bins.column])] += 1
        columns[bins.column] = tuple(counts)
    scores = [row["score"] for row in rows if row["score"] is not None]
    moments = {"score": moments_of(scores)}
    if not rows or "outcome" not in rows[0]:
        return Tally(
            rows=len(rows),
            columns=columns,
            positive=sum(score >= layout.threshold for score in scores),
            moments=moments,
        )
    labelled = [row for row in rows if row["outcome"] is not None]
    pairs = [(row["score"], row["outcome"]) for row in labelled if row["score"] is not None]
    errors = [score - label for score, label in pairs]
    moments |= {
        "label": moments_of([float(label) for _, label in pairs]),
        "error": moments_of(errors),
        "absolute_error": moments_of([abs(error) for error in errors]),
        "squared_error": moments_of([error**2 for error in errors]),
    }
    ranks = {True: (), False: ()}
    if layout.kind == "classification":
        tiny = 2.0**-52
        right = [score if label else 1 - score for score, label in pairs]
        moments["log_loss"] = moments_of([-math.log(min(max(p, tiny), 1 - tiny)) for p in right])
        moments["hit"] = moments_of([float((s >= layout.threshold) == y) for s, y in pairs])
        for label in ranks:
            counts = [0] * (len(layout.ranks) + 1)
            for score, outcome in pairs:
                if outcome is label:
                    counts[sum(edge < score for edge in layout.ranks)] += 1
            ranks[label] = tuple(counts)
    return Tally(
        rows=len(rows),
        columns=columns,
        positive=sum(score >= layout.threshold for score in scores),
        labelled=len(labelled),
        covered=sum(row["has_outcome"] for row in rows),
        true_ranks=ranks[True],
        false_ranks=ranks[False],
        moments=moments,
    )


def moments_of(numbers):
    """Return count, sum and sum of squares."""
    return Moments(
        count=len(numbers),
        total=math.fsum(numbers),
        squares=math.fsum(number * number for number in numbers),
    )


def hour_of(row):
    """Return the hour of a row, since 1970."""
    return (row["time"] - datetime(1970, 1, 1)) // timedelta(hours=1)


def sorted_into(rows, key):
    """Return the rows of each key."""
    found = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found


def rounded(tally):
    """Return a tally whose sums of losses have 9 digits: logarithms are summed in another order."""
    import msgspec

    moments = {
        name: Moments(count=m.count, total=round(m.total, 9), squares=round(m.squares, 9))
        for name, m in tally.moments.items()
    }
    return msgspec.structs.replace(tally, moments=moments)
