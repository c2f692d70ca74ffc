"""What stands for several features, or for a value to come, and says so when it is calculated with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from interplane.errors import ExpressionError
from interplane.expressions.refused import UnknownMethod

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Several", "Uncounted"]

_OPERATORS = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**",
    "matmul": "@", "divmod": "divmod()", "and": "&", "or": "|", "xor": "^",
}  # fmt: skip
_ONE_SIDED = {
    "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "neg": "-", "pos": "+", "invert": "~",
    "abs": "abs()", "round": "round()", "float": "float()", "int": "int()",
    "bool": "bool() (if, and, or, not)",
}  # fmt: skip


class Uncounted:
    """What has no arithmetic: each operator and method says what it is instead, and what to write.

    It equals nothing but by ``is``, which a comparison with a constant would hide.

    >>> class Both(Uncounted):
    ...     _is, _do = "two features", "Calculate with each"
    >>> 1 + Both()
    Traceback (most recent call last):
    interplane.errors.ExpressionError: + got two features. Expected an expression, which has one value for each row. Calculate with each.
    """

    __slots__ = ()

    _is: ClassVar[str]
    _do: ClassVar[str]

    __hash__ = object.__hash__

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(name)
        raise self._refusal(f".{name}()", UnknownMethod)

    def _refusal(
        self, operation: str, error: type[ExpressionError] = ExpressionError
    ) -> ExpressionError:
        return error(
            f"{operation} got {self._is}",
            expected="an expression, which has one value for each row",
            do=self._do,
        )


def _refuses(operator: str) -> Callable[..., NoReturn]:
    def refuse(self: Uncounted, *_: Any) -> NoReturn:
        raise self._refusal(operator)

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

    __hash__ = None  # type: ignore[assignment, misc]
    __eq__ = dict.__eq__
    __ne__ = dict.__ne__
    __or__ = dict.__or__
    __ror__ = dict.__ror__

    def __bool__(self) -> bool:
        return len(self) > 0
