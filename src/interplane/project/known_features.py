"""Features as a project's people see them: what each is, where it comes from, and who uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import msgspec

from interplane.data.profile import ColumnProfile
from interplane.record import Type
from interplane.record.base import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["FeatureDetail", "FeatureUse", "Freshness", "KnownFeature", "KnownFeatures"]


class Freshness(Value, frozen=True, kw_only=True):
    """How new what the online store has of a view is; of several views, of the stalest one.

    Attributes:
        newest: when the newest event that is kept was known (ISO 8601, UTC); None without any.
        horizon: from when on the view can be read; None if it was never materialized.
        age_s: how many seconds ago the newest event was known.
    """

    newest: str | None = None
    horizon: str | None = None
    age_s: float | None = None


class KnownFeature(Value, frozen=True, kw_only=True):
    """A feature of a view, or of a model.

    Attributes:
        name: ``carrier_history.late_rate_7d``: the view or model, and the feature.
        kind: ``view``, ``derived view`` or ``model``.
        version: the version of the view, or the crossing, that this is the feature of; None where it
            stands in the project's code alone.
        type: its type; None where only a run can tell.
        definition: the expression; empty where only a run can tell.
        entity: the columns that name the entity; of a model's feature none.
        sources: the tables that it comes from.
        stands_on: the columns, or the other views' features, that it reads.
        event_time: the column of when an event happened.
        known_at: the column of when it was known.
        window: which events a statistic is over.
        ttl_us: how old the latest event may be, in microseconds.
        versions: every version that has a feature of this name, oldest first; of a model's the one
            that is shown.
        users: how many crossings use this version.
        live: those of them that are live.
        freshness: how new what a server looks up is; None where nothing is looked up.
        is_recorded: whether a run has recorded it: a view that no crossing reads stands in the
            project's code alone.
    """

    name: str
    kind: str
    version: str | None = None
    type: Type | None = None
    definition: str = ""
    entity: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    stands_on: tuple[str, ...] = ()
    event_time: str | None = None
    known_at: str | None = None
    window: str | None = None
    ttl_us: int | None = None
    versions: tuple[str, ...] = ()
    users: int = 0
    live: tuple[str, ...] = ()
    freshness: Freshness | None = None
    is_recorded: bool = True


class FeatureUse(Value, frozen=True, kw_only=True):
    """A crossing that uses a feature.

    Attributes:
        crossing: its name, for example ``flights@7``.
        pointers: the pointers that are at it: ``live``, ``canary``, ``shadow``.
        parameter: the parameter of its features that the view is; None where another view stands on it,
            and for a feature of the model itself.
        through: the parameters that are views which stand on it.
        features: the model's features that read the feature.
    """

    crossing: str
    pointers: tuple[str, ...] = ()
    parameter: str | None = None
    through: tuple[str, ...] = ()
    features: tuple[str, ...] = ()


class FeatureDetail(Value, frozen=True, kw_only=True):
    """A feature with all that the workspace knows of it.

    Attributes:
        feature: what it is.
        used_by: the crossings that use it, oldest first.
        profile: what its values were among the baseline rows of a crossing; None if none has any.
        profile_of: the crossing, or why there is no profile.
        profile_rows: how many rows that are.
        parity: the proof that engine and row program agree, of that crossing's features.
        fitted: for each table that the definition looks up, the statistic that it was, as written.
        caution: what to look at in what the fit made of it; empty without any.
    """

    feature: KnownFeature
    used_by: tuple[FeatureUse, ...] = ()
    profile: ColumnProfile | None = None
    profile_of: str = ""
    profile_rows: int = 0
    parity: dict[str, Any] | None = None
    fitted: dict[str, str] = {}  # noqa: RUF012 - msgspec copies it for each value
    caution: str = ""

    def but(self, **changes: Any) -> Self:
        """Return the same with other values."""
        return msgspec.structs.replace(self, **changes)

    def to_text(self) -> str:
        """Return it as lines for a person."""
        from interplane.project.feature_text import detail_lines

        return "\n".join(f"{name:<12} {text}".rstrip() for name, text in detail_lines(self))

    def __repr__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str:
        """Return it as a notebook shows it."""
        from interplane.project.cards.features import feature_html

        return feature_html(self)


class KnownFeatures:
    """Features of a project, in order; iterable, and shown as a table.

    Args:
        features: the features.
        unread: why the project's own code could not be read; empty if it was.
    """

    def __init__(self, features: Sequence[KnownFeature], *, unread: str = "") -> None:
        self.features = tuple(features)
        self.unread = unread

    def __iter__(self) -> Iterator[KnownFeature]:
        return iter(self.features)

    def __len__(self) -> int:
        return len(self.features)

    def __getitem__(self, name: str) -> KnownFeature:
        """Return the feature of a name."""
        for feature in self.features:
            if feature.name == name:
                return feature
        raise KeyError(name)

    def __repr__(self) -> str:
        from interplane.project.feature_text import HEADERS, list_rows, plain_table

        return plain_table(HEADERS, list_rows(self.features))

    def _repr_html_(self) -> str:
        """Return them as a notebook shows them."""
        from interplane.project.cards.features import features_html

        return features_html(self)
