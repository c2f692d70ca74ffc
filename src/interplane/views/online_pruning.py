"""How the online store in SQLite lets go of what matters no more, a bounded piece at a time.

What can go is found while others write. That is safe, because events only ever hide others: what
matters no more never matters again. Readers need not be told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.views.retention import keeps_every_event, windows_after

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from interplane.storage.sqlite_connections import Connections
    from interplane.views.ports import Registered

__all__ = ["drop_forgotten", "prune"]

_PAGE: Final = 2000
_REPLACED: Final = (
    "SELECT place FROM (SELECT place, known, max(known) OVER (PARTITION BY {named}) AS last "
    "FROM event WHERE view = ? AND {mark} = 1 AND known <= ?) WHERE known < last"
)
_PASSED: Final = _REPLACED.format(mark="is_latest", named="entity")
_CORRECTED: Final = _REPLACED.format(mark="is_version", named="entity, key")
_FORGOTTEN: Final = "SELECT place FROM event WHERE view NOT IN (SELECT number FROM view)"
_OLD: Final = "SELECT place FROM event WHERE view = ? AND is_version = 1 AND known <= ?"


def prune(connections: Connections, registered: Registered) -> None:
    """Unmark what no look-up from the view's horizon on can depend on; drop what is unmarked."""
    view, number, horizon = registered
    if horizon is None:
        return
    if view.has_latest:
        _unmark(connections, "is_latest", _find(connections, _PASSED, number, horizon))
    if keeps_every_event(view):
        _unmark(connections, "is_version", _find(connections, _CORRECTED, number, horizon))
    elif view.has_windows:
        after = windows_after(view, horizon)
        _unmark(connections, "is_version", _find(connections, _OLD, number, after))


def drop_forgotten(connections: Connections) -> None:
    """Drop the events of views that are not registered any more."""
    places = _find(connections, _FORGOTTEN)
    for begin in range(0, len(places), _PAGE):
        page = places[begin : begin + _PAGE]
        _execute(connections, ["DELETE FROM event WHERE place = ?"], page)


def _find(connections: Connections, statement: str, *values: int) -> list[tuple[int]]:
    return connections.read(lambda connection: connection.execute(statement, values).fetchall())


def _unmark(connections: Connections, mark: str, places: Sequence[tuple[int]]) -> None:
    for begin in range(0, len(places), _PAGE):
        statements = [
            f"UPDATE event SET {mark} = 0 WHERE place = ?",
            "DELETE FROM event WHERE place = ? AND is_latest = 0 AND is_version = 0",
        ]
        _execute(connections, statements, places[begin : begin + _PAGE])


def _execute(
    connections: Connections, statements: Sequence[str], places: Sequence[tuple[int]]
) -> None:
    def work(connection: sqlite3.Connection) -> None:
        for statement in statements:
            connection.executemany(statement, places)

    connections.write(work)
