"""What a workspace and its online store say of the features of views and of models."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from interplane.expressions.jsonform import from_json
from interplane.expressions.nodes import Column, Lookup
from interplane.expressions.render import render
from interplane.expressions.trees import parts_of
from interplane.features.training import Training
from interplane.project.feature_text import definition_of, window_of
from interplane.project.feature_uses import FeatureUses
from interplane.project.known_features import Freshness, KnownFeature
from interplane.views.derived import Derived, stored_below, stored_views, view_from_dict
from interplane.views.joined import column_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from interplane.expressions.nodes import Node
    from interplane.project.crossings import Recorded
    from interplane.project.project import Project
    from interplane.project.views import RecordedView
    from interplane.record import Digest
    from interplane.views.derived import AnyView
    from interplane.views.ports import OnlineStore
    from interplane.views.view import View

__all__ = ["FeatureReading", "OfModel", "OfView", "view_feature"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class OfView(NamedTuple):
    """A feature of a recorded version of a view."""

    known: KnownFeature
    version: RecordedView
    name: str


class OfModel(NamedTuple):
    """A feature of a crossing, with what its fit tells of it."""

    known: KnownFeature
    crossing: Recorded
    name: str
    fitted: dict[str, str]
    caution: str


class FeatureReading:
    """Reads a project's workspace and online store; each thing once.

    Args:
        project: the project.
        crossings: every crossing, where they were read already; see `FeatureUses`.

    Attributes:
        uses: what crossings use.
    """

    def __init__(self, project: Project, crossings: Sequence[Recorded] | None = None) -> None:
        self._project = project
        self._fresh: dict[Digest, Freshness] = {}
        self._now = datetime.now(UTC)
        self.uses = FeatureUses(project.store, crossings)

    # ---- views ----------------------------------------------------------------------------

    def of_views(self, *, everything: bool = False) -> list[OfView]:
        """Return the features of recorded views: of all versions, or of those that matter now."""
        shown = self.uses.views if everything else self.uses.shown()
        return [self._of_view(item, name) for item in shown for name in item.view.types]

    def find_in_views(self, name: str) -> OfView | None:
        """Return the feature of a recorded view that a name means, of the newest version if none is said."""
        for item in reversed(self.uses.views):
            for feature in item.view.types:
                if name in {f"{item.view.name}.{feature}", f"{item.name}.{feature}"}:
                    return self._of_view(item, feature)
        return None

    def _of_view(self, item: RecordedView, name: str) -> OfView:
        users = [crossing for crossing, _ in self.uses.by_view.get(item.view.digest, ())]
        known = view_feature(
            item.view,
            name,
            version=item.name,
            versions=tuple(
                each.name for each in self.uses.versions[item.view.name] if name in each.view.types
            ),
            users=len(users),
            live=tuple(each.name for each in users if "live" in each.pointers),
            freshness=self.freshness(stored_below(item.view, name)),
        )
        return OfView(known, item, name)

    # ---- models ---------------------------------------------------------------------------

    def of_models(self) -> list[OfModel]:
        """Return the features of each model's live crossing, or of the newest where none is live."""
        return [each for crossing in self.uses.current().values() for each in self._of(crossing)]

    def find_in_models(self, name: str) -> OfModel | None:
        """Return the feature of a model that a name means, of its current crossing if none is said."""
        for crossing in self.uses.current().values():
            if name.startswith(f"{crossing.crossing.model_name}."):
                for each in self._of(crossing):
                    if name == each.known.name:
                        return each
        for crossing in self.uses.crossings:
            words = (
                crossing.name,
                *(f"{crossing.crossing.model_name}@{w}" for w in crossing.pointers),
            )
            for word in words:
                if name.startswith(f"{word}."):
                    wanted = name.removeprefix(f"{word}.")
                    return next((each for each in self._of(crossing) if each.name == wanted), None)
        return None

    def _of(self, crossing: Recorded) -> Iterator[OfModel]:
        plain = self.uses.frozen(crossing)
        if plain is None:
            return
        model, same = crossing.crossing.model_name, self.uses.with_features_of(crossing)
        live = tuple(each.name for each in same if "live" in each.pointers)
        owners = _owners(plain.get("views", {}))
        training = msgspec.convert(plain["training"], Training)
        for each in plain["features"]:
            node = from_json(each["expression"])
            columns = dict.fromkeys(p.name for p in parts_of(node) if isinstance(p, Column))
            below = (view for column in columns for view in owners.get(column, ()))
            read = list({view.digest: view for view in below}.values())
            known = KnownFeature(
                name=f"{model}.{each['name']}",
                kind="model",
                version=crossing.name,
                type=node.type,
                definition=render(node),
                sources=tuple(dict.fromkeys(name for view in read for name in view.sources)),
                stands_on=tuple(columns),
                versions=(crossing.name,),
                users=len(same),
                live=live,
                freshness=self.freshness(read) if read else None,
            )
            tables = (part.table for part in parts_of(node) if isinstance(part, Lookup))
            written = training.written
            fitted = {table: written[table] for table in tables if table in written}
            caution = _caution(training) if each["name"] in training.null_features else ""
            yield OfModel(known, crossing, each["name"], fitted, caution)

    # ---- freshness ------------------------------------------------------------------------

    def freshness(self, views: Sequence[AnyView]) -> Freshness:
        """Return how new the stalest of the stored views is that some views stand on."""
        stored = {each.digest: each for view in views for each in stored_views(view)}
        missing = [view for digest, view in stored.items() if digest not in self._fresh]
        if missing:
            online = self._project.open_online()
            try:
                horizons = {each.view.digest: each.horizon for each in online.known().views}
                for view in missing:
                    self._fresh[view.digest] = self._read(online, view, horizons)
            finally:
                online.close()
        found = (self._fresh[digest] for digest in stored)
        return max(found, key=_staleness, default=Freshness())

    def _read(
        self, online: OnlineStore, view: View, horizons: Mapping[Digest, int | None]
    ) -> Freshness:
        now_us = round((self._now - _EPOCH).total_seconds() * 1e6)
        newest, horizon = online.newest(view, by_us=now_us), horizons.get(view.digest)
        if newest is None:
            return Freshness(horizon=_text(horizon))
        age_s = (self._now - (_EPOCH + timedelta(microseconds=newest))).total_seconds()
        return Freshness(newest=_text(newest), horizon=_text(horizon), age_s=max(age_s, 0.0))


def view_feature(
    view: AnyView,
    name: str,
    *,
    version: str | None = None,
    versions: tuple[str, ...] = (),
    users: int = 0,
    live: tuple[str, ...] = (),
    freshness: Freshness | None = None,
) -> KnownFeature:
    """Return what a view's definition says of a feature, and what else is known of it."""
    own = None if isinstance(view, Derived) else view
    return KnownFeature(
        name=f"{view.name}.{name}",
        kind="derived view" if own is None else "view",
        version=version,
        type=view.types[name],
        definition=definition_of(view, name),
        entity=view.entity,
        sources=tuple(
            dict.fromkeys(source for each in stored_below(view, name) for source in each.sources)
        ),
        stands_on=_reads(view, name),
        event_time=None if own is None else own.event_time,
        known_at=None if own is None else own.known_at,
        window=window_of(view, name),
        ttl_us=None if own is None else own.ttl_us,
        versions=versions,
        users=users,
        live=live,
        freshness=freshness,
        is_recorded=version is not None,
    )


def _reads(view: AnyView, name: str) -> tuple[str, ...]:
    """Return the columns that a view's feature reads: of its source, or other views' features."""
    if isinstance(view, Derived):
        parents = {parameter: use.view.name for parameter, use in view.parents.items()}
        read = (each for each in view.reads if each.column in _columns(view.features[name]))
        names = list(parents)
        return tuple(
            column_of(parents[names[each.parent]], each.column.partition(".")[2]) for each in read
        )
    return _columns(view.arguments[view.features[name].argument])


def _columns(node: Node) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.name for part in parts_of(node) if isinstance(part, Column)))


def _owners(views: Mapping[str, Any]) -> dict[str, tuple[View, ...]]:
    """Return for each column that a view gives the stored views that it stands on."""
    read = {parameter: view_from_dict(use["view"]) for parameter, use in views.items()}
    return {
        column_of(parameter, name): stored_below(view, name)
        for parameter, view in read.items()
        for name in view.types
    }


def _caution(training: Training) -> str:
    return (
        f"null in all {training.rows:,} training rows: look in what it reads for a column without "
        "values, or with an infinity, which leaves mean and std without one"
    )


def _staleness(fresh: Freshness) -> float:
    """Return what orders views by how stale they are; one without events is the stalest."""
    return float("inf") if fresh.age_s is None else fresh.age_s


def _text(time_us: int | None) -> str | None:
    return (
        None
        if time_us is None
        else f"{_EPOCH + timedelta(microseconds=time_us):%Y-%m-%dT%H:%M:%SZ}"
    )
