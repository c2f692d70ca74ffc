"""A request's header as a whole: whether it is too long, and what it is without an offer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.serving.http_errors import long_header

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.serving.http_errors import Refusal
    from interplane.serving.settings import Limits

__all__ = ["too_long", "without_offer"]

_BESIDE = 4  # colon, space and line end of a field


def too_long(
    target: bytes, fields: Sequence[tuple[bytes, bytes]], limits: Limits
) -> Refusal | None:
    """Refuse a header that has too many fields, or is too long."""
    if len(fields) > limits.headers:
        return long_header(
            f"the request has {len(fields):,} header fields",
            expected=f"at most {limits.headers:,}",
        )
    size = len(target) + sum(len(name) + len(value) + _BESIDE for name, value in fields)
    if size > limits.header_bytes:
        return long_header(
            f"the header of the request has {size:,} bytes",
            expected=f"at most {limits.header_bytes:,}",
        )
    return None


def without_offer(first_line: bytes, fields: Sequence[tuple[bytes, bytes]]) -> bytes:
    r"""Return a header without what offers another protocol.

    >>> offer = [(b"Upgrade", b"h2c"), (b"Connection", b"upgrade, close"), (b"Host", b"a")]
    >>> without_offer(b"GET / HTTP/1.1", offer)
    b'GET / HTTP/1.1\r\nConnection: close\r\nHost: a\r\n\r\n'
    """
    lines = [first_line]
    for name, value in fields:
        lowered = name.lower()
        if lowered == b"connection":
            words = (word.strip() for word in value.lower().split(b","))
            kept = b", ".join(word for word in words if word != b"upgrade")
            lines.append(name + b": " + kept)
        elif lowered != b"upgrade":
            lines.append(name + b": " + value)
    return b"\r\n".join((*lines, b"", b""))
