"""Small tables of the prediction log, and stores with outcomes."""

# ruff: noqa: DTZ001  our timestamps are UTC without a zone

from datetime import datetime, timedelta

from interplane.data.table import Table
from interplane.testing.memory_outcomes import MemoryOutcomes

START = datetime(2013, 6, 1)


def predictions(flights, **columns):
    """Return predictions of flights, an hour apart; each with an id of its place."""
    return Table.from_columns(
        {
            "prediction_id": [f"{place:032x}" for place in range(len(flights))],
            "time": [START + timedelta(hours=place) for place in range(len(flights))],
            "row.flight_id": flights,
            **columns,
        }
    )


def store_of(*outcomes):
    """Return a store with outcomes."""
    store = MemoryOutcomes()
    store.add(outcomes)
    return store
