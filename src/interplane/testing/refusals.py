"""How a law says that something must be refused."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interplane.errors import InterplaneError

__all__ = ["refused"]


@contextmanager
def refused(kind: type[InterplaneError]) -> Iterator[None]:
    """Pass if the block raises ``kind`` with a message that says something.

    >>> from interplane.errors import NotFound
    >>> with refused(NotFound):
    ...     raise NotFound("there is no such thing", do="Look elsewhere")
    """
    try:
        yield
    except kind as error:
        if not (error.what and error.do):
            raise AssertionError(f"{error!r} does not say what to do") from error
        return
    raise AssertionError(f"nothing was refused where {kind.__name__} was expected")
