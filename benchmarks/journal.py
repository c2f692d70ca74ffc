"""A window that opens an alert: one transaction beside one for each thing, and one durable row."""

from __future__ import annotations

import itertools
import sqlite3
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.harness import Row, best_times
from interplane.monitoring.alerts.episodes import advance
from interplane.monitoring.alerts.journal import SqliteJournal
from interplane.monitoring.alerts.outbox import Delivery
from interplane.monitoring.calendar import HOUR_US, window_at
from interplane.testing.journal_laws import RULE, channels, finding, firing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interplane.monitoring.alerts.episodes import Change
    from interplane.monitoring.findings import Finding


def run() -> list[Row]:
    """Measure on the disk of the temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        whole = SqliteJournal(Path(folder) / "whole.sqlite", channels=channels)
        parts = SqliteJournal(Path(folder) / "parts.sqlite")
        bare = sqlite3.connect(Path(folder) / "bare.sqlite", isolation_level=None)
        bare.execute("PRAGMA journal_mode = WAL")
        bare.execute("PRAGMA synchronous = FULL")
        bare.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, body BLOB)")
        try:
            return [_opened(whole, parts, bare)]
        finally:
            bare.close()
            parts.close()
            whole.close()


def _hours() -> Iterator[tuple[int, Finding, list[Change]]]:
    """Yield hours, each with an alert that it opens."""
    for hour in itertools.count():
        found = finding(hour, fires=True, origin=f"A{hour}")
        yield hour, found, advance([], [found], rules={RULE.name: RULE})


def _opened(whole: SqliteJournal, parts: SqliteJournal, bare: sqlite3.Connection) -> Row:
    for_ours, for_parts = _hours(), _hours()

    def ours() -> None:
        hour, found, changes = next(for_ours)
        whole.record_judged(
            RULE.name,
            window_at("1h", hour * HOUR_US),
            findings=[found],
            changes=changes,
            firings=[firing(RULE.name, changes[0].alert.id)],
            now_us=hour,
        )

    def one_by_one() -> None:
        hour, found, changes = next(for_parts)
        window = window_at("1h", hour * HOUR_US)
        parts.record_judged(RULE.name, window, findings=[found], changes=changes, now_us=hour)
        for channel in channels("ops"):
            parts.record_delivery(
                Delivery(alert=changes[0].alert.id, event="opened", channel=channel)
            )
        parts.record_due([firing(RULE.name, changes[0].alert.id)], {})

    def one_row() -> None:
        bare.execute("INSERT INTO row (body) VALUES (?)", (b"x" * 3000,))

    works = {"ours": ours, "parts": one_by_one, "row": one_row}
    times = best_times(works, repeats=9, number=30)
    return Row(
        "window judged + alert + history + 2 deliveries + firing",
        "ms",
        times["ours"] * 1e3,
        {
            "a transaction for each thing": times["parts"] * 1e3,
            "one row of 3 kB in bare SQLite, WAL + FULL": times["row"] * 1e3,
        },
    )
