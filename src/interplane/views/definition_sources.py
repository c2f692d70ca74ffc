"""What a view of several sources is written of: columns that all of them have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.data.dataset import Dataset
from interplane.errors import DataError, UnknownName, UsageError
from interplane.views.view import SOURCE_COLUMN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.record import Type
    from interplane.views.view import View

__all__ = ["all_columns", "check_shared", "source_names"]


def source_names(given: str | Dataset | Sequence[str | Dataset]) -> tuple[str, ...]:
    """Return the names of sources, each once.

    Raises:
        UsageError: if one is there twice.
    """
    several = [given] if isinstance(given, str | Dataset) else given
    names = tuple(each.name if isinstance(each, Dataset) else each for each in several)
    if len(set(names)) != len(names):
        raise UsageError(
            f"source={list(names)} names one source twice",
            expected="each once",
            do="Leave one of them out",
        )
    return names


def all_columns(sources: Mapping[str, Mapping[str, Type]], *, of: str) -> dict[str, Type]:
    """Return the columns of some sources, and the one that says which source a row is of.

    Args:
        sources: the types of the columns of each source, by its name.
        of: the view, for messages.

    Raises:
        UsageError: if a source has a column of that name.

    >>> all_columns({"web": {"id": "int", "page": "str"}, "shop": {"id": "int"}}, of="orders")
    {'id': 'int', 'page': 'str', '@source': 'str'}
    """
    found: dict[str, Type] = {}
    for source, types in sources.items():
        if SOURCE_COLUMN in types:
            raise UsageError(
                f"the source {source!r} of {of} has a column {SOURCE_COLUMN!r}",
                expected="that name for the source that an event is of",
                do="Rename the column in the step that makes the source",
            )
        found |= {name: kind for name, kind in types.items() if name not in found}
    return {**found, SOURCE_COLUMN: "str"}


def check_shared(view: View, sources: Mapping[str, Mapping[str, Type]]) -> None:
    """Refuse sources of which one lacks a column that the view reads, or has it with another type.

    Raises:
        UnknownName: if one lacks a column.
        DataError: if two have it with different types.
    """
    for name, kind in view.columns.items():
        if name == SOURCE_COLUMN:
            continue
        for source, types in sources.items():
            if name not in types:
                raise UnknownName.of(
                    *("column", name, types),
                    where=f"the source {source!r}",
                    do=f"{view.name} reads it of all its sources: add it in the step that makes this one",
                )
            if types[name] != kind:
                other = next(each for each, there in sources.items() if there[name] == kind)
                raise DataError(
                    f"the column {name!r} is {types[name]} in the source {source!r}, and {kind} in "
                    f"{other!r}: {view.name} has both as sources",
                    expected="one type in all of them",
                    do="Cast it in the step that makes one of them",
                    column=name,
                )
