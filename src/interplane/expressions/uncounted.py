"""What stands for several features, or for a value to come, and says so when it is calculated with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from interplane.errors import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Several", "Uncounted"]

_OPERATORS = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**",
    "matmul": "@", "and": "&", "xor": "^",
}  # fmt: skip
_ONE_SIDED = {
    "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "neg": "-", "pos": "+", "invert": "~",
    "abs": "abs()", "round": "round()", "float": "float()", "int": "int()",
}  # fmt: skip


class Uncounted:
    """What has no arithmetic: each operator says what it is instead, and what to write.

    >>> class Both(Uncounted):
    ...     _is, _do = "two features", "Calculate with each"
    >>> 1 + Both()
    Traceback (most recent call last):
    interplane.errors.ExpressionError: + got two features. Expected an expression, which has one value for each row. Calculate with each.
    """

    __slots__ = ()

    _is: ClassVar[str]
    _do: ClassVar[str]


def _refuses(operator: str) -> Callable[..., NoReturn]:
    def refuse(self: Uncounted, *_: Any) -> NoReturn:
        raise ExpressionError(
            f"{operator} got {self._is}",
            expected="an expression, which has one value for each row",
            do=self._do,
        )

    return refuse


for _name, _operator in _OPERATORS.items():
    setattr(Uncounted, f"__{_name}__", _refuses(_operator))
    setattr(Uncounted, f"__r{_name}__", _refuses(_operator))
for _name, _operator in _ONE_SIDED.items():
    setattr(Uncounted, f"__{_name}__", _refuses(_operator))


class Several(Uncounted, dict[str, Any]):
    """Features by suffix, as an encoding returns them: a dict in all but that it cannot be added to.

    >>> Several(sin=1)["sin"], Several(sin=1) | {"cos": 2}
    (1, {'sin': 1, 'cos': 2})
    """

    __slots__ = ()

    _is = "several features, in a dict by suffix"
    _do = 'Take one of them, for example cyclic(x)["sin"], or calculate before the encoding'
