"""What is told of an alert: as words for people, and as JSON for programs. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from interplane.monitoring.calendar import Window

if TYPE_CHECKING:
    from interplane.monitoring.alerts.alert import Alert
    from interplane.monitoring.alerts.outbox import Delivery
    from interplane.monitoring.findings import Cell, Finding

__all__ = ["Message", "figure", "place_of", "slice_of", "time_of", "window_of"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Message(NamedTuple):
    """What one delivery says.

    Attributes:
        key: what a receiver knows a repetition by.
        subject: one line.
        text: some lines, the subject left out.
        plain: the same as JSON values.
    """

    key: str
    subject: str
    text: str
    plain: dict[str, Any]

    @classmethod
    def of(cls, alert: Alert, delivery: Delivery, *, project: str) -> Message:
        """Return what a delivery says of an alert."""
        found = alert.opened if delivery.event == "opened" else alert.last
        cell = alert.cell
        subject = _one_line(
            f"[{project}] {delivery.event}: {cell.rule} of {cell.model} ({place_of(cell)})"
        )
        lines = [
            _moved(cell.metric, found),
            f"Window {window_of(found)}, {found.rows:,} rows, crossing {found.crossing[:12]}.",
            *([found.detail] if found.detail else []),
            _so_far(alert, delivery),
            f'See "interplane alerts show {alert.id[:12]}".',
        ]
        plain = {
            "key": delivery.key,
            "event": delivery.event,
            "project": project,
            "subject": subject,
            "alert": alert.to_dict(),
        }
        return cls(delivery.key, subject, "\n".join(lines) + "\n", plain)


def _moved(metric: str, found: Finding) -> str:
    against = f", against {figure(found.reference)}" if found.reference is not None else ""
    return f"{metric} was {figure(found.value)}{against}: an effect of {figure(found.effect)}."


def _so_far(alert: Alert, delivery: Delivery) -> str:
    if delivery.event == "opened":
        return f"Alert {alert.id[:12]}."
    worst = figure(alert.worst.effect)
    return f"Alert {alert.id[:12]}, over after {alert.windows} windows, at worst {worst}."


def place_of(cell: Cell) -> str:
    """Return where a cell is, in words.

    >>> from interplane.monitoring.findings import Cell
    >>> place_of(
    ...     Cell(
    ...         rule="r",
    ...         model="m",
    ...         metric="psi",
    ...         column="row.wind",
    ...         by=("origin",),
    ...         values=("JFK",),
    ...     )
    ... )
    'row.wind, origin=JFK'
    """
    return ", ".join(part for part in (cell.column, slice_of(cell)) if part) or "all rows"


def slice_of(cell: Cell) -> str:
    """Return the slice of a cell, in words; empty for all rows."""
    pairs = zip(cell.by, cell.values, strict=True)
    return " ".join(f"{name}={'null' if value is None else value}" for name, value in pairs)


def figure(number: float | None) -> str:
    """Return a number for a person.

    >>> figure(0.123456), figure(None)
    ('0.1235', 'unknown')
    """
    return "unknown" if number is None else f"{number:.4g}"


def time_of(at_us: int) -> str:
    """Return a time for a person, in UTC.

    >>> time_of(0)
    '1970-01-01 00:00'
    """
    return (_EPOCH + timedelta(microseconds=at_us)).strftime("%Y-%m-%d %H:%M")


def window_of(finding: Finding) -> str:
    """Return what a person calls the window of a finding."""
    length_us = finding.end_us - finding.begin_us
    hours = length_us // 3_600_000_000
    if hours == 1:
        return Window("1h", finding.begin_us, finding.end_us).name
    if hours == 24:
        return Window("1d", finding.begin_us, finding.end_us).name
    return f"{time_of(finding.begin_us)} to {time_of(finding.end_us)}"


def _one_line(text: str) -> str:
    """Return a text that ends no header and steers no terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in text)[:200]
