"""A row path that takes outcomes, and predicts nothing."""

from pathlib import Path

from toy_rows import ToyLog, ToyModels

from interplane.outcomes.store import SqliteOutcomes
from interplane.serving.outcomes import PushedOutcomes
from interplane.serving.ports import RowPath


def open_outcomes(opening, meter):
    """Open it."""
    store = SqliteOutcomes(Path(opening.project) / "outcomes.sqlite")
    pushed = PushedOutcomes(store, lambda _: {"flight_id": "str"})
    return RowPath(ToyModels(opening, meter), ToyLog(opening), outcomes=pushed)
