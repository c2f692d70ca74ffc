"""The feature views and features that stand in a project's code, whether a run has recorded them or not."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from interplane.errors import InterplaneError
from interplane.features.definition import Features
from interplane.project.feature_reading import view_feature
from interplane.project.known_features import KnownFeature
from interplane.views.derived_definition import DerivedFeatureView
from interplane.views.joined import WrittenView

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from interplane.project.feature_uses import FeatureUses
    from interplane.project.project import Project
    from interplane.record import Type
    from interplane.views.derived import AnyView

__all__ = ["only_written", "source_types", "written_features", "written_views"]


def written_views(project: Project) -> dict[str, WrittenView]:
    """Return the feature views of a project's code by name, those that are joined among them.

    Raises:
        ConfigError: if a module of a pipeline cannot be imported.
    """
    found: dict[str, WrittenView] = {}
    for value in _values(project):
        views = [value] if isinstance(value, WrittenView) else []
        if isinstance(value, Features):
            views += [joined.view for joined in value.joins.values()]
        for view in views:
            found.setdefault(view.name, view)
    return found


def written_features(project: Project) -> dict[str, Features]:
    """Return the features of models in a project's code, as ``module.name``.

    Raises:
        ConfigError: if a module of a pipeline cannot be imported.
    """
    return {
        f"{value.function.__module__}.{value.name}": value
        for value in _values(project)
        if isinstance(value, Features)
    }


def source_types(project: Project) -> dict[str, dict[str, Type]]:
    """Return the columns of the tables that are known without a run: the inputs of pipelines.

    What a step makes is known when it has run.
    """
    found: dict[str, dict[str, Type]] = {}
    for _, pipeline in project.pipelines().values():
        for name, declared in pipeline.graph().inputs.items():
            dataset = getattr(declared, "name", None)
            if dataset is None:
                continue
            try:
                found[name] = found[dataset] = project.table(dataset).types
            except InterplaneError:  # a dataset without data has no columns yet
                continue
    return found


def only_written(project: Project, uses: FeatureUses) -> list[KnownFeature]:
    """Return the features of views, and of models, that stand in the code and that no crossing has.

    A view over tables that a step makes has the name ``NAME.*``: what is in it, a run tells; and so have
    features of models, whose columns are those of the training rows.

    Raises:
        ConfigError: if the project's code cannot be imported.
    """
    types, found = source_types(project), []
    for name, written in written_views(project).items():
        if name in uses.versions:
            continue
        view = _define(written, types)
        if view is not None:
            found += [view_feature(view, each) for each in view.types]
            continue
        kind = "derived view" if isinstance(written, DerivedFeatureView) else "view"
        found.append(_unknown(name, kind, written.sources, written.entity))
    code = {
        piece
        for crossing in uses.current().values()
        for key in crossing.crossing.steps.values()
        for piece in key.code
    }
    for name, features in written_features(project).items():
        if name not in code:
            sources = (each for joined in features.joins.values() for each in joined.view.sources)
            found.append(_unknown(features.name, "model", tuple(dict.fromkeys(sources))))
    return found


def _unknown(
    name: str, kind: str, sources: tuple[str, ...], entity: tuple[str, ...] = ()
) -> KnownFeature:
    return KnownFeature(
        name=f"{name}.*", kind=kind, entity=entity, sources=sources, is_recorded=False
    )


def _define(view: WrittenView, types: Mapping[str, Mapping[str, Type]]) -> AnyView | None:
    """Return a written view over tables of which the columns are known; None where they are not.

    A definition that its columns do not fit is refused by the run; here it is one that is not known.
    """
    if any(name not in types for name in view.sources):
        return None
    try:
        return view.use(types, view.entity).view
    except InterplaneError:
        return None


def _values(project: Project) -> Iterator[Any]:
    """Yield what stands in the modules of the project that its pipelines import."""
    project.pipelines()
    root = str(project.root.resolve())
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if file and str(file).startswith(root):
            yield from list(vars(module).values())
