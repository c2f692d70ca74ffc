"""Stores for tests: everything in memory, nothing to clean up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.storage.store import Store
from interplane.testing.clocks import FixedClock, FixedHost
from interplane.testing.memory_blobs import MemoryBlobs
from interplane.testing.memory_catalog import MemoryCatalog

if TYPE_CHECKING:
    from interplane.storage.clock import Clock
    from interplane.storage.host import Host

__all__ = ["FixedClock", "FixedHost", "MemoryBlobs", "MemoryCatalog", "memory_store"]


def memory_store(*, clock: Clock | None = None, host: Host | None = None) -> Store:
    """Return an empty store in memory.

    >>> memory_store().has("0" * 64)
    False
    """
    return Store(MemoryCatalog(clock=clock, host=host), MemoryBlobs())
