"""Tables by the names that a pipeline has for them: what feature views read."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interplane.data.table import Table
from interplane.errors import UnknownName, UsageError
from interplane.features.joining import ANY_ORDER, source_digests
from interplane.pipeline.artifacts import Artifacts
from interplane.pipeline.codecs.wants import Want
from interplane.pipeline.perform import load_declared

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interplane.features.frozen import Frozen
    from interplane.pipeline.inputs import ResolvedInput
    from interplane.record import Artifact
    from interplane.storage.store import Store

__all__ = ["check_sources", "load_sources", "no_files"]


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
            found[name] = reading.load(artifacts[name], scratch=no_files, want=want)
        elif name in inputs and not inputs[name].is_model:
            found[name] = load_declared(inputs[name], store, reading, want=want, scratch=no_files)
        else:
            known = [*artifacts, *(key for key, item in inputs.items() if not item.is_model)]
            raise UnknownName.of(
                *("source", name, known),
                where="the pipeline",
                do="A feature view reads it: name an output or an input there",
            )
    return found


def check_sources(frozen: Frozen, sources: Mapping[str, Table], *, model: str) -> None:
    """Refuse features that were fitted with other tables than the pipeline has of those names.

    What is looked up when the model serves comes from the pipeline's tables.

    Raises:
        UsageError: naming the view and its source.
    """
    unordered = any(known.startswith(ANY_ORDER) for known in frozen.training.sources.values())
    digests = source_digests(frozen.uses, sources, any_order=unordered)
    for parameter, known in frozen.training.sources.items():
        if digests[parameter] != known:
            names = frozen.uses[parameter].view.sources
            several = " or ".join(map(repr, names))
            raise UsageError(
                f"the features of {model} were fitted with another table as {several} than "
                f"the pipeline has under that name: the view {parameter!r} would be served from "
                "other events than it was trained on",
                expected="the same rows in the step that fits and in the pipeline",
                do=f"Pass the pipeline's own: sources={{{names[0]!r}: {names[0]}}}; if it is "
                "to be another one, make it in a step of its own and name that as the view's source",
            )


def no_files() -> Path:
    """Give artifacts a folder that are not made of files, and need none."""
    return Path(tempfile.mkdtemp(prefix="interplane-"))
