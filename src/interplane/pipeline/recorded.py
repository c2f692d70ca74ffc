"""What a workspace knows about runs of a pipeline: the last of each step in one read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.pipeline.inputs import label_of
from interplane.pipeline.plan import Known
from interplane.record import Digest, StepRun
from interplane.storage.names import last_pointer, step_pointer

if TYPE_CHECKING:
    from interplane.pipeline.wiring import Graph
    from interplane.storage.store import Store

__all__ = ["StoredRuns"]


class StoredRuns:
    """Reads step runs from a workspace, each of them once.

    Args:
        graph: the pipeline.
        store: the workspace.
    """

    def __init__(self, graph: Graph, store: Store) -> None:
        self._graph = graph
        self._store = store
        names = {step: last_pointer(graph.name, step) for step in graph.steps}
        targets = store.catalog.pointers(names.values())
        self._last = {
            step: Known(targets[name], store.record(targets[name], StepRun))
            for step, name in names.items()
            if name in targets
        }

    def last(self, step: str) -> Known | None:
        """Return the last finished run of a step."""
        return self._last.get(step)

    def find(self, key: Digest) -> Known | None:
        """Return a finished run with this key."""
        digest = self._store.catalog.pointer(step_pointer(key))
        return None if digest is None else Known(digest, self._store.record(digest, StepRun))

    def label(self, name: str, digest: Digest) -> str:
        """Return what a person calls an earlier state of a declared input."""
        return label_of(self._graph.inputs[name], digest, self._store)
