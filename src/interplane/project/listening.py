"""Sockets that listen, held by a process that outlives those who answer there."""

from __future__ import annotations

import socket

from interplane.errors import StorageError, UsageError

__all__ = ["listen"]


def listen(address: str, port: int) -> socket.socket:
    """Return a socket that listens there; port 0 takes a free one.

    Raises:
        UsageError: if there is no such address.
        StorageError: if it cannot be listened at: it is none of ours, or taken.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family)
    except OSError as error:
        if isinstance(error, OverflowError) or error.errno is None:
            raise UsageError(
                f"the pages cannot listen at {address}:{port}: {error}",
                expected="an address of this machine, in digits",
                do="Give another with --pages-host and --pages-port",
            ) from error
        raise StorageError(
            f"the pages cannot listen at {address}:{port}: {error.strerror}",
            expected="an address of this machine, and a port that is free",
            do="Give another with --pages-host and --pages-port; port 0 takes a free one",
        ) from error
