"""The features that a project has: of views and of models, those that no run has recorded among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.errors import ConfigError, UnknownName, UsageError
from interplane.project.feature_profiles import FeatureProfiles
from interplane.project.feature_reading import FeatureReading
from interplane.project.known_features import FeatureDetail, KnownFeatures
from interplane.project.written_features import only_written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.project.feature_reading import OfModel, OfView
    from interplane.project.known_features import FeatureUse
    from interplane.project.project import Project

__all__ = ["find_feature", "list_features"]


def list_features(project: Project, *, everything: bool = False) -> KnownFeatures:
    """Return the features of a project's views, then those of its models.

    Of a view the newest version is listed, and older ones that something live still reads; of a model
    the live crossing's features, or the newest one's. What stands in the project's code alone is there
    too, and marked.

    Args:
        project: the project.
        everything: list all versions of views.

    Raises:
        StorageError: if the workspace or the online store cannot be read.
    """
    reading = FeatureReading(project)
    found = [each.known for each in reading.of_views(everything=everything)]
    found += [each.known for each in reading.of_models()]
    try:
        return KnownFeatures([*found, *only_written(project, reading.uses)])
    except ConfigError as error:
        return KnownFeatures(found, unread=str(error))


def find_feature(
    project: Project,
    name: str,
    *,
    reading: FeatureReading | None = None,
    profiles: FeatureProfiles | None = None,
) -> FeatureDetail:
    """Return a feature with what the workspace knows of it.

    Args:
        project: the project.
        name: ``carrier_history.late_rate_7d``, ``carrier_history@1.late_rate_7d`` for another version
            than the newest, or ``flights.distance`` for a feature of a model. Where a view and a model
            have one name: ``view/flights.distance``, ``model/flights.distance``.
        reading: what reads features, if it has been opened already.
        profiles: profiles that were made before, for whoever asks again and again.

    Raises:
        UnknownName: if there is none.
        UsageError: if a view and a model have one of that name.
    """
    reading = reading or FeatureReading(project)
    profiles = profiles or FeatureProfiles()
    kind, _, plain = name.rpartition("/")
    of_view = None if kind == "model" else reading.find_in_views(plain)
    of_model = None if kind == "view" else reading.find_in_models(plain)
    if of_view is not None and of_model is not None:
        raise UsageError(
            f"a view and a model have the feature {name!r}",
            expected="which of them",
            do=f"Write view/{name} or model/{name}",
        )
    if of_view is not None:
        return _view_detail(project, reading, of_view, profiles)
    if of_model is not None:
        return _model_detail(project, reading, of_model, profiles)
    return _written_detail(project, reading, plain)


def _view_detail(
    project: Project, reading: FeatureReading, found: OfView, profiles: FeatureProfiles
) -> FeatureDetail:
    used_by = reading.uses.users(found.version.view, found.name)
    by_name = {crossing.name: crossing for crossing in reading.uses.crossings}
    detail = FeatureDetail(
        feature=found.known,
        used_by=tuple(used_by),
        profile_of="no crossing that looks it up has baseline rows: publish(…, baseline=OUTPUT)",
    )
    for use in _best_first(used_by):
        crossing = by_name[use.crossing]
        if detail.parity is None:
            detail = detail.but(parity=crossing.crossing.parity)
        if use.parameter is None:
            continue
        profile = profiles.looked_up(project.store, crossing, f"{use.parameter}.{found.name}")
        if profile is not None:
            return detail.but(profile=profile[0], profile_rows=profile[1], profile_of=use.crossing)
    return detail


def _model_detail(
    project: Project, reading: FeatureReading, found: OfModel, profiles: FeatureProfiles
) -> FeatureDetail:
    profile = profiles.of_model(project.store, found.crossing, found.name)
    detail = FeatureDetail(
        feature=found.known,
        fitted=found.fitted,
        caution=found.caution,
        used_by=tuple(reading.uses.model_users(found.crossing, found.name)),
        profile_of=f"{found.crossing.name} has no baseline rows: publish(…, baseline=OUTPUT)",
        parity=found.crossing.crossing.parity,
    )
    if profile is None:
        return detail
    return detail.but(profile=profile[0], profile_rows=profile[1], profile_of=found.crossing.name)


def _written_detail(project: Project, reading: FeatureReading, name: str) -> FeatureDetail:
    unread = ""
    try:
        for known in only_written(project, reading.uses):
            if name == known.name or (
                known.name.endswith(".*") and name.startswith(known.name.removesuffix("*"))
            ):
                return FeatureDetail(feature=known, profile_of="no run has recorded it")
    except ConfigError as error:
        unread = f"The project's own code cannot be read: {error} "
    there = [each.known.name for each in reading.of_views()]
    there += [each.known.name for each in reading.of_models()]
    raise UnknownName.of(
        *("feature", name, there), do=f'{unread}See them with "interplane features list"'
    )


def _best_first(used_by: Sequence[FeatureUse]) -> list[FeatureUse]:
    """Return uses with those of live crossings first, and then the newest."""
    live = [use for use in used_by if "live" in use.pointers]
    return [*live, *(use for use in reversed(used_by) if use not in live)]
