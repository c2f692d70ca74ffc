"""The page ``/metrics``: what all workers counted, in Prometheus' text form (version 0.0.4)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from interplane.serving.board import BOUNDS_S, Board
from interplane.views.statuses import AGE, AGED
from interplane.views.statuses import COUNTS as LOOK_UPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from interplane.serving.board import Crossing, Slot
    from interplane.serving.ports import Gauge

__all__ = ["render_metrics"]

_ESCAPES: Final = {ord("\\"): "\\\\", ord('"'): '\\"', ord("\n"): "\\n"}
_SHED: Final = {
    "wait": "shed_wait",
    "in_flight": "shed_in_flight",
    "connections": "shed_connections",
}
_LATE: Final = {"header": "late_header", "body": "late_body"}

_Label = tuple[tuple[str, str], ...]


class _Family(NamedTuple):
    """One metric: its name, kind and help, and samples by label."""

    name: str
    kind: str
    text: str
    samples: Iterable[tuple[_Label, float]]


def render_metrics(board: Board, gauges: Iterable[Gauge] = ()) -> bytes:
    """Return the page.

    Counters are sums over all slots, of the dead too; gauges are sums over living workers.

    Args:
        board: what the workers counted.
        gauges: what is beside it.
    """
    lines: list[str] = []
    beside = (_Family(name, "gauge", text, samples) for name, text, samples in gauges)
    families = (*_families(board), *_model_families(board), *_view_families(board), *beside)
    for family in families:
        lines += [f"# HELP {family.name} {family.text}", f"# TYPE {family.name} {family.kind}"]
        lines += [
            f"{family.name}{_labels(label)} {_text(value)}" for label, value in family.samples
        ]
    lines += _histogram(board)
    return ("\n".join(lines) + "\n").encode()


def _families(board: Board) -> Iterator[_Family]:
    slots = board.slots
    alive = [slot for slot in slots if slot.get("pid")]
    requests: Counter[tuple[str, int]] = Counter()
    for slot in slots:
        for route, status, count in slot.requests():
            requests[route, status] += count
    yield _Family(
        "interplane_requests_total",
        "counter",
        "Requests that were answered, by route and status.",
        [
            ((("route", route), ("status", str(status) if status else "other")), count)
            for (route, status), count in sorted(requests.items())
        ],
    )
    yield _by(slots, "interplane_requests_shed_total", "reason", _SHED, "Refused by saturation.")
    yield _by(slots, "interplane_requests_late_total", "part", _LATE, "Not complete in time.")
    yield _sum(slots, "interplane_connections_total", "connections_total", "Connections taken.")
    yield _sum(slots, "interplane_faults_total", "faults", "Requests that met a fault of ours.")
    yield _sum(
        slots, "interplane_log_frames_lost_total", "frames_lost", "Frames of the log that are lost."
    )
    yield _sum(slots, "interplane_worker_starts_total", "starts", "Workers that were started.")
    yield _gauge("interplane_workers", "Workers that are there.", len(alive))
    yield _gauge(
        "interplane_connections",
        "Connections that are open.",
        sum(slot.get("connections") for slot in alive),
    )
    yield _gauge(
        "interplane_requests_in_flight",
        "Requests that are being answered.",
        sum(slot.get("in_flight") for slot in alive),
    )
    yield _gauge(
        "interplane_start_time_seconds",
        "When the oldest worker that is there started, in seconds since 1970.",
        min((slot.get("started_us") for slot in alive), default=0) / 1_000_000,
    )


def _model_families(board: Board) -> Iterator[_Family]:
    for name, what, text in (
        ("interplane_predictions_total", "predictions", "Rows that were predicted."),
        ("interplane_rows_rejected_total", "rejected", "Rows that were refused."),
        ("interplane_load_failures_total", "load_failures", "Live crossings that did not load."),
        (
            "interplane_canary_load_failures_total",
            "canary_load_failures",
            "Canaries that did not load: what is live had their share.",
        ),
        (
            "interplane_answered_instead_total",
            "instead",
            "Rows that what is live predicted because the canary could not.",
        ),
    ):
        counts: Counter[str] = Counter()
        for slot in board.slots:
            for entry in slot.entries():
                counts[entry.read()[0]] += entry.get(what)
        yield _Family(
            name, "counter", text, [((("model", model),), n) for model, n in sorted(counts.items())]
        )
    by_crossing: Counter[_Label] = Counter()
    for slot in board.slots:
        for tally in slot.tallies():
            by_crossing[_crossing_label(*tally.read())] += tally.count
    yield _Family(
        "interplane_crossing_predictions_total",
        "counter",
        "Rows that were predicted, by the crossing that did.",
        sorted(by_crossing.items()),
    )
    live: Counter[_Label] = Counter()
    for slot in board.slots:
        for model, crossing in (entry.read() for entry in slot.entries() if slot.get("pid")):
            if crossing is not None:
                live[_crossing_label(model, crossing)] += 1
    yield _Family(
        "interplane_live_crossing",
        "gauge",
        "How many workers serve which crossing of a model.",
        sorted(live.items()),
    )


def _view_families(board: Board) -> Iterator[_Family]:
    """Yield how look-ups of feature views went, and how old what they found was."""
    counts: dict[tuple[str, str], list[int]] = {}
    for slot in board.slots:
        for tally in slot.view_tallies():
            key = tally.read()
            before = counts.get(key, [0] * len(LOOK_UPS))
            counts[key] = [old + new for old, new in zip(before, tally.counts, strict=True)]
    views = sorted(counts.items())
    yield _Family(
        "interplane_look_ups_total",
        "counter",
        "Look-ups of entities in feature views, by how they were found.",
        [
            ((("view", view), ("version", version), ("status", status)), found[place])
            for (view, version), found in views
            for place, status in enumerate(LOOK_UPS[:AGE])
        ],
    )
    ages: list[tuple[_Label, float]] = []
    aged: list[tuple[_Label, float]] = []
    for (view, version), found in views:
        label = (("view", view), ("version", version))
        ages.append((label, found[AGE] / 1000))
        aged.append((label, sum(found[place] for place in AGED)))
    yield _Family(
        "interplane_look_up_age_seconds_total",
        "counter",
        "How old what look-ups found was at their prediction times, together.",
        ages,
    )
    yield _Family(
        "interplane_look_ups_aged_total", "counter", "Look-ups that found something.", aged
    )


def _crossing_label(model: str, crossing: Crossing) -> _Label:
    return (("model", model), ("name", crossing.name), ("crossing", crossing.digest))


def _histogram(board: Board) -> Iterator[str]:
    name = "interplane_request_duration_seconds"
    yield f"# HELP {name} How long a request for predictions took, by model."
    yield f"# TYPE {name} histogram"
    buckets: dict[str, list[int]] = {}
    took_us: Counter[str] = Counter()
    for slot in board.slots:
        for entry in slot.entries():
            model = entry.read()[0]
            before = buckets.get(model, [0] * (len(BOUNDS_S) + 1))
            buckets[model] = [old + new for old, new in zip(before, entry.buckets, strict=True)]
            took_us[model] += entry.get("took_us")
    for model, counts in sorted(buckets.items()):
        up_to = 0
        for bound, count in zip((*map(_text, BOUNDS_S), "+Inf"), counts, strict=True):
            up_to += count
            yield f"{name}_bucket{_labels((('model', model), ('le', bound)))} {up_to}"
        label = _labels((("model", model),))
        yield f"{name}_sum{label} {_text(took_us[model] / 1_000_000)}"
        yield f"{name}_count{label} {up_to}"


def _by(slots: Iterable[Slot], name: str, label: str, words: dict[str, str], text: str) -> _Family:
    samples = [
        (((label, value),), sum(slot.get(word) for slot in slots)) for value, word in words.items()
    ]
    return _Family(name, "counter", text, samples)


def _sum(slots: Iterable[Slot], name: str, word: str, text: str) -> _Family:
    return _Family(name, "counter", text, [((), sum(slot.get(word) for slot in slots))])


def _gauge(name: str, text: str, value: float) -> _Family:
    return _Family(name, "gauge", text, [((), value)])


def _labels(label: _Label) -> str:
    r"""Return labels as they stand behind a metric's name.

    >>> _labels((("model", 'a"b'),))
    '{model="a\\"b"}'
    """
    if not label:
        return ""
    pairs = (f'{name}="{value.translate(_ESCAPES)}"' for name, value in label)
    return "{" + ",".join(pairs) + "}"


def _text(value: float) -> str:
    whole = int(value)
    return str(whole) if whole == value else repr(value)
