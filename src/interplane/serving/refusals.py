"""What the row path refuses, beyond a row that does not fit its schema."""

from __future__ import annotations

from interplane.errors import RequestRejected

__all__ = ["IdTaken", "Malformed"]


class Malformed(RequestRejected):
    """A body that is no JSON, or not of the form of a request."""

    code = "malformed-request"


class IdTaken(RequestRejected):
    """A client's id that stands for another request already."""

    code = "id-taken"
