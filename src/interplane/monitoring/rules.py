"""A rule over windows, as the project file says it."""

from __future__ import annotations

from typing import Any, Literal

from interplane.monitoring.calendar import Length
from interplane.record.base import Value

__all__ = ["Action", "Reference", "Rule"]


class Reference(Value, frozen=True, kw_only=True):
    """What a window is compared with.

    Attributes:
        kind: ``baseline`` (the rows that the crossing was published with), ``previous`` (the window
            before), ``champion`` (what the live crossing answered in the same window), or the same
            hours of earlier days (``hour-of-day``) or weeks (``hour-of-week``).
        periods: how many days or weeks back.
    """

    kind: Literal["baseline", "previous", "champion", "hour-of-day", "hour-of-week"]
    periods: int = 4


class Action(Value, frozen=True, kw_only=True):
    """A run that an alert, new data, a schedule or a person starts.

    Attributes:
        run: the pipeline.
        parameters: hyperparameters; texts may say ``$day``, ``$day-14d``, ``$hour`` of when it
            fired.
        debounce: after a run began, for how long the same trigger starts no other (``1d``).
        busy: what happens while a run of that pipeline is under way.
    """

    run: str
    parameters: dict[str, Any] = {}
    debounce: str = "1d"
    busy: Literal["skip", "queue"] = "skip"


class Rule(Value, frozen=True, kw_only=True):
    """What is watched, in which slices, against what, and from which size on it counts.

    Attributes:
        name: its name; no two rules have the same.
        model: the model.
        metric: what is measured; see `interplane.monitoring.metrics`.
        window: the length of a window: ``1h``, ``1d``, ``1w``, ``1mo`` or ``1y``, in UTC.
        slices: the slicings beside all rows: each a tuple of columns (or named expressions).
        columns: the columns that are watched, for metrics of columns; all if empty.
        against: what a window is compared with; None for rules with bounds alone.
        moves_by: the least effect that counts, in the metric's unit.
        at_least: the least value that is right, if the rule has such a bound.
        at_most: the greatest value that is right.
        direction: which way of moving counts.
        min_rows: the least rows of a window (and of its reference) that are judged.
        coverage: for metrics of outcomes, the share of predictions that must have one.
        patience: how long a window waits for that share; then it is judged as it is (``7d``).
        resolves_after: how many quiet windows in a row end an alert.
        owner: who is told; see ``[owners.NAME]``.
        then: what an alert starts.
    """

    name: str
    model: str
    metric: str
    window: Length = "1h"
    slices: tuple[tuple[str, ...], ...] = ()
    columns: tuple[str, ...] = ()
    against: Reference | None = None
    moves_by: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    direction: Literal["either", "up", "down"] = "either"
    min_rows: int = 100
    coverage: float = 0.9
    patience: str = "7d"
    resolves_after: int = 2
    owner: str = ""
    then: Action | None = None
