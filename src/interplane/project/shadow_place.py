"""How far the shadows of a project have come: one small file, replaced as a whole."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import msgspec

from interplane.errors import StorageError
from interplane.predictions.following import Place
from interplane.record.base import Value

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ShadowPlace", "read_place", "write_place"]

_NAME: Final = "place.json"


class ShadowPlace(Value, frozen=True, kw_only=True):
    """What the next process goes on from.

    Attributes:
        shadows: the crossings that predicted, by model; with others everything is looked at anew.
        place: how far the log was followed by them; everything before it is in their own log.
        starts: how many processes began here, and none came further.
        suspect: the prediction that the last one was at, where that is watched.
        deaths: how many processes died at it.
    """

    shadows: dict[str, str]
    place: Place
    starts: int = 0
    suspect: str | None = None
    deaths: int = 0


def read_place(folder: Path) -> ShadowPlace | None:
    """Return the place that is kept in the folder of the shadows' log, or None.

    A file that is none is no loss: without a place, what is missing is found in the two logs.

    Raises:
        StorageError: if it cannot be read.
    """
    try:
        return msgspec.json.decode((folder / _NAME).read_bytes(), type=ShadowPlace)
    except (FileNotFoundError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
    except OSError as error:
        raise StorageError.from_os(error, doing=f"reading {folder / _NAME}") from error


def write_place(folder: Path, place: ShadowPlace) -> None:
    """Keep a place; when this returns it survives a power cut.

    Raises:
        StorageError: if it cannot be written.
    """
    building = folder / f".{_NAME}.new"
    try:
        with building.open("wb") as file:
            file.write(msgspec.json.encode(place))
            file.flush()
            os.fsync(file.fileno())
        building.replace(folder / _NAME)
        handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise StorageError.from_os(error, doing=f"keeping {folder / _NAME}") from error
