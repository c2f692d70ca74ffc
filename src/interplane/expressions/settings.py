"""What methods of expressions check of their settings before they read them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from interplane.errors import ExpressionError
from interplane.record.arguments import told

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["check_text", "listed", "shares"]


def check_text(value: object, name: str, what: str, *, do: str) -> None:
    """Refuse a setting that is no text.

    >>> check_text("int", "cast", "the name of a type", do="Write x.cast('int')")
    """
    if not isinstance(value, str):
        raise ExpressionError(f"{name} got {told(value)}", expected=what, do=do)


def listed(values: object, name: str) -> list[Any]:
    """Return the values of a list, a tuple or whatever else has several.

    >>> listed((1, 2), "is_in")
    [1, 2]
    """
    if isinstance(values, Iterable) and hasattr(type(values), "__iter__"):
        return list(values)
    raise ExpressionError(
        f"{name} got {told(values)}",
        expected="a list of constants",
        do=f"Write x.{name}([…])",
    )


def shares(values: object) -> Sequence[float]:
    """Return the shares that quantiles are asked of."""
    if isinstance(values, (list, tuple, range)):
        given = list(values)
    elif type(values).__module__ == "numpy":
        given = listed(values, "quantile")
    else:
        given = [None]
    if not all(isinstance(each, (int, float)) for each in given):
        raise ExpressionError(
            f"quantile got {told(values)}",
            expected="a share from 0 to 1, or a list of them",
            do="Write x.quantile(0.9), or x.quantile([0.25, 0.75])",
        )
    return given
