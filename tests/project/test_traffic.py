"""What servers answered over time: stretches that add up, quantiles within their bins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.project.traffic import SPANS_S, quantile_ms, traffic
from interplane.serving.board import BOUNDS_S
from interplane.serving.minute_file import MINUTES, MinuteFile
from interplane.serving.minutes import Minute, ModelMinute

BINS = len(BOUNDS_S) + 1
START = 1_900_000_000 // 60 * 60 * 1_000_000
MINUTE = 60_000_000


class Place:
    """A workspace with minutes of servers."""

    def __init__(self, workspace):
        self.workspace = workspace

    def keep(self, *minutes):
        """Keep minutes."""
        file = MinuteFile(self.workspace / MINUTES)
        file.write(minutes)
        file.close()


def minute(number, *, server="one", predictions=60, place=3, **fields):
    """Return a minute in which all requests took as long."""
    buckets = tuple(predictions if each == place else 0 for each in range(BINS))
    made = {
        "server": server,
        "number": number,
        "begin_us": START + number * MINUTE,
        "end_us": START + (number + 1) * MINUTE,
        "requests": {"predict": {"2xx": predictions}},
        "in_flight": number,
        "workers": 2,
        "models": {"m": ModelMinute(predictions=predictions, rejected=1, buckets=buckets)},
    }
    return Minute(**{**made, **fields})


def test_without_a_minute_there_is_nothing(tmp_path):
    """Neither before a server ran, nor is a file made."""
    assert traffic(Place(tmp_path), "m") is None
    assert [] == list(tmp_path.iterdir())


def test_servers_beside_each_other_add_up(tmp_path):
    """Their predictions do, the time that they ran does not; errors are those of all models."""
    place = Place(tmp_path)
    bad = {"predict": {"2xx": 58, "4xx": 2, "5xx": 3}, "model": {"2xx": 9}}
    place.keep(
        minute(0),
        minute(0, server="two", requests=bad, shed=2, faults=1, frames_lost=4, workers=1),
        minute(2, predictions=120, models={"other": ModelMinute(predictions=9)}),
    )
    found = traffic(place, "m")
    first, last = found.stretches
    assert (60.0, 120, 2.0, 2) == (
        first.seconds,
        first.predictions,
        first.per_second,
        first.rejected,
    )
    assert {"2xx": 118, "4xx": 2, "5xx": 3} == first.statuses
    assert (2, 1, 4, 1) == (first.shed, first.faults, first.frames_lost, first.workers)
    assert (0, None, 2) == (last.predictions, last.p99_ms, last.in_flight)
    assert (120, 120.0) == (found.whole.predictions, found.whole.seconds)
    assert 0.5 < found.whole.p50_ms < found.whole.p99_ms <= 1.0


@pytest.mark.parametrize("span", SPANS_S)
def test_what_is_before_the_span_is_left_out(tmp_path, span):
    """Counted back from the newest minute, in a bounded number of stretches."""
    place = Place(tmp_path)
    back = SPANS_S[span] // 60
    numbers = range(0, -back - 30, -max(back // 300, 1))
    place.keep(*map(minute, numbers))
    found = traffic(place, "m", span=span)
    assert len(found.stretches) <= 122
    assert found.stretches[0].begin_us >= START - back * MINUTE
    assert sum(each.predictions for each in found.stretches) == found.whole.predictions


@given(st.lists(st.integers(0, 1000), min_size=BINS, max_size=BINS))
def test_quantiles_are_in_order_and_within_their_bins(counts):
    """However the requests are spread."""
    found = [quantile_ms(counts, level) for level in (0.0, 0.5, 0.95, 0.99, 1.0)]
    if not sum(counts):
        assert {None} == set(found)
        return
    assert sorted(found) == found
    edges = (0.0, *BOUNDS_S, BOUNDS_S[-1])
    taken = [place for place, count in enumerate(counts) if count]
    assert edges[taken[0]] * 1e3 <= found[0]
    assert found[-1] == pytest.approx(edges[taken[-1] + 1] * 1e3)
