"""Hyperparameters: typed settings of steps, as Python values, as text and as plain JSON."""

from __future__ import annotations

import enum
import math
import types
import typing
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from interplane.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Hyperparameter"]

_SCALARS: Final = (bool, int, float, str, date, datetime)
_NAMES: Final = {
    bool: "true or false",
    int: "an integer",
    float: "a finite number",
    str: "a text",
    date: "a date such as 2013-05-01",
    datetime: "a time such as 2013-05-01T12:00:00",
}
_WORDS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, kw_only=True)
class Hyperparameter:
    """A keyword-only parameter of a step.

    Attributes:
        name: its name.
        type: bool, int, float, str, date, datetime, or an enumeration.
        optional: whether None is a value.
        choices: the only values, where it is annotated with a Literal.
        default: the value where none is given.
        required: whether there is no default.

    >>> rate = Hyperparameter.read("rate", float, default=0.1)
    >>> rate.parse("0.05"), rate.to_plain(rate.check(1))
    (0.05, 1.0)
    >>> Hyperparameter.read("until", date, default=None, required=True).parse("2013-05-01")
    datetime.date(2013, 5, 1)
    """

    name: str
    type: type
    optional: bool = False
    choices: tuple[Any, ...] = ()
    default: Any = None
    required: bool = False

    @classmethod
    def read(
        cls, name: str, annotation: Any, *, default: Any, required: bool = False
    ) -> Hyperparameter:
        """Read an annotation and a default; without an annotation the default's type counts.

        Raises:
            UsageError: if the type is none that a hyperparameter can have, or the default is not
                of it.
        """
        base, optional, choices = _read_annotation(name, annotation, default)
        bare = cls(name=name, type=base, optional=optional, choices=choices, required=required)
        value = None if required else bare.check(default)
        return cls(
            name=name,
            type=base,
            optional=optional,
            choices=choices,
            default=value,
            required=required,
        )

    @property
    def expected(self) -> str:
        """What a value must be, in words."""
        if self.choices:
            words = "one of " + ", ".join(str(choice) for choice in self.choices)
        elif issubclass(self.type, enum.Enum):
            words = "one of " + ", ".join(self.type.__members__)
        else:
            words = _NAMES[self.type]
        return f"{words}, or none" if self.optional else words

    def check(self, value: Any) -> Any:
        """Return ``value`` as this hyperparameter holds it; an int is taken for a float.

        Raises:
            UsageError: if it is of another type, or none of the choices.
        """
        if value is None and self.optional:
            return None
        if self.type is float and type(value) is int:
            value = float(value)
        fits = type(value) is self.type and (not self.choices or value in self.choices)
        if not fits or (isinstance(value, float) and not math.isfinite(value)):
            raise self._refusal(value)
        return value

    def parse(self, text: str) -> Any:
        """Read a value from text, as a command line gives it.

        Raises:
            UsageError: if the text is no such value.
        """
        if self.optional and text.lower() in {"none", "null"}:
            return None
        try:
            return self.check(self._from_text(text))
        except (ValueError, KeyError) as error:
            raise self._refusal(text) from error

    def to_plain(self, value: Any) -> Any:
        """Return a value as a plain JSON value."""
        if isinstance(value, date):  # a datetime is one too
            return value.isoformat()
        return value.name if isinstance(value, enum.Enum) else value

    def from_plain(self, plain: Any) -> Any:
        """Return the value of a plain JSON value; the inverse of `to_plain`."""
        if isinstance(plain, str) and self.type is not str:
            return self._from_text(plain)
        return self.check(plain)

    def same_as(self, other: Hyperparameter) -> bool:
        """Return whether both have the same type, choices and default."""
        return self == other and type(self.default) is type(other.default)

    def _from_text(self, text: str) -> Any:
        if issubclass(self.type, enum.Enum):
            return self.type[text]
        if self.type is bool:
            return _WORDS[text.lower()]
        if issubclass(self.type, date):
            return self.type.fromisoformat(text)
        readers: dict[type, Callable[[str], Any]] = {int: int, float: float, str: str}
        return readers[self.type](text)

    def _refusal(self, value: Any) -> UsageError:
        known = [str(choice) for choice in self.choices]
        if issubclass(self.type, enum.Enum):
            known = list(self.type.__members__)
        hint = did_you_mean(str(value), known)
        return UsageError(
            f"{self.name} is {value!r}", expected=self.expected, do=f"{hint}Give such a value"
        )


def _read_annotation(
    name: str, annotation: Any, default: Any
) -> tuple[type, bool, tuple[Any, ...]]:
    if annotation is None:
        if type(default) in _SCALARS or isinstance(default, enum.Enum):
            return type(default), False, ()
        raise _untyped(name, "no type")
    optional = False
    origin = typing.get_origin(annotation)
    if origin in {typing.Union, types.UnionType}:
        members = [item for item in typing.get_args(annotation) if item is not type(None)]
        if len(members) != 1 or len(members) == len(typing.get_args(annotation)):
            raise _untyped(name, f"the type {annotation}")
        annotation, optional = members[0], True
        origin = typing.get_origin(annotation)
    if origin is typing.Literal:
        choices = typing.get_args(annotation)
        kinds = {type(choice) for choice in choices}
        if len(kinds) == 1 and kinds <= {bool, int, str}:
            return kinds.pop(), optional, choices
    elif annotation in _SCALARS or (
        isinstance(annotation, type) and issubclass(annotation, enum.Enum)
    ):
        return annotation, optional, ()
    raise _untyped(name, f"the type {annotation}")


def _untyped(name: str, found: str) -> UsageError:
    return UsageError(
        f"the keyword-only parameter {name!r} has {found}",
        expected="bool, int, float, str, date, datetime, an Enum, a Literal or Optional of these",
        do="Annotate it with one of them; data comes in as positional parameters",
    )
