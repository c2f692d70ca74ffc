"""Arguments of public functions, held to what the signature says before anything runs.

A mistake in a call ends in one of our errors, which says what came, what was expected and what the
argument is for, and not in an ``AttributeError`` twenty calls below. The annotations are the rule: a
function that is `checked` has no line about types in its body. What they cannot say (a name that is
not there, a number out of its bounds) stays with the function. Nothing on the way of a single row is
checked like this: a request has its own schema.
"""

from __future__ import annotations

import functools
import inspect
import re
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, TypeVar

from interplane.errors import UsageError
from interplane.record.kinds import Kind, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["checked", "checked_methods", "told", "told_kind"]

P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C")

_PLAIN = (str, bytes, int, float, bool, list, tuple, dict, set, type(None))


def told(value: object) -> str:
    """Return what a value is, in a few words; of what may be large, its type alone.

    >>> told(5), told("x" * 90)[:20], told(object())
    ('5', "'xxxxxxxxxxxxxxxxxxx", 'an object')
    """
    if type(value) in _PLAIN:
        text = repr(value)
        return text if len(text) <= 60 else f"{text[:57]}…"
    return told_kind(value)


def told_kind(value: object) -> str:
    """Return what kind of thing a value is, for messages.

    >>> told_kind([1, 2]), told_kind(None)
    ('a list', 'None')
    """
    if value is None:
        return "None"
    kind = type(value)
    module = kind.__module__.partition(".")[0]
    words = kind.__name__ if module in {"builtins", "interplane"} else f"{module} {kind.__name__}"
    return f"{'an' if words[0].lower() in 'aeiou' else 'a'} {words}"


def checked(function: Callable[P, R], *, ours: tuple[str, ...] = ()) -> Callable[P, R]:
    """Return the function with its arguments held to its annotations.

    Annotations that are not known here (a protocol, a type that is imported for types alone) take
    everything. Arguments that are missing, or too many, stay Python's own ``TypeError``.

    Args:
        function: a public function or method.
        ours: classes of Interplane in the annotations that the module imports for types alone.

    Raises:
        UsageError: from the function, for an argument of another type; says what it is for.

    >>> @checked
    ... def wait(seconds: float, *, why: str = ""):
    ...     '''Wait.
    ...
    ...     Args:
    ...         seconds: how long.
    ...     '''
    >>> wait("a while")
    Traceback (most recent call last):
    interplane.errors.UsageError: wait: seconds is 'a while'. Expected a number. Give seconds: how long.
    """

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        _wanted(function, ours).hold(args, kwargs)
        return function(*args, **kwargs)

    return call


def checked_methods(*ours: str) -> Callable[[type[C]], type[C]]:
    """Return a decorator of a class: its public methods, and how it is made, are `checked`.

    Args:
        ours: classes of Interplane in the annotations that the module imports for types alone.
    """

    def decorate(cls: type[C]) -> type[C]:
        for name, value in list(vars(cls).items()):
            if name.startswith("_") and name != "__init__":
                continue
            if inspect.isfunction(value):
                setattr(cls, name, checked(value, ours=ours))
            elif isinstance(value, classmethod):
                setattr(cls, name, classmethod(checked(value.__func__, ours=ours)))
        return cls

    return decorate


class _Wanted(NamedTuple):
    """What a signature says: of each parameter by name, and of those by position in order."""

    function: Callable[..., Any]
    positions: tuple[str, ...]
    kinds: Mapping[str, Kind]
    others: Kind | None
    keywords: Kind | None

    @classmethod
    def of(cls, function: Callable[..., Any], ours: tuple[str, ...]) -> _Wanted:
        parameters = inspect.signature(function).parameters.values()
        kinds: dict[str, Kind] = {}
        others = keywords = None
        for each in parameters:
            kind = kind_of(each.annotation, function.__globals__, ours)
            if kind is None:
                continue
            if each.kind is each.VAR_POSITIONAL:
                others = kind
            elif each.kind is each.VAR_KEYWORD:
                keywords = kind
            else:
                kinds[each.name] = kind
        by_place = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        positions = tuple(each.name for each in parameters if each.kind in by_place)
        return cls(function, positions, kinds, others, keywords)

    def hold(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        for name, value in zip(self.positions, args, strict=False):
            self._hold(name, self.kinds.get(name), value)
        for value in args[len(self.positions) :]:
            self._hold("", self.others, value)
        for name, value in kwargs.items():
            known = self.kinds.get(name, None if name in self.positions else self.keywords)
            self._hold(name, known, value)

    def _hold(self, name: str, kind: Kind | None, value: Any) -> None:
        if kind is None or kind.takes(value):
            return
        where = self.function.__qualname__.removesuffix(".__init__")
        meaning = _meaning(self.function, name)
        raise UsageError(
            f"{where}: {name or 'an argument'} is {told(value)}",
            expected=kind.words,
            do=f"Give {name}: {meaning}" if meaning else f"See help({where})",
        )


@functools.cache
def _wanted(function: Callable[..., Any], ours: tuple[str, ...]) -> _Wanted:
    """Return what a signature says; it is read at the first call, as imports are to cost nothing."""
    return _Wanted.of(function, ours)


def _meaning(function: Callable[..., Any], name: str) -> str:
    """Return what the docstring says of an argument, in one line."""
    found = re.search(
        rf"^ +{re.escape(name)}: (.+(?:\n {{9,}}.+)*)", inspect.getdoc(function) or "", re.MULTILINE
    )
    return " ".join(found.group(1).split()) if found and name else ""
