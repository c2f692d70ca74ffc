"""`to_local` for authors: a zone by its name, or by a column of names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interplane.errors import ExpressionError
from interplane.expressions.zones import read_zone

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["to_local"]

_MOST_ZONES = 100


def to_local(at: Any, zone: Any, zones: Sequence[str] = ()) -> Any:
    """Return the local time of a timestamp.

    What a zone's clocks did and will do becomes data of the expression, so it has to be known when
    the expression is written: a column of names comes with the names that it may hold.

    Args:
        at: the expression of the UTC time.
        zone: the name of a zone, or an expression of names.
        zones: the names that such an expression may give; for others the result is null.

    Raises:
        UnknownName: if there is no such zone.
        ExpressionError: if the zone is a column, and which zones it may hold is not said.

    >>> from interplane.expressions.expr import Row
    >>> row = Row({"at": "timestamp", "zone": "str"})
    >>> row.at.to_local("Europe/Paris").hour()
    at.to_local(zone='Europe/Paris').hour()
    >>> row.at.to_local(row.zone, zones=["Europe/Paris", "UTC"]).type
    'timestamp'
    """
    if isinstance(zone, str):
        return _in_zone(at, zone)
    if getattr(zone, "type", None) != "str":
        raise ExpressionError(
            f"{at!r}.to_local({zone!r:.100})",
            expected="the name of a zone, or a column of names",
            do='Write for example t.to_local("America/New_York")',
        )
    if isinstance(zones, str) or not 0 < len(zones) <= _MOST_ZONES:
        raise ExpressionError(
            f"{at!r}.to_local({zone!r}) does not say which zones the column holds ({zones!r:.100})",
            expected=f"zones=[…], 1 to {_MOST_ZONES} names: their changes become part of the features",
            do=f'Write for example zones=["America/New_York", "Europe/Paris"] beside {zone!r}',
        )
    return _in_zones(at, zone, dict.fromkeys(zones))


def _in_zone(at: Any, name: str) -> Any:
    found = read_zone(name)
    return at._call("to_local", transitions=found.transitions, rule=found.rule, zone=name)  # noqa: SLF001


def _in_zones(at: Any, zone: Any, names: dict[str, None]) -> Any:
    """Return a choice among the zones; names of the same clocks share one."""
    same: dict[tuple[tuple[int, ...], str], list[str]] = {}
    for name in names:
        found = read_zone(name)
        same.setdefault((found.transitions, found.rule), []).append(name)
    result = None
    for alike in same.values():
        found_at = _in_zone(at, alike[0])
        condition = zone.is_in(alike)
        result = condition._call("if_else", found_at, result)  # noqa: SLF001
    return result
