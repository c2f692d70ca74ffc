"""Every log keeps the laws."""

import pytest

from interplane.testing import prediction_laws
from interplane.testing.memory_log import MemoryLog


@pytest.fixture(params=["memory", "segments"])
def log(request, open_writer, segments):
    """A fresh log of each kind, and how its entries are read."""
    if request.param == "memory":
        memory = MemoryLog(sync_ms=0)
        return memory, lambda: memory.entries
    return open_writer(), lambda: [entry for content in segments() for entry in content]


@pytest.mark.parametrize("law", prediction_laws.LAWS, ids=lambda law: law.__name__)
def test_logs_keep_the_law(law, log):
    """Each law with each implementation."""
    law(*log)
