"""What the metrics page says of rollouts, in labels that are bounded."""

from interplane.serving.board import MOST_CROSSINGS, Board
from interplane.serving.metrics import SlotMeter
from interplane.serving.metrics_page import render_metrics

ONE, TWO = "a" * 64, "b" * 64


def samples(board):
    """The samples of the page by name and labels."""
    lines = render_metrics(board).decode().splitlines()
    pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


def test_rows_are_counted_by_crossing_over_all_workers():
    """Also those of a worker that died, whose place another one took."""
    with Board.create(2) as board:
        for slot, rows in ((0, 3), (1, 4), (1, 5)):
            meter = SlotMeter(board.slots[slot])
            meter.tally("flights", ONE, "flights@1")(rows)
            meter.tally("flights", TWO, "flights@2")(1)
        found = samples(board)
    name = "interplane_crossing_predictions_total"
    label = 'model="flights",name="flights@{}",crossing="{}"'
    assert 12 == found[f"{name}{{{label.format(1, ONE)}}}"]
    assert 3 == found[f"{name}{{{label.format(2, TWO)}}}"]


def test_a_crossing_has_one_tally():
    """However often it is loaded, by whichever worker of a place."""
    with Board.create(1) as board:
        for _ in range(3):
            meter = SlotMeter(board.slots[0])
            for _ in range(5):
                meter.tally("flights", ONE, "flights@1")(1)
        (tally,) = board.slots[0].tallies()
        assert ("flights", (ONE, "flights@1"), 15) == (*tally.read(), tally.count)


def test_beyond_the_most_crossings_they_share_one():
    """The page does not grow for ever."""
    with Board.create(1) as board:
        meter = SlotMeter(board.slots[0])
        for number in range(MOST_CROSSINGS + 40):
            meter.tally("m" * 63, f"{number:064x}", f"{'m' * 63}@{number}")(1)
        counted = [line for line in samples(board) if "crossing_predictions" in line]
        other = (
            'interplane_crossing_predictions_total{model="_other",name="_other",crossing="_other"}'
        )
        assert (MOST_CROSSINGS, 41) == (len(counted), samples(board)[other])
        assert sum(samples(board)[line] for line in counted) == MOST_CROSSINGS + 40


def test_failures_of_canaries_are_counted_by_model():
    """Those to load and those to answer, apart from what is live."""
    with Board.create(1) as board:
        meter = SlotMeter(board.slots[0])
        meter.canary_load_failed("flights")
        meter.answered_instead("flights")
        meter.answered_instead("flights")
        found = samples(board)
    assert (1, 2, 0) == tuple(
        found[f'interplane_{name}_total{{model="flights"}}']
        for name in ("canary_load_failures", "answered_instead", "load_failures")
    )
