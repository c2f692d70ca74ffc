"""What frozen features are made of by hand, and rows that are taken as they are, held to their types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, get_args

from interplane.errors import RequestRejected, UsageError
from interplane.expressions import nodes
from interplane.features.lookups import LookupTable
from interplane.features.requests import expected_of, fits
from interplane.features.training import Parity, Training
from interplane.record.arguments import told
from interplane.views.derived import AnyUse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.features.frozen import Frozen
    from interplane.record import Type

__all__ = ["check_parts", "check_values"]


def check_parts(frozen: Frozen) -> None:
    """Refuse parts that are none: nothing of them is looked at but what kind of thing they are.

    Raises:
        UsageError: for the first one.
    """
    _check_named("features", frozen.features, get_args(nodes.Node), "an expression without a row")
    _check_named("lookups", frozen.lookups, (LookupTable,), "a table that is looked up")
    _check_named("uses", frozen.uses, get_args(AnyUse), "a view that is joined")
    for name in ("label", "time"):
        _check(name, getattr(frozen, name), str | None, "a column, or None")
    for name in ("key", "context"):
        value = getattr(frozen, name)
        is_names = isinstance(value, tuple) and all(isinstance(each, str) for each in value)
        _check(name, value if is_names else object(), tuple, "a tuple of columns", shown=value)
    _check("training", frozen.training, Training, "what a fit says of its rows")
    _check("parity", frozen.parity, Parity | None, "what a comparison found, or None")
    _check("read_seen", frozen.read_seen, Callable | None, "a function, or None")


def _check_named(name: str, value: object, kinds: tuple[type, ...], expected: str) -> None:
    words = f"a dict by name, of which each value is {expected}"
    _check(name, value, Mapping, words)
    for each, held in value.items():  # type: ignore[attr-defined]
        _check(f"{name}[{each!r}]", held, kinds, expected)
        _check(f"a name in {name}", each, str, "text")


def _check(name: str, value: object, kind: object, expected: str, *, shown: object = ...) -> None:
    if not isinstance(value, kind):  # type: ignore[arg-type]
        raise UsageError(
            f"{name} of the frozen features is {told(value if shown is ... else shown)}",
            expected=expected,
            do="Fit features, or read them with Frozen.from_dict, rather than make them by hand",
        )


def check_values(row: Sequence[object], columns: Mapping[str, Type]) -> None:
    """Refuse values of a row, in the order of the columns, for the first of another type.

    Raises:
        RequestRejected: for it.
    """
    for value, (name, kind) in zip(row, columns.items(), strict=True):
        if value is not None and not fits(value, kind):
            raise RequestRejected(
                f"{told(value)} stands for the column {name!r}",
                expected=f"{expected_of(kind)}, or None",
                do="Convert it first",
                column=name,
            )
