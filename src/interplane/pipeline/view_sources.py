"""Tables by the names that a pipeline has for them: what feature views read."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interplane.data.table import Table
from interplane.errors import UnknownName
from interplane.pipeline.artifacts import Artifacts
from interplane.pipeline.codecs.wants import Want
from interplane.pipeline.perform import load_declared

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interplane.pipeline.inputs import ResolvedInput
    from interplane.record import Artifact
    from interplane.storage.store import Store

__all__ = ["load_sources"]


def load_sources(
    names: Iterable[str],
    *,
    artifacts: Mapping[str, Artifact],
    inputs: Mapping[str, ResolvedInput],
    store: Store,
) -> dict[str, Table]:
    """Return tables by name.

    Args:
        names: the names; each once in the result.
        artifacts: what the steps of the pipeline made, by output.
        inputs: its declared inputs, resolved.
        store: the workspace.

    Raises:
        UnknownName: if one is neither an output nor an input of the pipeline.
    """
    reading = Artifacts(store)
    found: dict[str, Any] = {}
    for name in dict.fromkeys(names):
        want = Want.of(Table, f"the source {name!r}")
        if name in artifacts:
            found[name] = reading.load(artifacts[name], scratch=_folder, want=want)
        elif name in inputs and not inputs[name].is_live:
            found[name] = load_declared(inputs[name], store, reading, want=want, scratch=_folder)
        else:
            known = [*artifacts, *(key for key, item in inputs.items() if not item.is_live)]
            raise UnknownName.of(
                *("source", name, known),
                where="the pipeline",
                do="A feature view reads it: name an output or an input there",
            )
    return found


def _folder() -> Path:
    """Nothing that is read here is made of files."""
    return Path(tempfile.mkdtemp(prefix="interplane-"))
