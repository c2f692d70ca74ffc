"""The daily files of a shop: 305 CSVs in an archive, read one day at a time, as they arrived.

The data are `online-retail` of the UCI repository (CC BY 4.0). Nothing is downloaded: the folder with
the archive is given, or stands in INTERPLANE_SHARED_DATA.
"""

from __future__ import annotations

import os
import tarfile
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from interplane.data.options import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["READ_AS", "archive", "closing", "unpack"]

READ_AS = ReadOptions(
    types={
        "InvoiceNo": "str",
        "StockCode": "str",
        "Description": "str",
        "Quantity": "int",
        "InvoiceDate": "timestamp",
        "UnitPrice": "float",
        "CustomerID": "float",
        "Country": "str",
    }
)
"""How each file is read: a day on which all codes are digits must not make them numbers."""


def archive(folder: Path | None = None) -> Path:
    """Return where the archive is."""
    data = folder or Path(os.environ.get("INTERPLANE_SHARED_DATA", "../../../shared/data"))
    return data / "online-retail" / "online-retail-by-day.tar.xz"


def unpack(source: Path, target: Path, *, days: int | None = None) -> list[tuple[date, Path]]:
    """Write the files of the first days into a folder, and return them by day."""
    target.mkdir(parents=True, exist_ok=True)
    return [(day, _written(target / f"{day}.csv", data)) for day, data in _files(source, days)]


def _files(source: Path, days: int | None) -> Iterator[tuple[date, bytes]]:
    """Yield the files in the order of their days; the archive is read from its beginning to its end."""
    found = {}
    with tarfile.open(source) as archive:
        for member in archive:
            if member.name.endswith(".csv"):
                found[date.fromisoformat(Path(member.name).stem)] = archive.extractfile(
                    member
                ).read()
    yield from sorted(found.items())[:days]


def _written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def closing(day: date) -> datetime:
    """Return when a day's file has come: the midnight after it."""
    return datetime(day.year, day.month, day.day) + timedelta(days=1)  # noqa: DTZ001 - UTC
