"""The declared inputs of a pipeline, resolved: which data version, which model, under which label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interplane.data.schema_file import read_schema
from interplane.errors import UnknownName, UsageError
from interplane.pipeline.graph import Learned, Live
from interplane.record import (
    Artifact,
    Checkpoint,
    Crossing,
    DataVersion,
    Digest,
    Ref,
    Value,
    digest_value,
    short,
)
from interplane.storage.names import learner_pointer, named_pointer, series_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from interplane.pipeline.graph import DatasetInput, Input
    from interplane.pipeline.wiring import Graph
    from interplane.storage.store import Store

__all__ = ["ABSENT", "ResolvedInput", "label_of", "resolve_inputs"]

ABSENT: Final = digest_value(None)
"""What stands in a key for a live model, or for what was learned, before there is one."""


class ResolvedInput(Value, frozen=True, kw_only=True):
    """One input of a run.

    Attributes:
        name: the input's name in the pipeline.
        label: what a person calls it, for example ``flights@5``.
        series: the series that it comes from, for example ``data/flights``.
        target: the data version, the live crossing, or the checkpoint; None where there is none.
        schema: the schema that the rows are read through, as plain JSON values.
        schema_digest: its digest: comments and layout of its file do not matter.
        model: the model of the live crossing or of the checkpoint.
    """

    name: str
    label: str
    series: str
    target: Digest | None
    schema: dict[str, Any] | None = None
    schema_digest: Digest | None = None
    model: Artifact | None = None

    @property
    def is_live(self) -> bool:
        """Whether it is a live model and no dataset."""
        return self.series.startswith("model/")

    @property
    def is_model(self) -> bool:
        """Whether it is a model, live or learned, and no dataset."""
        return self.is_live or self.series.startswith("learner/")

    def key(self, parameter: str) -> dict[str, Digest]:
        """Return what stands in the key of a step that takes it as ``parameter``.

        Of a model, live or learned, that is the model itself: a step cannot tell two crossings of one
        model, nor two checkpoints between which nothing was learned.
        """
        if self.is_model:
            return {parameter: ABSENT if self.model is None else self.model.digest}
        key = {parameter: self.target or ABSENT}
        if self.schema_digest is not None:
            key[f"{parameter}.schema"] = self.schema_digest
        return key


def resolve_inputs(
    graph: Graph, store: Store, *, root: Path, pins: Mapping[str, str] | None = None
) -> dict[str, ResolvedInput]:
    """Resolve the inputs that a graph reads, as the workspace is now.

    Args:
        graph: the pipeline, or a part of it.
        store: the workspace.
        root: the project's folder, where schema files are.
        pins: references such as ``flights@3`` for inputs by name; the others are the latest.

    Raises:
        UnknownName: if a dataset has no version yet, or a pin names what is not there.
        ConfigError: if a schema file cannot be read.
    """
    pins = dict(pins or {})
    for name in pins:
        if name not in graph.inputs:
            raise UnknownName.of("input", name, graph.inputs, where=f"pipeline {graph.name!r}")
    resolved = {}
    for name in graph.used_inputs():
        declared = graph.inputs[name]
        if isinstance(declared, Live):
            resolved[name] = _live(name, declared, store, pins.get(name))
        elif isinstance(declared, Learned):
            resolved[name] = _learned(name, declared, store, pins.get(name))
        else:
            resolved[name] = _dataset(name, declared, store, root, pins.get(name))
    return resolved


def label_of(declared: Input, digest: Digest, store: Store) -> str:
    """Return what a person calls an earlier state of an input: ``flights@4``, ``no live model``."""
    if isinstance(declared, Learned):
        learned = _checkpoint_of(declared.model, digest, store)
        return _learned_label(declared.model, learned)
    live = isinstance(declared, Live)
    if live and digest == ABSENT:
        return "no live model"
    name = declared.model if isinstance(declared, Live) else declared.name
    for member in reversed(store.catalog.series(series_name("model" if live else "data", name))):
        if live and store.record(member.digest, Crossing).model.digest != digest:
            continue
        if live or member.digest == digest:
            return f"{name}@{member.number}"
    return f"{name}@{short(digest)}"


def _dataset(
    name: str, declared: DatasetInput, store: Store, root: Path, pin: str | None
) -> ResolvedInput:
    ref = _pinned(name, declared.name, pin)
    target = store.resolve(ref, series="data")
    store.record(target, DataVersion)
    schema = None if declared.schema is None else read_schema(root / declared.schema)
    return ResolvedInput(
        name=name,
        label=label_of(declared, target, store),
        series=series_name("data", declared.name),
        target=target,
        schema=None if schema is None else schema.to_dict(),
        schema_digest=None if schema is None else schema.digest,
    )


def _live(name: str, declared: Live, store: Store, pin: str | None) -> ResolvedInput:
    series = series_name("model", declared.model)
    if pin is None:
        target = store.catalog.pointer(named_pointer("model", declared.model, "live"))
    else:
        target = store.resolve(_pinned(name, declared.model, pin), series="model")
    if target is None:
        return ResolvedInput(name=name, label="no live model", series=series, target=None)
    crossing = store.record(target, Crossing)
    numbers = {member.digest: member.number for member in store.catalog.series(series)}
    return ResolvedInput(
        name=name,
        label=f"{declared.model}@{numbers.get(target) or short(target)}",
        series=series,
        target=target,
        model=crossing.model,
    )


def _learned(name: str, declared: Learned, store: Store, pin: str | None) -> ResolvedInput:
    if pin is not None:
        raise UsageError(
            f"the input {name!r} is pinned to {pin}",
            expected="no pin: what was learned has no versions but the latest",
            do="Leave it out; a crossing keeps the model that its run took",
        )
    target = store.catalog.pointer(learner_pointer(declared.model))
    found = None if target is None else store.record(target, Checkpoint)
    if found is None or not found.learned:  # it is its parent still
        return ResolvedInput(
            name=name,
            label=_learned_label(declared.model, None),
            series=learner_pointer(declared.model),
            target=None,
        )
    return ResolvedInput(
        name=name,
        label=_learned_label(declared.model, found),
        series=learner_pointer(declared.model),
        target=target,
        model=found.model,
    )


def _checkpoint_of(model: str, digest: Digest, store: Store) -> Checkpoint | None:
    """Return the latest checkpoint whose model has a digest."""
    for move in reversed(store.catalog.moves(learner_pointer(model))):
        if move.target is not None:
            found = store.record(move.target, Checkpoint)
            if found.model.digest == digest:
                return found
    return None


def _learned_label(model: str, found: Checkpoint | None) -> str:
    if found is None:
        return "nothing learned"
    return f"{model} after {found.learned:,} examples"


def _pinned(name: str, series: str, pin: str | None) -> Ref:
    """Read a pin: a whole reference, or what stands behind the @ alone."""
    if pin is None:
        return Ref(name=series, pointer="latest")
    ref = Ref.parse(pin if "@" in pin else f"{series}@{pin}")
    if ref.name not in {None, series}:
        raise UsageError(
            f"the input {name!r} is pinned to {pin}",
            expected=f"a version of {series}",
            do=f"For example {series}@1",
        )
    return ref
