"""Features that are others each time their function is called: what they were would be frozen by chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from interplane.errors import NotFreezable
from interplane.expressions.jsonform import to_json

__all__ = ["refuse_changing"]


def refuse_changing(first: Any, again: Any, *, of: str) -> None:
    """Refuse features that two calls of one function with the same row write differently.

    Chance is seen so, however it is drawn; what stays the same for a while is seen by the call that reads
    it (`surroundings.py`).

    Args:
        first: what the function returned.
        again: what it returned when it was called once more.
        of: the name that the features go by.

    Raises:
        NotFreezable: naming the first feature that is another one.
    """
    if not isinstance(first, Mapping) or not isinstance(again, Mapping):
        return
    if list(first) != list(again):
        raise _refused(f"the features of {of} are", list(first), list(again), {})
    for name, feature in first.items():
        if _form(feature) != _form(again[name]):
            what = f"the feature {name!r} of {of} is"
            raise _refused(what, feature, again[name], {"feature": str(name)})


def _form(value: Any) -> Any:
    """Return what tells whether two features are written alike; expressions are compared by value."""
    node = getattr(value, "node", None)
    if node is not None:
        return to_json(node)
    if isinstance(value, Mapping):
        return [(name, _form(each)) for name, each in value.items()]
    if isinstance(value, list | tuple):
        return [_form(each) for each in value]
    if is_dataclass(value):
        return [(field.name, _form(getattr(value, field.name))) for field in fields(value)]
    return repr(value)


def _refused(what: str, first: Any, again: Any, details: dict[str, Any]) -> NotFreezable:
    return NotFreezable(
        f"{what} {first!r:.150} when its function is called, and {again!r:.150} when it is called again",
        expected="the same each time: what it is at the fit would be frozen, by chance",
        do="Take chance and the clock out of the function; the time of a row is a column of it",
        **details,
    )
