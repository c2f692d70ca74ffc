"""How a person names one version of something: ``flights@7``, ``flights@live``, a digest prefix."""

from __future__ import annotations

import re
from typing import Self

from interplane.errors import UsageError
from interplane.record.arguments import told
from interplane.record.base import Value

__all__ = ["Ref", "check_name"]

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_PREFIX = re.compile(r"[0-9a-f]{6,64}")


def check_name(name: object, *, of: str) -> str:
    """Return ``name`` if it can name a dataset, pipeline, step or model.

    Raises:
        UsageError: if it cannot; names are small letters, digits, ``_`` and ``-``, at most 63.

    >>> check_name("carrier_history", of="dataset")
    'carrier_history'
    """
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise UsageError(
            f"{told(name)} cannot name a {of}",
            expected="small letters, digits, '_' and '-', at most 63, a letter or digit first",
            do="Choose such a name",
        )
    return name


class Ref(Value, frozen=True, kw_only=True):
    """A reference: a name with a number or a pointer, or the beginning of a digest.

    >>> Ref.parse("flights@7")
    Ref(name='flights', number=7, pointer=None, prefix=None)
    >>> Ref.parse("flights").pointer
    'latest'
    """

    name: str | None = None
    number: int | None = None
    pointer: str | None = None
    prefix: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``name``, ``name@number``, ``name@pointer`` or ``@digest-prefix`` (6 or more hex).

        Raises:
            UsageError: if it is none of them.
        """
        if not isinstance(text, str):
            raise _no_reference(text)
        name, at, rest = text.partition("@")
        if at and not name and _PREFIX.fullmatch(rest):
            return cls(prefix=rest)
        if not at and len(text) >= 12 and _PREFIX.fullmatch(text):
            return cls(prefix=text)
        if _NAME.fullmatch(name):
            if not at:
                return cls(name=name, pointer="latest")
            if rest.isascii() and rest.isdigit() and int(rest) > 0:
                return cls(name=name, number=int(rest))
            if _NAME.fullmatch(rest) and not rest[0].isdigit():
                return cls(name=name, pointer=rest)
        raise _no_reference(text)


def _no_reference(given: object) -> UsageError:
    return UsageError(
        f"{told(given)} is no reference",
        expected="NAME, NAME@NUMBER, NAME@POINTER or @DIGEST (6 or more hexadecimal digits)",
        do="For example flights@7, flights@live or @3fa9c1",
    )
