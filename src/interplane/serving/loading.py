"""From a workspace and a crossing's digest to what an endpoint works with, or a refusal.

Every byte is verified on its way in, nothing of a model is run but its scores, and the golden rows
are replayed: what comes out of here scores as it did where it was made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from interplane.errors import Corrupt, UsageError
from interplane.features.frozen import Frozen
from interplane.models.golden import GoldenRows, check_golden
from interplane.models.model import Model
from interplane.models.request_schema import RequestSchema
from interplane.pipeline.artifacts import Artifacts
from interplane.record import Crossing, short
from interplane.storage.names import series_name

if TYPE_CHECKING:
    from interplane.models.flavors import Predictor
    from interplane.record import Digest
    from interplane.storage.store import Store

__all__ = ["Loaded", "load_crossing"]


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A crossing in memory, proved by its golden rows.

    Attributes:
        name: the crossing as people name it: ``flights@2``.
        model: the name of its model.
        crossing: its digest.
        flavor: the flavor of the model.
        frozen: its features.
        predictor: its model.
        schema: what a request must look like.
        golden_rows: how many golden rows were replayed; 0 for a crossing from before there were any.
    """

    name: str
    model: str
    crossing: Digest
    flavor: str
    frozen: Frozen
    predictor: Predictor
    schema: RequestSchema
    golden_rows: int = 0


def load_crossing(store: Store, digest: Digest) -> Loaded:
    """Load a crossing and prove it.

    Raises:
        NotFound: if there is no such entry, or one of its parts is missing.
        UsageError: if the entry is no crossing, or one that cannot be served.
        Corrupt: if a part is not what it was named by, or parts do not belong together.
        GoldenBroken: if a golden row comes to other bits here.
        MissingExtra: if the library of its flavor is not installed.
    """
    crossing = store.record(digest, Crossing)
    name = _name(store, digest, crossing)
    if crossing.request_schema is None:
        raise UsageError(
            f"{name} has no request schema, so nobody can tell a good request from a bad one",
            expected="a crossing that was published with its training rows",
            do=f'Say publish("{crossing.model_name}", …, train="…") in the pipeline {crossing.pipeline!r} '
            "and run it again",
        )
    schema = RequestSchema.from_dict(crossing.request_schema)
    model = Artifacts(store).load(crossing.model, scratch=store.blobs.scratch)
    if not isinstance(model, Model) or not isinstance(model.features, Frozen):
        raise Corrupt(
            f"the artifact that {name} names as its model is a {crossing.model.kind}",
            expected="a model with its frozen features",
            do='Find what is damaged with "interplane verify"',
        )
    frozen = model.features
    _check_inputs(name, frozen, schema)
    return Loaded(
        name=name,
        model=crossing.model_name,
        crossing=digest,
        flavor=model.flavor.name,
        frozen=frozen,
        predictor=model.predictor,
        schema=schema,
        golden_rows=_prove(store, crossing, model, frozen, schema),
    )


def _name(store: Store, digest: Digest, crossing: Crossing) -> str:
    members = store.catalog.series(series_name("model", crossing.model_name))
    number = next((each.number for each in members if each.digest == digest), short(digest))
    return f"{crossing.model_name}@{number}"


def _check_inputs(name: str, frozen: Frozen, schema: RequestSchema) -> None:
    """Hold the request schema against the features: values go from one to the other by place."""
    inputs = [(field.name, field.type) for field in schema.fields[: schema.inputs]]
    if inputs != list(frozen.inputs.items()):
        raise Corrupt(
            f"the request schema of {name} begins with {', '.join(each for each, _ in inputs)}",
            expected=f"the inputs of its features: {', '.join(frozen.inputs)}",
            do="Run its pipeline again",
        )


def _prove(
    store: Store, crossing: Crossing, model: Model, frozen: Frozen, schema: RequestSchema
) -> int:
    if crossing.golden is None:
        return 0
    golden = GoldenRows.from_dict(msgspec.json.decode(store.read(crossing.golden)))
    check_golden(golden, frozen, model.predictor, schema)
    return len(golden.rows)
