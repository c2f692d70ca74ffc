"""The tables that feature views read, out of what a run made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interplane.data.table import Table
from interplane.errors import UnknownName
from interplane.pipeline.codecs.wants import Want
from interplane.pipeline.perform import load_declared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from interplane.pipeline.artifacts import Artifacts
    from interplane.pipeline.inputs import ResolvedInput
    from interplane.record import Artifact
    from interplane.storage.store import Store
    from interplane.views.view import View

__all__ = ["load_sources"]


def load_sources(
    views: Iterable[View],
    *,
    artifacts: Mapping[str, Artifact],
    inputs: Mapping[str, ResolvedInput],
    store: Store,
    reading: Artifacts,
    scratch: Callable[[], Path],
) -> dict[str, Table]:
    """Return the table of each source that views read, by its name.

    Args:
        views: the views.
        artifacts: what the steps of the pipeline made, by output.
        inputs: its declared inputs, resolved.
        store: the workspace.
        reading: reads artifacts of that workspace.
        scratch: makes folders for artifacts that are files.

    Raises:
        UnknownName: if a source is neither an output nor an input of the pipeline.
    """
    found: dict[str, Any] = {}
    for view in views:
        name = view.source
        if name in found:
            continue
        want = Want.of(Table, f"the source {name!r} of the feature view {view.name!r}")
        if name in artifacts:
            found[name] = reading.load(artifacts[name], scratch=scratch, want=want)
        elif name in inputs and not inputs[name].is_live:
            found[name] = load_declared(inputs[name], store, reading, want=want, scratch=scratch)
        else:
            known = [*artifacts, *(key for key, item in inputs.items() if not item.is_live)]
            raise UnknownName.of(
                *("source", name, known),
                where="the pipeline",
                do=f"The feature view {view.name} reads it: name an output or an input there",
            )
    return found
