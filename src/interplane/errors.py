"""The errors of Interplane, all in one tree.

::

    InterplaneError                    exit  what went wrong
    ├── UsageError (ValueError)           2  something was asked for in the wrong way
    │   ├── ConfigError                   2  the project file or a schema file is wrong
    │   ├── UnknownName (KeyError)        2  a name that is not there; says which ones are
    │   ├── GraphError                    2  a pipeline that cannot be built
    │   └── ExpressionError (TypeError)   2  a feature that cannot be written like this
    │       └── NotFreezable              2  a feature without an exact twin for one row
    ├── DataError (ValueError)            3  data that cannot be taken as they are
    │   ├── UnreadableFile                3  a file that cannot be read exactly
    │   ├── SchemaBroken                  3  rows that break their schema; carries the verdict
    │   ├── Leak                          3  rows that say what a test, or a prediction, may not know
    │   └── RequestRejected               3  one row that does not fit the request schema
    ├── StepFailed (RuntimeError)         4  the code of a step raised
    ├── ParityBroken (ArithmeticError)    4  engine and row program differ
    ├── UnknownArtifact (TypeError)       4  a step returned something without a codec
    ├── GateClosed (RuntimeError)         5  a verdict does not let the crossing pass
    │   └── Unconfirmed                   5  asked for by one person; another has to agree
    ├── StorageError (OSError)            6  the workspace could not do it
    │   ├── NotFound (LookupError)        6  no such digest
    │   ├── Corrupt                       6  bytes that do not match their digest
    │   ├── Fenced                        6  a write by somebody whose lease has ended
    │   ├── NewerFormat                   6  a workspace made by a newer Interplane
    │   ├── StorageFull                   6  no space left; nothing was half-written
    │   └── Busy                          6  somebody else keeps writing; nothing was written
    └── MissingExtra (ImportError)        7  an optional engine that is not installed

A message is three sentences: *what* (with the value and its place), *expected*, and what to *do*.
Each surface renders it once: the command line prints it and exits with ``exit_code``; nothing but
``--debug`` shows a traceback. ``code`` is stable and kebab-case, for programs.

This module imports the standard library only.
"""

from __future__ import annotations

import difflib
import errno
from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "Busy",
    "ConfigError",
    "Corrupt",
    "DataError",
    "ExpressionError",
    "Fenced",
    "GateClosed",
    "GraphError",
    "InterplaneError",
    "Leak",
    "MissingExtra",
    "NewerFormat",
    "NotFound",
    "NotFreezable",
    "ParityBroken",
    "RequestRejected",
    "SchemaBroken",
    "StepFailed",
    "StorageError",
    "StorageFull",
    "Unconfirmed",
    "UnknownArtifact",
    "UnknownName",
    "UnreadableFile",
    "UsageError",
    "did_you_mean",
]


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return ``"Did you mean 'x'? "`` for the nearest known name, or an empty string.

    >>> did_you_mean("flihgts", ["flights", "weather"])
    "Did you mean 'flights'? "
    >>> did_you_mean("zebra", ["flights", "weather"])
    ''
    """
    # What is no text was never a name: it is like none of them.
    near = difflib.get_close_matches(name, sorted(known), n=1) if isinstance(name, str) else []
    return f"Did you mean {near[0]!r}? " if near else ""


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text[-1] in ".?!" else f"{text}."


class InterplaneError(Exception):
    """The root of the tree.

    Args:
        what: what went wrong, with the value and where it stands.
        expected: what was expected instead.
        do: what to do next.
        details: what a program may want to know, as plain JSON values.

    >>> str(InterplaneError("column 'x' is text", expected="a number", do="Cast it"))
    "column 'x' is text. Expected a number. Cast it."
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, expected: str = "", do: str = "", **details: Any) -> None:
        self.what = what
        self.expected = expected
        self.do = do
        self.details = details
        super().__init__(what)

    def __str__(self) -> str:
        expected = f"Expected {self.expected}" if self.expected else ""
        return " ".join(_sentence(part) for part in (self.what, expected, self.do) if part)

    def to_dict(self) -> dict[str, Any]:
        """Return the one JSON shape of an error: code, what, expected, do, details."""
        return {
            "code": self.code,
            "what": self.what,
            "expected": self.expected,
            "do": self.do,
            "details": self.details,
        }


class UsageError(InterplaneError, ValueError):
    """Something was asked for in the wrong way."""

    code = "usage"
    exit_code = 2


class ConfigError(UsageError):
    """The project file or a schema file is wrong."""

    code = "config"


class UnknownName(UsageError, KeyError):
    """A name that is not there; the message says which ones are.

    >>> print(UnknownName.of("dataset", "flihgts", ["flights"], do='See "interplane data list"'))
    there is no dataset 'flihgts'. Known: flights. Did you mean 'flights'? See "interplane data list".
    """

    code = "unknown-name"

    @classmethod
    def of(
        cls, kind: str, name: object, known: Iterable[str], *, do: str = "", where: str = ""
    ) -> Self:
        """Build the error for an unknown ``name`` of a ``kind``, with the nearest known one."""
        names = sorted(map(str, known))
        shown = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
        place = f" in {where}" if where else ""
        what = f"there is no {kind} {name!r}{place}. Known: {shown or 'none yet'}"
        return cls(what, do=f"{did_you_mean(name, names)}{do}", name=name, known=names)


class GraphError(UsageError):
    """A pipeline that cannot be built."""

    code = "graph"


class ExpressionError(UsageError, TypeError):
    """A feature that cannot be written like this."""

    code = "expression"


class NotFreezable(ExpressionError):
    """A feature without an exact twin for one row; names feature and operation."""

    code = "not-freezable"


class DataError(InterplaneError, ValueError):
    """Data that cannot be taken as they are. Nothing was added."""

    code = "data"
    exit_code = 3


class UnreadableFile(DataError):
    """A file that cannot be read exactly: says line, byte and reason."""

    code = "unreadable-file"


class SchemaBroken(DataError):
    """Rows that break their schema. ``verdict`` (a record.Verdict) has every breach."""

    code = "schema-broken"
    verdict: Any = None


class Leak(DataError):
    """Rows that say what a test, or a prediction, may not know.

    ``details`` has ``rows``, how many they are; ``of``, among how many; and ``examples``, some of
    them by the columns that name them.
    """

    code = "leak"


class RequestRejected(DataError):
    """One row that does not fit the request schema; the message has the path of the value."""

    code = "request-rejected"


class StepFailed(InterplaneError, RuntimeError):
    """The code of a step raised; ``__cause__`` is what it raised, where it is known."""

    code = "step-failed"
    exit_code = 4


class ParityBroken(InterplaneError, ArithmeticError):
    """Engine and row program gave different values for a row."""

    code = "parity-broken"
    exit_code = 4


class UnknownArtifact(InterplaneError, TypeError):
    """A step returned something that no codec takes; names step, output and type."""

    code = "unknown-artifact"
    exit_code = 4


class GateClosed(InterplaneError, RuntimeError):
    """A verdict does not let the crossing pass."""

    code = "gate-closed"
    exit_code = 5


class Unconfirmed(GateClosed):
    """What one person asked for and another has to agree to. It stands on record, nothing moved."""

    code = "unconfirmed"


class StorageError(InterplaneError, OSError):
    """The workspace could not do it."""

    code = "storage"
    exit_code = 6

    @classmethod
    def from_os(cls, error: OSError, *, doing: str) -> StorageError:
        """Turn an operating system's error into ours; a full disk becomes StorageFull."""
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return StorageFull(
                f"no space left on the disk while {doing}",
                do="Nothing was half-written. Free some space and run the same command again",
            )
        return cls(
            f"{error.strerror or error} while {doing}",
            do="Nothing was half-written. Mend the cause and run the same command again",
        )


class NotFound(StorageError, LookupError):
    """No such digest in this workspace."""

    code = "not-found"


class Corrupt(StorageError):
    """Bytes that do not match their digest."""

    code = "corrupt"


class Fenced(StorageError):
    """A write by somebody whose lease has ended: another process took over."""

    code = "fenced"


class NewerFormat(StorageError):
    """A workspace made by a newer Interplane."""

    code = "newer-format"


class StorageFull(StorageError):
    """No space left; nothing was half-written."""

    code = "storage-full"


class Busy(StorageError):
    """Somebody else keeps writing; nothing was written."""

    code = "busy"


class MissingExtra(InterplaneError, ImportError):
    """An optional engine that is not installed.

    >>> str(MissingExtra.of("lightgbm", "LightGBM models"))
    'LightGBM models need the package lightgbm, which is not installed. Install it with "pip install interplane[lightgbm]".'
    """

    code = "missing-extra"
    exit_code = 7

    @classmethod
    def of(cls, extra: str, what: str, *, package: str | None = None) -> Self:
        """Build the error for ``what`` that needs an ``extra`` of Interplane."""
        return cls(
            f"{what} need the package {package or extra}, which is not installed",
            do=f'Install it with "pip install interplane[{extra}]"',
            extra=extra,
        )
