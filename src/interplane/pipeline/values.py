"""The text of a constant: equal values, equal text; what it refers to comes along."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import functools
import logging
import re
import types
import typing
import uuid
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

import msgspec

from interplane.record import digest_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

__all__ = ["Opaque", "Writer", "code_text"]

_PLAIN: Final = (
    type(None), bool, int, float, complex, bytes, bytearray, range, type(...), type(NotImplemented),
    dt.date, dt.datetime, dt.time, dt.timedelta, dt.timezone,
    decimal.Decimal, fractions.Fraction, uuid.UUID, typing.TypeVar, typing.ForwardRef,
)  # fmt: skip
_SEQUENCES: Final = (tuple, list, collections.deque)
_MAPPINGS: Final = (
    dict, types.MappingProxyType, collections.OrderedDict, collections.defaultdict,
    collections.Counter,
)  # fmt: skip
_FUNCTIONS: Final = (
    types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType,
    types.WrapperDescriptorType, types.ModuleType, type,
)  # fmt: skip
_DEPTH: Final = 50


class Opaque(Exception):
    """A value whose state cannot be told."""


class Writer:
    """Writes values as text, and collects the functions, classes and modules in them.

    Args:
        root: the project's folder; paths below it are written relative to it, so that two clones
            of a project agree.
        is_ours: whether a module, by its name, belongs to the project.
    """

    def __init__(self, root: Path, is_ours: Callable[[str], bool]) -> None:
        self._root = root
        self._is_ours = is_ours
        self.referred: list[Any] = []

    def write(self, value: Any, depth: int = 0) -> str:
        """Return the text of a value.

        Raises:
            Opaque: if something in it has a state that cannot be told.
        """
        if depth > _DEPTH:
            raise Opaque("nested too deeply")
        kind = type(value)
        if kind in _PLAIN:
            return f"{kind.__name__} {value!r}"
        if kind is str or isinstance(value, PurePath):
            return f"{kind.__name__} {self._relative(value)!r}"
        if isinstance(value, _FUNCTIONS):
            return self._refer(value)
        if isinstance(value, enum.Enum):
            return f"{self._refer(kind)}.{value.name}"
        return self._composed(value, kind, depth + 1)

    def _composed(self, value: Any, kind: type, depth: int) -> str:
        if kind in _SEQUENCES:
            inside = self._several(value, depth)
        elif kind in {set, frozenset}:
            inside = ",".join(sorted(self.write(item, depth) for item in value))
        elif kind in _MAPPINGS:
            inside = self._several((item for pair in value.items() for item in pair), depth)
        elif (parts := _parts(value, kind)) is not None:
            inside = self._several(parts, depth)
        elif (told := _told(value, kind)) is not None:
            inside = told
        else:
            inside = f"{self._refer(kind)} {self.write(self._state(value, kind), depth)}"
        return f"{kind.__name__}({inside})"

    def _state(self, value: Any, kind: type) -> dict[str, Any]:
        """Return the fields of an object that hides nothing: a record, or an object of the project."""
        if dataclasses.is_dataclass(kind):
            names = [item.name for item in dataclasses.fields(kind)]
        elif isinstance(value, msgspec.Struct):
            names = list(value.__struct_fields__)
        elif issubclass(kind, tuple) and hasattr(kind, "_fields"):
            names = list(kind._fields)
        elif (kind is types.SimpleNamespace or self._is_ours(kind.__module__)) and hasattr(
            value, "__dict__"
        ):
            names = sorted(vars(value))
        else:
            raise Opaque(f"a {kind.__module__}.{kind.__qualname__}")
        return {name: getattr(value, name, None) for name in names}

    def _several(self, values: Iterable[Any], depth: int) -> str:
        return ",".join(self.write(value, depth) for value in values)

    def _refer(self, value: Any) -> str:
        self.referred.append(value)
        if isinstance(value, types.FunctionType) and value.__name__ == "<lambda>":
            # Two of them have one name: their order in a list or dict must count.
            return f"<lambda {digest_bytes(code_text(value.__code__).encode())}>"
        return f"<{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', value)}>"

    def _relative(self, value: str | PurePath) -> str:
        text, root = str(value), str(self._root)
        if text == root or text.startswith(f"{root}/"):
            return f"<project>{text[len(root) :]}"
        return text


def _parts(value: Any, kind: type) -> list[Any] | None:
    """Return what a wrapper of functions, a type with arguments or a willing object is made of."""
    hook = getattr(kind, "__fingerprint__", None)
    if hook is not None:
        return [dict(hook(value))]
    if isinstance(value, functools.partial):
        return [value.func, value.args, value.keywords]
    if isinstance(value, types.MethodType):
        return [value.__func__, value.__self__]
    if isinstance(value, property):
        return [value.fget, value.fset, value.fdel]
    if typing.get_origin(value) is not None:
        return [typing.get_origin(value), typing.get_args(value)]
    wrapped = getattr(value, "__wrapped__", None)  # a static method, a cached function
    return None if wrapped is None else [wrapped]


def _told(value: Any, kind: type) -> str | None:
    """Return the text of an object that tells all of itself."""
    if isinstance(value, re.Pattern):
        return f"{value.pattern!r} {value.flags}"  # its repr ends after 200 characters
    if isinstance(value, logging.Logger | slice) or kind.__module__ == "typing":
        # The level of a logger is how this process was started, and no code.
        return repr(getattr(value, "name", value))
    if kind.__module__.partition(".")[0] == "numpy":
        if hasattr(value, "tobytes") and not value.dtype.hasobject:
            return f"{value.dtype} {value.shape} {digest_bytes(value.tobytes())}"
        if hasattr(value, "newbyteorder"):  # a dtype
            return repr(value)
        if kind.__name__ == "ufunc" and "(vectorized)" not in value.__name__:
            return repr(value)  # one that was made of a function hides it
    return None


def code_text(code: types.CodeType) -> str:
    """Return the text of compiled code, without its place: for functions whose source is not there."""
    constants = [_constant_text(item) for item in code.co_consts]
    return f"{code.co_code.hex()} {constants} {code.co_names} {code.co_varnames}"


def _constant_text(item: Any) -> str:
    if isinstance(item, types.CodeType):
        return code_text(item)
    if isinstance(item, frozenset):  # ``x in {"a", "b"}``: the order differs between processes
        return f"frozenset({sorted(map(_constant_text, item))})"
    return repr(item)
