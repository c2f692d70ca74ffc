"""Why something is done: said each time, for the record."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

__all__ = ["Why"]

# Something that is to be seen, and no control characters but tabs and ends of lines: a pattern that
# Python and JSON Schema read alike, which they do not with classes such as "no white space".
_SEEN = (
    "!-~\u00a1-\u167f\u1681-\u1fff\u2030-\u205e\u2060-\u2fff\u3001-\ud7ff\uf900-\ufefe\uff01-\ufff8"
)
_CONTROL = "\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f"
_PATTERN = f"^[^{_SEEN}{_CONTROL}]*[{_SEEN}][^{_CONTROL}]*$"

Why = Annotated[str, Meta(pattern=_PATTERN, max_length=2000, description="why, for the record")]
"""A reason; one of white space alone is none, nor is one with a NUL in it."""
