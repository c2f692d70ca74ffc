"""The catalogue of features: what each is, where it comes from, how fresh it is, and who uses it.

What is on record is shown, and nothing of the project's code is imported for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interplane.charts.column_card import ColumnCard, column_card
from interplane.project.feature_catalogue import find_feature
from interplane.project.feature_profiles import FeatureProfiles
from interplane.project.feature_reading import FeatureReading
from interplane.project.feature_text import length_text
from interplane.project.known_features import FeatureUse, Freshness, KnownFeature
from interplane.record.base import Value
from interplane.web.routes import Asked, Page

if TYPE_CHECKING:
    from interplane.project.known_features import FeatureDetail

__all__ = ["PAGES", "FeaturePage", "FeaturesPage"]


class FeatureRow(Value, frozen=True, kw_only=True):
    """A feature in a list."""

    name: str
    kind: str
    type: str
    definition: str
    sources: tuple[str, ...]
    version: str
    users: int
    live: tuple[str, ...]
    newest: str


class FeaturesPage(Value, frozen=True, kw_only=True):
    """The features of views, then those of models."""

    views: tuple[FeatureRow, ...]
    models: tuple[FeatureRow, ...]


class FeaturePage(Value, frozen=True, kw_only=True):
    """A feature with all that is known of it.

    Attributes:
        feature: what it is.
        ttl: how old the latest event may be.
        freshness: how new what a server looks up is.
        used_by: the crossings that use it, the pointed at first, then the newest.
        used_by_more: how many more there are.
        profile: what its values were among the baseline rows.
        profile_of: the crossing of those rows, or why there is no profile.
        parity: the proof that engine and row program agree.
        fitted: the statistic that each table of the definition was.
        caution: what to look at in what the fit made of it.
    """

    feature: KnownFeature
    ttl: str
    freshness: Freshness | None
    used_by: tuple[FeatureUse, ...]
    used_by_more: int
    profile: ColumnCard | None
    profile_of: str
    parity: dict[str, Any] | None
    fitted: dict[str, str]
    caution: str


_MOST_USES: Final = 30


def read_features(asked: Asked) -> FeaturesPage:
    """Return the features of views, then those of models."""
    reading = FeatureReading(asked.project, asked.chronicle.crossings())
    return FeaturesPage(
        views=tuple(_row(each.known) for each in reading.of_views()),
        models=tuple(_row(each.known) for each in reading.of_models()),
    )


def read_feature(asked: Asked) -> FeaturePage:
    """Return a feature with all that is known of it."""
    found = find_feature(
        asked.project,
        f"{asked.path['kind']}/{asked.path['feature']}",
        reading=FeatureReading(asked.project, asked.chronicle.crossings()),
        profiles=asked.kept.get(FeatureProfiles, "profiles", FeatureProfiles, most=1),
    )
    feature = found.feature
    used_by = _best_first(found)
    return FeaturePage(
        feature=feature,
        ttl="" if feature.ttl_us is None else length_text(feature.ttl_us),
        freshness=feature.freshness,
        used_by=tuple(used_by[:_MOST_USES]),
        used_by_more=max(len(used_by) - _MOST_USES, 0),
        profile=None if found.profile is None else column_card(found.profile, found.profile_rows),
        profile_of=found.profile_of,
        parity=found.parity,
        fitted=found.fitted,
        caution=found.caution,
    )


def _best_first(found: FeatureDetail) -> list[FeatureUse]:
    newest = list(reversed(found.used_by))
    return sorted(newest, key=lambda use: not use.pointers)


def _row(feature: KnownFeature) -> FeatureRow:
    fresh = feature.freshness
    return FeatureRow(
        name=feature.name,
        kind="model" if feature.kind == "model" else "view",
        type=feature.type or "",
        definition=feature.definition,
        sources=feature.sources,
        version=feature.version or "",
        users=feature.users,
        live=feature.live,
        newest="" if fresh is None or fresh.newest is None else fresh.newest,
    )


PAGES: Final = (
    Page(
        name="features",
        path="/features",
        permission="look",
        read=read_features,
        template="features.html",
    ),
    Page(
        name="feature",
        path="/features/{kind}/{feature}",
        permission="look",
        read=read_feature,
        template="feature.html",
    ),
)
