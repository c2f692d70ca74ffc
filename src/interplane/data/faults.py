"""Errors of files: what is wrong, at which line and byte, and what to do about it."""

from __future__ import annotations

from interplane.errors import UnreadableFile

__all__ = ["option", "over_budget", "unreadable"]


def unreadable(
    name: str,
    reason: str,
    *,
    line: int | None = None,
    byte: int | None = None,
    expected: str = "",
    do: str = "",
) -> UnreadableFile:
    """Build the error for a file that cannot be read exactly.

    >>> str(unreadable("a.csv", "the row has 4 fields", line=7, byte=91, expected="3"))
    'a.csv, line 7 (byte 91): the row has 4 fields. Expected 3.'
    """
    place = f", line {line:,}" if line is not None else ""
    place += f" (byte {byte:,})" if byte is not None else ""
    return UnreadableFile(
        f"{name}{place}: {reason}", expected=expected, do=do, file=name, line=line, byte=byte
    )


def option(name: str, value: str | int | bool) -> str:  # noqa: FBT001 - a value, not a switch
    """Return how an option is said, on the command line and in Python.

    >>> print(option("delimiter", ";"))
    --option delimiter=';' (in Python ReadOptions(delimiter=';'))
    """
    plain = str(value).lower() if isinstance(value, bool) else value
    shown = repr(plain) if isinstance(plain, str) and not plain.isalnum() else plain
    return f"--option {name}={shown} (in Python ReadOptions({name}={value!r}))"


def over_budget(name: str, what: str, *, limit: str) -> UnreadableFile:
    """Build the error for a file that costs more than it may."""
    return unreadable(
        name,
        what,
        expected=f"at most {limit}",
        do="If the file is what it should be, raise the budget with limits=Limits(...)",
    )
