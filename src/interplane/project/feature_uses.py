"""Which crossings use which versions of feature views, and which of their features read what."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import msgspec

from interplane.expressions.nodes import Column
from interplane.expressions.trees import parts_of
from interplane.project.crossings import list_crossings
from interplane.project.known_features import FeatureUse
from interplane.project.views import list_views
from interplane.record import ViewVersion
from interplane.views.derived import Derived, view_from_dict
from interplane.views.joined import column_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interplane.project.crossings import Recorded
    from interplane.project.views import RecordedView
    from interplane.record import Digest
    from interplane.storage.store import Store
    from interplane.views.derived import AnyView

__all__ = ["FeatureUses", "below"]


@dataclass(frozen=True)
class FeatureUses:
    """What crossings use, read once from a workspace.

    Args:
        store: the workspace.
        given: every crossing, models by name and each oldest first, where they were read already.
    """

    store: Store
    given: Sequence[Recorded] | None = None

    @cached_property
    def crossings(self) -> Sequence[Recorded]:
        """Every crossing, models by name and each oldest first."""
        return list_crossings(self.store) if self.given is None else self.given

    @cached_property
    def views(self) -> list[RecordedView]:
        """Every version of every view, by name and oldest first."""
        return list_views(self.store)

    @cached_property
    def versions(self) -> dict[str, list[RecordedView]]:
        """The versions of each view, by its name and oldest first."""
        found: dict[str, list[RecordedView]] = {}
        for item in self.views:
            found.setdefault(item.view.name, []).append(item)
        return found

    @cached_property
    def by_view(self) -> dict[Digest, list[tuple[Recorded, tuple[str, ...]]]]:
        """The crossings that use a view, by its digest: those that join it, or one that stands on it.

        Beside each are the parameters of its features that are such views.
        """
        found: dict[Digest, list[tuple[Recorded, tuple[str, ...]]]] = {}
        known: dict[Digest, frozenset[Digest]] = {}
        for crossing in self.crossings:
            read: dict[Digest, list[str]] = {}
            for parameter, version in crossing.crossing.views.items():
                if version not in known:
                    known[version] = below(self._view(version))
                for digest in known[version]:
                    read.setdefault(digest, []).append(parameter)
            for digest, parameters in read.items():
                found.setdefault(digest, []).append((crossing, tuple(parameters)))
        return found

    def shown(self) -> Iterator[RecordedView]:
        """Yield of each view the newest version, and older ones that something live still reads."""
        for item in self.views:
            users = self.by_view.get(item.view.digest, ())
            live = any("live" in crossing.pointers for crossing, _ in users)
            if live or item is self.versions[item.view.name][-1]:
                yield item

    def current(self) -> dict[str, Recorded]:
        """Return of each model the live crossing, or the newest where none is live."""
        found: dict[str, Recorded] = {}
        for crossing in self.crossings:
            before = found.get(crossing.crossing.model_name)
            if before is None or "live" not in before.pointers:
                found[crossing.crossing.model_name] = crossing
        return found

    def users(self, view: AnyView, feature: str) -> list[FeatureUse]:
        """Return the crossings that use a version of a view, with their features that read one of it.

        The features of each are read once, however many crossings have the same ones.
        """
        reading: dict[tuple[Digest, frozenset[str]], tuple[str, ...]] = {}
        found = []
        for crossing, parameters in self.by_view.get(view.digest, ()):
            columns = self._columns(crossing, view.digest, feature)
            artifact, names = crossing.crossing.frozen, _NONE
            if artifact is not None and columns:
                key = (artifact.digest, columns)
                if key not in reading:
                    reading[key] = _reading(self.store.read(artifact.digest), columns)
                names = reading[key]
            found.append(
                FeatureUse(
                    crossing=crossing.name,
                    pointers=crossing.pointers,
                    parameter=next((p for p in parameters if self._is(crossing, p, view)), None),
                    through=tuple(p for p in parameters if not self._is(crossing, p, view)),
                    features=names,
                )
            )
        return found

    def _is(self, crossing: Recorded, parameter: str, view: AnyView) -> bool:
        return self._view(crossing.crossing.views[parameter]).digest == view.digest

    @cached_property
    def _by_features(self) -> dict[tuple[str, Digest], list[Recorded]]:
        found: dict[tuple[str, Digest], list[Recorded]] = {}
        for crossing in self.crossings:
            if crossing.crossing.frozen is not None:
                key = (crossing.crossing.model_name, crossing.crossing.frozen.digest)
                found.setdefault(key, []).append(crossing)
        return found

    def with_features_of(self, crossing: Recorded) -> list[Recorded]:
        """Return the crossings of a model that have the very features of one of them."""
        artifact = crossing.crossing.frozen
        if artifact is None:
            return []
        return self._by_features[crossing.crossing.model_name, artifact.digest]

    def model_users(self, crossing: Recorded, feature: str) -> list[FeatureUse]:
        """Return the crossings of a model that have a feature just as one of them has it.

        Statistics of other training rows make another feature of it.
        """
        model, wanted, found = crossing.crossing.model_name, None, []
        if crossing.crossing.frozen is not None:
            wanted = _expression(self.store.read(crossing.crossing.frozen.digest), feature)
        for (name, digest), crossings in self._by_features.items():
            if name == model and _expression(self.store.read(digest), feature) == wanted:
                found += crossings
        return [
            FeatureUse(crossing=each.name, pointers=each.pointers, features=(feature,))
            for each in sorted(found, key=lambda each: each.number or 0)
        ]

    def frozen(self, crossing: Recorded) -> dict[str, Any] | None:
        """Return the plain form of a crossing's features; None if it was published without any."""
        artifact = crossing.crossing.frozen
        if artifact is None:
            return None
        plain: dict[str, Any] = msgspec.json.decode(self.store.read(artifact.digest))["frozen"]
        return plain

    def _columns(self, crossing: Recorded, view: Digest, feature: str) -> frozenset[str]:
        """Return the columns in which a crossing's features have a view's feature, or what is made of it."""
        return frozenset(
            column_of(parameter, name)
            for parameter, version in crossing.crossing.views.items()
            for name in _made_of(self._view(version), view, feature)
        )

    def _view(self, version: Digest) -> AnyView:
        if version not in self._read:
            record = self.store.record(version, ViewVersion)
            self._read[version] = view_from_dict(record.definition)
        return self._read[version]

    @cached_property
    def _read(self) -> dict[Digest, AnyView]:
        return {}


def below(view: AnyView) -> frozenset[Digest]:
    """Return the digests of a view and of all that it stands on."""
    if not isinstance(view, Derived):
        return frozenset({view.digest})
    return frozenset({view.digest}).union(*(below(use.view) for use in view.parents.values()))


def _made_of(view: AnyView, wanted: Digest, feature: str) -> frozenset[str]:
    """Return the features of a view that are another view's feature, or are made of it."""
    if view.digest == wanted:
        return frozenset({feature})
    if not isinstance(view, Derived):
        return frozenset()
    columns: set[str] = set()
    for parameter, use in view.parents.items():
        # What is looked up by a feature is another thing wherever that feature is.
        chained = columns.intersection(use.by)
        names = use.view.types if chained else _made_of(use.view, wanted, feature)
        columns.update(column_of(parameter, name) for name in names)
    return frozenset(
        name
        for name, root in view.features.items()
        if any(isinstance(part, Column) and part.name in columns for part in parts_of(root))
    )


class _Node(msgspec.Struct):
    column: str | None = None


class _Expression(msgspec.Struct):
    nodes: tuple[_Node, ...]


class _Feature(msgspec.Struct):
    name: str
    expression: _Expression


class _Features(msgspec.Struct):
    features: tuple[_Feature, ...]


class _Artifact(msgspec.Struct):
    frozen: _Features


_NONE: Final[tuple[str, ...]] = ()
_DECODER: Final = msgspec.json.Decoder(_Artifact)
"""Reads of frozen features which columns each of them reads, and leaves all else alone."""


def _reading(data: bytes, columns: frozenset[str]) -> tuple[str, ...]:
    """Return the names of frozen features, in their bytes, that read any of some columns."""
    return tuple(
        each.name
        for each in _DECODER.decode(data).frozen.features
        if any(node.column in columns for node in each.expression.nodes)
    )


class _RawFeature(msgspec.Struct):
    name: str
    expression: msgspec.Raw


class _RawFeatures(msgspec.Struct):
    features: tuple[_RawFeature, ...]


class _RawArtifact(msgspec.Struct):
    frozen: _RawFeatures


_RAW_DECODER: Final = msgspec.json.Decoder(_RawArtifact)
"""Reads of frozen features the bytes of each expression, which are the same for the same one."""


def _expression(data: bytes, feature: str) -> bytes | None:
    features = _RAW_DECODER.decode(data).frozen.features
    return next((bytes(each.expression) for each in features if each.name == feature), None)
