"""What loading a crossing may raise: a damaged one is one model's trouble, and no other's."""

from __future__ import annotations

from typing import Final

from interplane.errors import InterplaneError

__all__ = ["UNLOADABLE"]

UNLOADABLE: Final = (
    *(InterplaneError, ArithmeticError, AssertionError, AttributeError, EOFError, ImportError),
    *(LookupError, MemoryError, OSError, RuntimeError, TypeError, ValueError),
)
"""Whatever is wrong with one crossing, the thread goes on and the others are served."""
