"""Counters: exact over workers, restarts and deaths; the page is read by a strict reader."""

import os
import threading

import pytest
from metrics_text import read_metrics, value

from interplane.errors import StorageError
from interplane.serving.board import MOST_MODELS, MOST_VIEWS, ROUTES, STATUSES, Board
from interplane.serving.gauges import LiveGauges, Skew
from interplane.serving.metrics import SlotMeter, request_word
from interplane.serving.metrics_page import render_metrics
from interplane.testing.memory_online import MemoryOnline
from interplane.views.history import Event
from interplane.views.ports import Fact
from interplane.views.statuses import AGE, NOT_FOUND, OUTSIDE_TTL, PRESENT
from interplane.views.statuses import STATUSES as STATUS_NAMES
from interplane.views.view import example

VIEW = example()


@pytest.fixture
def board():
    """Return a board of two slots, with a worker in each."""
    with Board.create(2) as made:
        for number, slot in enumerate(made.slots):
            slot.begin(pid=100 + number, started_us=5_000_000 + number)
        yield made


def page(board):
    return read_metrics(render_metrics(board))


def test_an_empty_board_has_a_page(board):
    """With nothing but zeros."""
    families = page(board)
    assert 2 == value(families, "interplane_workers")
    assert 5 == value(families, "interplane_start_time_seconds")
    assert 0 == value(families, "interplane_requests_total")


def test_predictions_add_up_over_slots(board):
    """Rows, refused rows, and how long requests took."""
    meters = [SlotMeter(slot) for slot in board.slots]
    meters[0].predictions("flights", 3, rejected=0, took_us=99)
    meters[1].predictions("flights", 1, rejected=2, took_us=100)
    meters[1].predictions("flights", 0, rejected=1, took_us=101)
    meters[1].predictions("flights", 5, rejected=0, took_us=60_000_000)
    meters[1].predictions("taxis", 7, rejected=0, took_us=0)
    families = page(board)
    assert 9 == value(families, "interplane_predictions_total", model="flights")
    assert 3 == value(families, "interplane_rows_rejected_total", model="flights")
    assert 7 == value(families, "interplane_predictions_total", model="taxis")
    seconds = "interplane_request_duration_seconds"
    assert 4 == value(families, f"{seconds}_count", model="flights")
    assert 2 == value(families, f"{seconds}_bucket", model="flights", le="0.0001")
    assert 3 == value(families, f"{seconds}_bucket", model="flights", le="0.00025")
    assert 3 == value(families, f"{seconds}_bucket", model="flights", le="10")
    assert 4 == value(families, f"{seconds}_bucket", model="flights", le="+Inf")
    assert 60.0003 == value(families, f"{seconds}_sum", model="flights")


def test_every_route_and_status_has_a_place_of_its_own(board):
    """And those without one are counted as other."""
    words = {request_word(route, status) for route in ROUTES for status in STATUSES}
    assert len(ROUTES) * len(STATUSES) == len(words)
    board.slots[0].words[request_word("predict", 200)] += 5
    board.slots[1].words[request_word("predict", 200)] += 6
    board.slots[1].words[request_word("livez", 299)] += 1
    families = page(board)
    name = "interplane_requests_total"
    assert 11 == value(families, name, route="predict", status="200")
    assert 1 == value(families, name, route="livez", status="other")
    assert 12 == value(families, name)


def test_a_slot_goes_on_where_its_last_worker_stopped(board):
    """What was counted stays; what was a state does not."""
    meter = SlotMeter(board.slots[0])
    meter.predictions("flights", 3, rejected=0, took_us=10)
    meter.live("flights", "ab" * 32, "flights@1")
    board.slots[0].set("connections", 17)
    board.slots[0].end()
    families = page(board)
    assert 3 == value(families, "interplane_predictions_total")
    assert 0 == value(families, "interplane_connections")
    assert 0 == value(families, "interplane_live_crossing")
    assert 1 == value(families, "interplane_workers")
    board.slots[0].begin(pid=300, started_us=9_000_000)
    assert 0 == value(page(board), "interplane_live_crossing")
    successor = SlotMeter(board.slots[0])
    successor.predictions("flights", 4, rejected=0, took_us=10)
    successor.predictions("taxis", 1, rejected=0, took_us=10)
    families = page(board)
    assert 7 == value(families, "interplane_predictions_total", model="flights")
    assert 1 == value(families, "interplane_predictions_total", model="taxis")
    assert 3 == value(families, "interplane_worker_starts_total")


def test_what_is_live_is_said_with_how_many_workers_serve_it(board):
    """One that was swapped is not said any more."""
    meters = [SlotMeter(slot) for slot in board.slots]
    for meter in meters:
        meter.live("flights", "ab" * 32, "flights@1")
    assert 2 == value(page(board), "interplane_live_crossing", model="flights", name="flights@1")
    meters[0].live("flights", "cd" * 32, "flights@2")
    families = page(board)
    assert 1 == value(families, "interplane_live_crossing", name="flights@1", crossing="ab" * 32)
    assert 1 == value(families, "interplane_live_crossing", name="flights@2", crossing="cd" * 32)


def test_failures_to_load_and_lost_frames_are_counted(board):
    """From any thread."""
    meter = SlotMeter(board.slots[0])

    def fail():
        for _ in range(500):
            meter.load_failed("flights")
            meter.frames_lost(2)

    threads = [threading.Thread(target=fail) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    families = page(board)
    assert 2000 == value(families, "interplane_load_failures_total", model="flights")
    assert 4000 == value(families, "interplane_log_frames_lost_total")


def test_models_beyond_the_most_share_one_entry(board):
    """The labels of the page have a bound."""
    meter = SlotMeter(board.slots[0])
    for number in range(MOST_MODELS + 50):
        meter.predictions(f"model-{number}", 1, rejected=0, took_us=10)
        meter.live(f"model-{number}", "ab" * 32, f"model-{number}@1")
    families = page(board)
    samples = families["interplane_predictions_total"].samples
    assert MOST_MODELS == len(samples)
    assert 51 == value(families, "interplane_predictions_total", model="_other")
    assert MOST_MODELS + 50 == value(families, "interplane_predictions_total")
    assert MOST_MODELS - 1 == value(families, "interplane_live_crossing")


def test_a_page_is_read_while_names_change(board):
    """A reader in another process sees one crossing or the other, and no mixture of two."""
    meter = SlotMeter(board.slots[0])
    meter.live("flights", "a" * 64, "flights@1")
    other = Board(os.dup(board.handle), slots=2)
    stop = threading.Event()

    def swap():
        number = 0
        while not stop.is_set():
            number += 1
            letter = "ab"[number % 2]
            meter.live("flights", letter * 64, f"flights@{letter * 20}")

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for _ in range(300):
            model, crossing = next(other.slots[0].entries()).read()
            assert "flights" == model
            assert 1 == len(set(crossing.digest))
            assert crossing.name in {"flights@1", f"flights@{crossing.digest[0] * 20}"}
    finally:
        stop.set()
        thread.join()
        os.close(other.handle)


def test_the_reader_refuses_what_is_not_of_the_form():
    """So that its word is worth something."""
    for raw in (
        b"x 1\n",
        b"# HELP x y\n# TYPE x counter\nx 1\n",
        b"# HELP x y\n# TYPE x gauge\nx 1\nx 1\n",
        b"# HELP x y\n# TYPE x gauge\nx{a=b} 1\n",
        b'# HELP x y\n# TYPE x gauge\nx{a="b} 1\n',
        b"# HELP x y\n# TYPE x gauge\ny 1\n",
        b"# HELP x y\n# TYPE x gauge\nx one\n",
        b"# HELP x y\n# TYPE x gauge\nx 1",
    ):
        with pytest.raises((AssertionError, KeyError, ValueError)):
            read_metrics(raw)


def test_look_ups_are_counted_by_view_and_status(board):
    """Over all workers; a worker that comes after another one goes on counting."""
    for slot in board.slots:
        counts = SlotMeter(slot).look_ups("weather", "abc")
        counts[PRESENT] += 1
        counts[AGE] += 2500
        counts[NOT_FOUND] += 1
    SlotMeter(board.slots[0]).look_ups("weather", "abc")[OUTSIDE_TTL] += 1
    families = page(board)
    of = {"view": "weather", "version": "abc"}
    assert [2, 0, 2, 1] == [
        value(families, "interplane_look_ups_total", status=status, **of) for status in STATUS_NAMES
    ]
    assert 5 == value(families, "interplane_look_up_age_seconds_total", **of)
    assert 3 == value(families, "interplane_look_ups_aged_total", **of)


def test_views_beyond_the_most_share_one_entry(board):
    """A server that has had many versions keeps a page of bounded length."""
    meter = SlotMeter(board.slots[0])
    for number in range(MOST_VIEWS + 5):
        meter.look_ups("weather", f"v{number}")[PRESENT] += 1
    families = page(board)
    assert 6 == value(families, "interplane_look_ups_total", view="_other", status="present")
    versions = {
        dict(labels)["version"] for _, labels in families["interplane_look_ups_total"].samples
    }
    assert MOST_VIEWS == len(versions)


def test_gauges_stand_beside_the_counters(board):
    """And what cannot be read is said instead of shown."""
    store = MemoryOnline()
    store.register(VIEW)
    store.write([Fact(1, ("a",), Event(40_000_000, 5, (1,), (1.0,)))])
    skew = Skew("flights", "flights@2", 500, [("late_7d", "feature", 0.25)], ("late_7d", "add"))
    clock = iter((50_000_000, 51_000_000, 90_000_000))

    def skews():
        if store.views:
            return [skew]
        raise StorageError("no disk")

    gauges = LiveGauges(store, skews, clock_us=lambda: next(clock))
    families = read_metrics(render_metrics(board, gauges()))
    assert 10 == value(families, "interplane_view_age_seconds", view="example")
    assert 0.25 == value(families, "interplane_skew_rate", model="flights", what="late_7d")
    assert 500 == value(families, "interplane_skew_audited_rows", name="flights@2")
    assert 1 == value(families, "interplane_skew_first", operation="add")
    assert 0 == value(families, "interplane_gauges_unreadable")
    store.forget(VIEW)
    assert 11 == value(
        read_metrics(render_metrics(board, gauges())), "interplane_view_age_seconds", view="example"
    )
    families = read_metrics(render_metrics(board, gauges()))
    assert 1 == value(families, "interplane_gauges_unreadable", of="audits")
    assert {} == families["interplane_view_age_seconds"].samples
