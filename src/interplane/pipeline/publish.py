"""Publishes what a run made: reads the artifacts, makes the crossing, appends it to its series."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from interplane.errors import UsageError
from interplane.pipeline.artifacts import Artifacts
from interplane.pipeline.baseline_rows import BASELINE_ROWS, make_baseline_rows
from interplane.pipeline.codecs.wants import Want
from interplane.pipeline.crossing import Described, Made, crossing_of, ingredients, is_live_again
from interplane.pipeline.perform import load_declared
from interplane.pipeline.view_sources import check_sources, load_sources, no_files
from interplane.record import Artifact, Crossing, Digest, Verdict, ViewVersion
from interplane.storage.names import crossing_pointer, named_pointer, series_name
from interplane.views.derived import Derived, sources_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.data.table import Table
    from interplane.features.frozen import Frozen
    from interplane.models.golden import GoldenRows
    from interplane.models.model import Model
    from interplane.models.request_schema import RequestSchema
    from interplane.pipeline.graph import Publication
    from interplane.pipeline.wiring import Graph
    from interplane.storage.draft import Draft
    from interplane.storage.store import Store
    from interplane.views.derived import AnyView

__all__ = ["Appended", "Publisher"]


class Appended(NamedTuple):
    """A crossing in a draft: its number is in the receipt of the commit, at a place."""

    publication: Publication
    crossing: Digest
    verdict: Verdict
    place: int


class Publisher:
    """Publishes models.

    Args:
        graph: the pipeline.
        store: the workspace.
    """

    def __init__(self, graph: Graph, store: Store) -> None:
        self._graph = graph
        self._store = store
        self._artifacts = Artifacts(store)

    def publish(self, made: Made, draft: Draft) -> list[Appended]:
        """Put every crossing of the pipeline into a draft; what is known already is not made again.

        Raises:
            UsageError: if what is published is no model.
        """
        return [self._one(item, made, draft) for item in self._graph.publications]

    def _one(self, publication: Publication, made: Made, draft: Draft) -> Appended:
        pointer = crossing_pointer(ingredients(publication, self._graph, made))
        known = self._live_again(publication, made) or self._store.catalog.pointer(pointer)
        if known is not None:
            crossing = self._store.record(known, Crossing)
        else:
            described = self._describe(publication, made, draft)
            for item in made.inputs.values():
                if item.schema is not None:
                    # The rows were read through it: the crossing keeps it, whatever becomes of
                    # the file.
                    draft.put_json(item.schema)
            crossing = crossing_of(publication, self._graph, made, described)
            draft.move(pointer, draft.record(crossing))
        digest = crossing.digest if known is None else known
        place = draft.append(series_name("model", publication.name), digest)
        return Appended(publication, digest, crossing.verdict, place)

    def _live_again(self, publication: Publication, made: Made) -> Digest | None:
        """Return the live crossing if the run made it again."""
        live = self._store.catalog.pointer(named_pointer("model", publication.name, "live"))
        if live is None:
            return None
        crossing = self._store.record(live, Crossing)
        return live if is_live_again(crossing, publication, self._graph, made) else None

    def _describe(self, publication: Publication, made: Made, draft: Draft) -> Described:
        model = made.artifacts[publication.model]
        verdict = self._load(made.artifacts[publication.gate])
        if model.kind != "model" or not isinstance(verdict, Verdict):
            raise UsageError(
                f"publish({publication.name!r}): the output {publication.model!r} is a {model.kind}",
                expected="an interplane.Model",
                do="Return interplane.Model(trained, features=frozen) from that step",
            )
        digest = Digest(self._artifacts.describe(model)["frozen"])
        frozen = self._load(Artifact(kind="frozen", digest=digest))
        described = Described(
            verdict=verdict,
            frozen=Artifact(kind="frozen", digest=digest, summary=frozen.summary),
            parity=None if frozen.parity is None else frozen.parity.to_dict(),
            as_of=self._as_of(publication, made),
            views={name: _put_view(use.view, draft) for name, use in frozen.uses.items()},
        )
        if publication.train is None:
            return described
        return self._from_training(described, frozen, publication, made, draft)

    def _from_training(
        self,
        described: Described,
        frozen: Frozen,
        publication: Publication,
        made: Made,
        draft: Draft,
    ) -> Described:
        """Add what only the training rows tell: request schema, baseline, a proof if none is made."""
        from interplane.data.profile import profile
        from interplane.data.table import Table
        from interplane.features.parity import prove
        from interplane.models.request_schema import RequestSchema

        train = made.artifacts[str(publication.train)]
        rows = self._load(train, Want.of(Table, "the training rows that are published"))
        sources = load_sources(
            sources_of(frozen.uses),
            artifacts=made.artifacts,
            inputs=made.inputs,
            store=self._store,
        )
        check_sources(frozen, sources, model=publication.name)
        schema = RequestSchema.of(frozen, rows)
        model = self._load(made.artifacts[publication.model])
        baselines = {"train": draft.put(profile(rows).to_bytes())}
        if publication.baseline is not None:
            kept = self._baseline(made.artifacts[publication.baseline], model, schema, sources)
            baselines[BASELINE_ROWS] = draft.put(kept)
        return replace(
            described,
            request_schema=schema.to_dict(),
            parity=described.parity or prove(frozen, rows, sources=sources).to_dict(),
            baselines=baselines,
            golden=draft.put(_golden(model, schema, rows, sources).to_bytes()),
        )

    def _baseline(
        self,
        artifact: Artifact,
        model: Model,
        schema: RequestSchema,
        sources: Mapping[str, Table],
    ) -> bytes:
        """Return the rows that monitors compare with, scored."""
        from interplane.data.table import Table

        rows = self._load(artifact, Want.of(Table, "the baseline rows that are published"))
        features: Any = model.features
        return make_baseline_rows(model, features, schema, rows, sources=sources)

    def _as_of(self, publication: Publication, made: Made) -> dict[str, str]:
        """Return the latest time in each dataset whose schema declares a time column."""
        found = {}
        steps = self._graph.ancestors(publication.names.values())
        read = {edge for step in steps for edge in self._graph.steps[step].edges}
        for name, item in made.inputs.items():
            column = (item.schema or {}).get("time")
            if name in read and column is not None:
                table = load_declared(
                    item, self._store, self._artifacts, want=Want("table"), scratch=no_files
                )
                latest = _latest(table, column)
                if latest is not None:
                    found[name] = latest
        return found

    def _load(self, artifact: Artifact, want: Want | None = None) -> Any:
        return self._artifacts.load(artifact, scratch=no_files, want=want or Want("any"))


def _golden(
    model: Any, schema: RequestSchema, rows: Table, sources: Mapping[str, Table]
) -> GoldenRows:
    """Return training rows with what the model gives for them, to be replayed where it serves."""
    from interplane.models.golden import make_golden, spread_rows

    wide = model.features.widen(spread_rows(rows), sources=sources)
    return make_golden(model.features, model.predictor, schema, wide)


def _put_view(view: AnyView, draft: Draft) -> Digest:
    """Put a version of a view into a draft, and into the series of its name; those it stands on too."""
    if isinstance(view, Derived):
        for use in view.parents.values():
            _put_view(use.view, draft)
    digest = draft.record(ViewVersion(name=view.name, definition=view.to_dict()))
    draft.append(series_name("view", view.name), digest)
    return digest


def _latest(table: Any, column: str) -> str | None:
    import pyarrow.compute as pc

    latest = pc.max(table.column(column)).as_py()
    if latest is None:
        return None
    return f"{latest.isoformat()}Z" if hasattr(latest, "hour") else str(latest.isoformat())
