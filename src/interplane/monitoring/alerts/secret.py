"""A text that must not be shown: passwords, tokens, addresses that open a channel by themselves."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from interplane.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Secret"]


class Secret:
    """Holds a text, and shows it to nobody who does not ask for it by ``reveal``.

    >>> password = Secret("open sesame")
    >>> f"{password}", [password]
    ('••••', [••••])
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    @classmethod
    def from_environment(
        cls, name: str, *, setting: str, environment: Mapping[str, str] | None = None
    ) -> Secret:
        """Read a secret from the environment variable that a setting of the project file names.

        Raises:
            ConfigError: if it is not there, empty, or has signs that cannot be sent.
        """
        found = (os.environ if environment is None else environment).get(name, "")
        if not found:
            raise ConfigError(
                f"{setting} names the environment variable {name}, which is not set",
                expected="the secret in that variable",
                do=f"Set {name} where Interplane runs",
            )
        if not (found.isascii() and found.isprintable()):
            raise ConfigError(
                f"{setting} names the environment variable {name}, which has signs that cannot be sent",
                expected="printable ASCII, without a line end",
                do=f"Set {name} anew",
            )
        return cls(found)

    def reveal(self) -> str:
        """Return the text."""
        return self._text

    def __repr__(self) -> str:
        return "••••"

    __str__ = __repr__
