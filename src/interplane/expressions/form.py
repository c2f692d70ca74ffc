"""What a row of the table of operations is made of: operation, form, option.

A form has two templates, one for the engine and one for a row, and both mean the same:

- ``{0}``, ``{1}`` … are the arguments, ``{digits}`` and the like are options, ``{t}`` (Python only)
  is a fresh name. A template that mentions an argument twice gets it from a variable or a column
  of its own, so that nothing is computed twice.
- Floats are never NaN. A form says when its result may be (``nan``); the emitters then make it
  null before anything but plain arithmetic (``absorbs``) can see it.
- A strict form is null when any argument is. Its SQL has to say so by itself; its Python is only
  run on values. A form that is not strict sees nulls (NULL, None) and says what it makes of them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from string import Formatter
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from interplane.expressions.nodes import Constant
    from interplane.record import Type

__all__ = ["Example", "Form", "Operation", "Option", "mentions"]

_MENTIONS: dict[str, Counter[str]] = {}


def mentions(template: str) -> Counter[str]:
    """Return how often a template mentions each of its arguments and options.

    >>> mentions("({0} if {0} < {1} else {1})")["0"]
    2
    """
    if template not in _MENTIONS:
        fields = (field for _, field, _, _ in Formatter().parse(template))
        _MENTIONS[template] = Counter(field for field in fields if field is not None)
    return _MENTIONS[template]


@dataclass(frozen=True, slots=True)
class Option:
    """A constant setting of an operation.

    Attributes:
        name: its name in templates and in the JSON form.
        expected: what it must be, in words, for messages.
        accepts: whether a value is allowed beside a first argument of this type.
        samples: a few allowed values for each type of first argument, for the fuzzer.
    """

    name: str
    expected: str
    accepts: Callable[[Any, Type], bool]
    samples: Callable[[Type], tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """An operation on arguments of certain types.

    Attributes:
        args: the types of the arguments.
        result: the type of the result.
        sql: the template for DuckDB, or a function of (arguments, options) that writes it.
        python: the template for one row; helpers of runtime.py go by their names.
        safe: templates (SQL, Python) that serve when the last argument is a constant other than
            0 and -1.
        plain: the Python template of a form that is not strict, where no argument can be null.
        strict: null when any argument is null.
        null: when the result of a form that is not strict can be null: if any argument can, if
            all can, if the arguments after the first can, always, or never.
        partial: the result can be null though no argument is.
        nan: when the result can be NaN before it is made null.
        absorbs: NaN among the arguments makes the result NaN (or null), so they may be left in.
        finite: the result is never infinite.
        constants: makes the constants that the Python template needs from the options.
    """

    args: tuple[Type, ...]
    result: Type
    sql: str | Callable[[tuple[str, ...], Mapping[str, Any]], str]
    python: str
    safe: tuple[str, str] | None = None
    plain: str | None = None
    strict: bool = True
    null: Literal["any", "all", "branches", "always", "never"] = "any"
    partial: bool = False
    nan: Literal["never", "sum", "product", "quotient", "always"] = "never"
    absorbs: bool = False
    finite: bool = False
    constants: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """What an operation gives for some arguments; shown on the page and held by a test."""

    args: tuple[Constant, ...]
    result: Constant
    options: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A row of the table of operations.

    Attributes:
        name: its name in the JSON form; never changes its meaning.
        group: the heading that it stands under on the page.
        written: how an author writes it.
        doc: what it gives, and when that is null.
        forms: the types that it takes.
        options: its constant settings.
        examples: what it gives for some arguments.
        check: says what is wrong with settings that do not go together; empty if nothing is.
    """

    name: str
    group: str
    written: str
    doc: str
    forms: tuple[Form, ...]
    examples: tuple[Example, ...]
    options: tuple[Option, ...] = field(default=())
    check: Callable[[Mapping[str, Any]], str] | None = None

    def form(self, types: tuple[Type, ...]) -> Form | None:
        """Return the form for arguments of exactly these types, or None."""
        return next((form for form in self.forms if form.args == types), None)
