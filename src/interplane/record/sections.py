"""Sections of the project file: a table becomes a value, and what it may not say is refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from interplane.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["check_settings", "read_section"]

Kind = TypeVar("Kind", bound=msgspec.Struct)


def read_section(
    plain: Any, kind: type[Kind], *, place: str, example: str, name: str = "", do: str = "Mend it"
) -> Kind:
    """Return what a table of the project file says.

    Args:
        plain: the table.
        kind: what it is to be.
        place: the file, and what else a message begins with.
        example: what a table of this kind may say.
        name: the name of the section, which settings are called by; a table of an array has none.
        do: what to do where it cannot be read.

    Raises:
        ConfigError: if it is no table, or says something that Interplane does not know.
    """
    if not isinstance(plain, dict):
        what, wanted = (f": {name}", f"a table [{name}]") if name else ("", "a table")
        raise ConfigError(f"{place}{what} is {plain!r}", expected=wanted, do=do)
    check_settings(plain, kind.__struct_encode_fields__, place=place, name=name)
    try:
        return msgspec.convert(plain, kind)
    except msgspec.ValidationError as error:
        section = f"[{name}]: " if name else ""
        raise ConfigError(f"{place}: {section}{error}", expected=example, do=do) from error


def check_settings(
    table: Iterable[str], known: Iterable[str], *, place: str, name: str = ""
) -> None:
    """Refuse a setting that there is not.

    Args:
        table: the settings.
        known: those that there are.
        place: what a message begins with.
        name: the name of the section; settings are called by it.

    Raises:
        ConfigError: with the name that was perhaps meant.

    >>> check_settings({"stroe": 1}, ["store", "url"], place="interplane.toml", name="online")
    Traceback (most recent call last):
    interplane.errors.ConfigError: interplane.toml: there is no setting online.stroe. Expected one of online.store, online.url. Did you mean 'store'? Take it out or correct it.
    """
    names = list(known)
    prefix = f"{name}." if name else ""
    for key in table:
        if key not in names:
            raise ConfigError(
                f"{place}: there is no setting {prefix + key if name else repr(key)}",
                expected=f"one of {', '.join(prefix + each for each in names)}",
                do=f"{did_you_mean(key, names)}Take it out or correct it",
            )
