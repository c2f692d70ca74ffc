"""``POST /push`` as Feast's feature server has it: events column by column.

``{"push_source_name": "departures", "df": {"COLUMN": […], …}, "to": "online"}``. Offline there is
nothing to push to: the tables of a project are its data versions. So ``to`` is ``online``, as it is
unless said, and another one is refused by its name.
"""

from __future__ import annotations

from typing import Any, Final

from interplane.errors import RequestRejected
from interplane.serving.refusals import Malformed

__all__ = ["read_push"]

_FIELDS: Final = ("push_source_name", "df", "to", "allow_registry_cache", "transform_on_write")
_FORM: Final = '{"push_source_name": "SOURCE", "df": {"COLUMN": […], …}}'


def read_push(plain: Any, *, most_rows: int) -> tuple[str, list[dict[str, Any]]]:
    """Return the source of a push, and its rows.

    Args:
        plain: the plain values of its JSON.
        most_rows: how many rows there may be.

    Raises:
        Malformed: if it is not of the form.
        RequestRejected: if it asks what is not supported, or has too many rows.

    >>> read_push({"push_source_name": "s", "df": {"x": [1, 2]}}, most_rows=9)
    ('s', [{'x': 1}, {'x': 2}])
    """
    if not isinstance(plain, dict):
        raise _malformed(f"the request is {plain!r:.60}")
    for field in plain:
        if field not in _FIELDS:
            raise _malformed(f"the request has {field!r:.60} at $", ", ".join(_FIELDS))
    for field in ("push_source_name", "df"):
        if field not in plain:
            raise _malformed(f"$.{field} is missing")
    source, columns = plain["push_source_name"], plain["df"]
    if not isinstance(source, str):
        raise _malformed(f"{source!r:.60} at $.push_source_name")
    if not isinstance(columns, dict) or not all(
        isinstance(values, list) for values in columns.values()
    ):
        raise _malformed(f"{columns!r:.60} at $.df")
    _refuse_unsupported(plain)
    lengths = {len(values) for values in columns.values()}
    if len(lengths) > 1:
        raise _malformed("the columns at $.df have several lengths", "one length")
    if max(lengths, default=0) > most_rows:
        raise RequestRejected(
            f"{max(lengths):,} rows at $.df",
            expected=f"at most {most_rows:,}",
            do="Send them in several requests",
            path="$.df",
        )
    names = list(columns)
    rows = zip(*columns.values(), strict=True)
    return source, [dict(zip(names, row, strict=True)) for row in rows]


def _refuse_unsupported(plain: dict[str, Any]) -> None:
    to = plain.get("to", "online")
    if to != "online":
        raise RequestRejected(
            f"to is {to!r:.60} at $.to, which is not supported here",
            expected='"online": what is known offline is the tables of the project',
            do='Push with "to": "online", and add the rows to the dataset with "interplane data add"',
            path="$.to",
        )
    if plain.get("transform_on_write", True) is not True:
        raise RequestRejected(
            "transform_on_write is not true at $.transform_on_write, which is not supported here",
            expected="true: events are pushed, and features are computed of them",
            do="Push the events of the source",
            path="$.transform_on_write",
        )


def _malformed(what: str, expected: str = _FORM) -> Malformed:
    return Malformed(what, expected=expected, do="Correct the request", path="$")
