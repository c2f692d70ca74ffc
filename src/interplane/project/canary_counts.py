"""What a canary and the live crossing answered, counted by the bins of the live one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from interplane.project.baselines import baseline_layout
from interplane.project.crossings import load
from interplane.record import Rollout
from interplane.storage.names import rollout_pointer

if TYPE_CHECKING:
    from interplane.data.table import Table
    from interplane.evaluation.evaluation import Evaluation
    from interplane.monitoring.layout import Layout
    from interplane.monitoring.tally import Tally
    from interplane.project.crossings import Recorded
    from interplane.project.project import Project
    from interplane.record import Digest
    from interplane.storage.store import Store

__all__ = ["CanaryCounts", "CanaryRows", "share_since"]


class CanaryCounts(NamedTuple):
    """What both crossings answered.

    Attributes:
        live: rows of the live crossing.
        canary: rows of the canary.
        refused: requests that the canary could not answer.
        layout: the bins that both were counted by.
    """

    live: Tally
    canary: Tally
    refused: int
    layout: Layout

    @property
    def labelled(self) -> int:
        """The outcomes of both."""
        return self.live.labelled + self.canary.labelled


@dataclass(frozen=True)
class CanaryRows:
    """The rows of a canary and of the live crossing since a time of the server's clock.

    Attributes:
        project: the project.
        live: the live crossing.
        canary: the digest of the canary.
        since: from when on, ISO 8601, UTC.
    """

    project: Project
    live: Recorded
    canary: Digest
    since: str

    @property
    def model(self) -> str:
        """The model."""
        return self.live.crossing.model_name

    def attempts(self) -> int:
        """Return how many requests the canary got: those that it answered, and those it could not."""
        found = self.project.predictions(self.model).sql(
            f"SELECT count(*) AS n FROM self WHERE {self._since_sql} "
            f"AND (instead_of = '{self.canary}' "
            f"OR (crossing = '{self.canary}' AND instead_of IS NULL))"
        )
        return int(found.to_rows()[0]["n"])

    def newest_outcome(self) -> int:
        """Return the place of the newest outcome of the model."""
        store = self.project.open_outcomes()
        try:
            return store.newest(self.model)
        finally:
            store.close()

    def count(self) -> CanaryCounts:
        """Count what both crossings answered."""
        from interplane.monitoring.counting.count import count

        live = self.live.digest
        rows = self.project.matched(self.model)
        refused = rows.select("at", "instead_of").sql(
            f"SELECT count(*) AS n FROM self WHERE {self._since_sql} "
            f"AND instead_of = '{self.canary}'"
        )
        chosen = rows.sql(
            "SELECT crossing, time, score, took_us, outcome, has_outcome FROM self "
            f"WHERE {self._since_sql} AND instead_of IS NULL "
            f"AND crossing IN ('{live}', '{self.canary}')"
        )
        layout = self._layout(rows)
        counted = count(chosen, layout, columns=("score",), by_crossing=True)
        return CanaryCounts(
            live=counted.tally(crossing=live),
            canary=counted.tally(crossing=self.canary),
            refused=refused.to_rows()[0]["n"],
            layout=layout,
        )

    def _layout(self, rows: Table) -> Layout:
        """Return the bins of the live crossing: both are counted by them."""
        crossing, store = self.live.crossing, self.project.store
        threshold, are_values = 0.5, rows.types["outcome"] != "bool"
        if crossing.evaluation is not None:
            evaluation: Evaluation = load(store, crossing.evaluation)
            threshold = evaluation.threshold
            are_values = are_values or evaluation.overall.positives is None
        layout = baseline_layout(store, crossing, threshold=threshold)
        return replace(layout, kind="regression") if are_values else layout

    @property
    def _since_sql(self) -> str:
        since = datetime.fromisoformat(self.since).astimezone(UTC)
        return f"\"at\" >= TIMESTAMP '{since:%Y-%m-%d %H:%M:%S.%f}'"


def share_since(store: Store, rollout: Rollout) -> str:
    """Return since when this canary has had this share beside this live crossing."""
    since = ""
    for move in reversed(store.catalog.moves(rollout_pointer(rollout.model_name))):
        then = None if move.target is None else store.record(move.target, Rollout)
        same = then is not None and (then.live, then.canary, then.share) == (
            rollout.live,
            rollout.canary,
            rollout.share,
        )
        if not same:
            break
        since = move.at
    return since
