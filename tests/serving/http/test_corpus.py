"""Whatever is sent: JSON comes back, no 5xx, and the same process goes on in the same memory."""

import os
from pathlib import Path

import pytest
from corpus import hostile_requests, problems
from raw_client import predict

HOSTILE = hostile_requests()
SHARES = 8
MOST_GROWTH = 64 << 20


def resident(pid):
    """Return how much memory a process has, in bytes."""
    pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def test_the_corpus_is_large_and_its_names_are_its_own():
    """So that a failure can be found."""
    assert len(HOSTILE) >= 500
    assert len(HOSTILE) == len({hostile.name for hostile in HOSTILE})


@pytest.mark.parametrize("share", range(SHARES))
def test_hostile_requests_are_answered_in_json_without_a_5xx(share, shared):
    """And a good one after each is answered as before, by the same process."""
    pid = shared.pid()
    before = resident(pid)
    wrong = {}
    for hostile in HOSTILE[share::SHARES]:
        if found := problems(shared.port, hostile):
            wrong[hostile.name] = found
        assert pid == shared.ask(predict()).json["pid"], hostile.name
    assert {} == wrong
    assert resident(pid) < before + MOST_GROWTH
    assert [] == shared.log("fault")
