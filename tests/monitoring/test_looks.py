"""Looks at canaries: kept each once, and made only where there is something new."""

from __future__ import annotations

import pytest

from interplane.monitoring.canary import Decision
from interplane.monitoring.looks import Look, Looks, is_due

SINCE = "2026-01-01T00:00:00.000000Z"


def look(number, *, rows=100, refused=0, labelled=0, elapsed_s=60.0, since=SINCE, began=SINCE):
    """Return a look that decided nothing."""
    decision = Decision(
        action="go on",
        reasons=("too few rows",),
        criteria=(),
        look=number,
        rows=rows,
        live_rows=1000,
        refused=refused,
        elapsed_s=elapsed_s,
        level=0.01,
    )
    return Look(
        model="trips",
        canary="c" * 64,
        began=began,
        since=since,
        at=SINCE,
        labelled=labelled,
        decision=decision,
    )


def test_a_look_is_kept_once(tmp_path):
    """Whoever comes second with its number has not looked; another rollout has its own."""
    looks, others = (Looks(tmp_path / "looks.sqlite") for _ in range(2))
    assert looks.find_last("trips", "c" * 64, SINCE) is None
    assert [True, False] == [looks.put(look(1)), others.put(look(1, rows=5))]
    assert others.put(look(2, rows=200))
    assert looks.put(look(1, began="2026-02-01T00:00:00.000000Z"))
    assert [look(1), look(2, rows=200)] == looks.list("trips", "c" * 64, SINCE)
    assert look(2, rows=200) == looks.find_last("trips", "c" * 64, SINCE)
    assert [] == looks.list("trips", "d" * 64, SINCE)
    looks.close()
    others.close()


def due(last, **now):
    """Return whether another look is due."""
    usual = {"since": SINCE, "attempts": 100, "labelled": 0, "elapsed_s": 70.0}
    return is_due(last, **{**usual, **now}, min_time_s=3600.0, max_time_s=86_400.0)


@pytest.mark.parametrize(
    ("last", "now", "expected"),
    [
        (None, {"attempts": 0}, False),
        (None, {"attempts": 1}, True),
        (look(3), {}, False),
        (look(3), {"attempts": 105}, False),
        (look(3), {"attempts": 106}, True),
        (look(3, rows=60, refused=40), {"attempts": 106}, True),
        (look(3, labelled=20), {"labelled": 21}, False),
        (look(3, labelled=20), {"labelled": 22}, True),
        (look(3), {"labelled": 1}, True),
        (look(3), {"elapsed_s": 3599.0}, False),
        (look(3), {"elapsed_s": 3600.0}, True),
        (look(3, elapsed_s=3601.0), {"elapsed_s": 4000.0}, False),
        (look(3), {"elapsed_s": 86_400.0}, True),
        (None, {"attempts": 0, "elapsed_s": 86_400.0}, True),
        (look(3), {"since": "2026-01-02T00:00:00.000000Z", "attempts": 1}, True),
        (look(3), {"since": "2026-01-02T00:00:00.000000Z", "attempts": 0}, False),
    ],
)
def test_a_look_is_made_where_there_is_something_new(last, now, expected):
    """More rows, more outcomes, another share, the least or the longest time over."""
    assert expected == due(last, **now)
