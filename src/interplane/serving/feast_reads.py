"""``POST /get-online-features`` as Feast's feature server has it.

``{"features": ["view:feature", …]}`` or ``{"feature_service": "model"}``, with ``entities`` column by
column. A feature service is what the live crossing of a model looks up, by the columns of its
requests. What Feast has and this has not is refused by its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from interplane.errors import RequestRejected
from interplane.serving.feature_values import (
    entity_value,
    json_value,
    time_text,
    unknown_feature,
)
from interplane.serving.pushed_rows import json_answer
from interplane.serving.refusals import Malformed
from interplane.views.online_values import entity_types

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.expressions.nodes import Constant
    from interplane.serving.feature_values import FeatureViews
    from interplane.serving.ports import Answer
    from interplane.views.derived import AnyUse
    from interplane.views.online_values import Found, ViewValues

__all__ = ["FeastReads", "FindService"]

_FIELDS: Final = (
    *("entities", "features", "feature_service", "full_feature_names"),
    "include_feature_view_version_metadata",
)
_FORM: Final = '{"features": ["VIEW:FEATURE", …], "entities": {"COLUMN": […], …}}'
_STATUSES: Final = {
    "present": "PRESENT",
    "null": "NULL_VALUE",
    "not_found": "NOT_FOUND",
    "outside_ttl": "OUTSIDE_MAX_AGE",
}
_NEVER: Final = "1970-01-01T00:00:00Z"
_OK: Final = 200


class FindService(Protocol):
    """Gives what a model's live crossing looks up."""

    def __call__(self, name: str) -> Mapping[str, AnyUse]:
        """Return the views by parameter, with the columns that they are joined by.

        Raises:
            UnknownName: if no such model is live.
        """
        ...


class _Wanted(NamedTuple):
    """A view that is read: what it is called, by which columns, and which features are wanted."""

    name: str
    values: ViewValues
    by: tuple[str, ...]
    features: list[str]


class FeastReads:
    """Answers requests in Feast's form.

    Args:
        views: the views by name.
        service: gives feature services.
        most_entities: how many entities a request may ask for.
    """

    def __init__(self, views: FeatureViews, *, service: FindService, most_entities: int) -> None:
        self._views = views
        self._service = service
        self._most = most_entities

    def read(self, plain: Any, now_us: int) -> Answer:
        """Answer a request's plain values.

        Raises:
            Malformed: if it is not of the form.
            RequestRejected: if it asks what is not supported, or an entity is none.
            UnknownName: if there is no such view, feature or model.
            StorageError: if the store cannot be read.
        """
        _check_form(plain)
        wanted = self._wanted(plain)
        columns = _columns(plain.get("entities"), wanted, most=self._most)
        found = {each.name: self._found(each, columns, now_us) for each in wanted}
        names, results = list(columns), [_entity(values) for values in columns.values()]
        is_full = plain.get("full_feature_names", False)
        for view in wanted:
            places = {name: place for place, name in enumerate(view.values.view.types)}
            times = [time_text(each.happened) or _NEVER for each in found[view.name]]
            for feature in view.features:
                names.append(f"{view.name}__{feature}" if is_full else feature)
                results.append(_feature(found[view.name], places[feature], times))
        _refuse_twice(names)
        return json_answer(_OK, {"metadata": {"feature_names": names}, "results": results})

    def _wanted(self, plain: Mapping[str, Any]) -> list[_Wanted]:
        service = plain.get("feature_service")
        if service is not None:
            return [
                _Wanted(parameter, self._views.of(use.view), use.by, list(use.view.types))
                for parameter, use in self._service(service).items()
            ]
        by_view: dict[str, list[str]] = {}
        for reference in plain["features"]:
            view, colon, feature = reference.partition(":")
            if not colon:
                raise _malformed(f"{reference!r:.60} at $.features", "VIEW:FEATURE")
            by_view.setdefault(view, []).append(feature)
        found = []
        for name, features in by_view.items():
            values = self._views.get(name)
            for feature in features:
                if feature not in values.view.types:
                    raise unknown_feature(values.view, feature)
            found.append(_Wanted(name.partition("@")[0], values, values.view.entity, features))
        return found

    @staticmethod
    def _found(wanted: _Wanted, columns: Mapping[str, Sequence[Any]], now_us: int) -> list[Found]:
        types = entity_types(wanted.values.view).values()
        read = [
            [
                entity_value(value, kind, f"$.entities.{column}[{place}]")
                for place, value in enumerate(columns[column])
            ]
            for column, kind in zip(wanted.by, types, strict=True)
        ]
        entities: list[tuple[Constant, ...]] = list(zip(*read, strict=True))
        return wanted.values.read(entities, now_us)


def _check_form(plain: Any) -> None:
    if not isinstance(plain, dict):
        raise _malformed(f"the request is {plain!r:.60}")
    for field in plain:
        if field not in _FIELDS:
            raise _malformed(f"the request has {field!r:.60} at $", f"{', '.join(_FIELDS)}")
    features, service = plain.get("features"), plain.get("feature_service")
    if not features and service is None:
        raise _malformed("the request has neither features nor feature_service")
    if features and service is not None:
        raise _malformed("the request has both features and feature_service", "one of the two")
    if service is not None and not isinstance(service, str):
        raise _malformed(f"{service!r:.60} at $.feature_service", "the name of a model")
    if features and not (
        isinstance(features, list) and all(isinstance(each, str) for each in features)
    ):
        raise _malformed(f"{features!r:.60} at $.features")
    if not isinstance(plain.get("full_feature_names", False), bool):
        raise _malformed("full_feature_names is no truth value", "true or false")
    if plain.get("include_feature_view_version_metadata"):
        raise RequestRejected(
            "include_feature_view_version_metadata is not supported here",
            expected="false: a version of a view is named by a digest, which Feast has no place for",
            do="Leave it out. /v1/features/VIEW says the version",
            path="$.include_feature_view_version_metadata",
        )


def _columns(entities: Any, wanted: Sequence[_Wanted], *, most: int) -> Mapping[str, Sequence[Any]]:
    """Return the entities' columns; all of one length, and each read by some view."""
    if not isinstance(entities, dict) or not all(
        isinstance(values, list) for values in entities.values()
    ):
        raise _malformed(f"{entities!r:.60} at $.entities")
    needed = dict.fromkeys(column for view in wanted for column in view.by)
    for column in needed:
        if column not in entities:
            raise _malformed(f"$.entities.{column} is missing", f"values of {', '.join(needed)}")
    for column in entities:
        if column not in needed:
            raise _malformed(
                f"{str(column)[:60]!r} at $.entities names no entity of these features",
                ", ".join(needed),
            )
    lengths = {len(values) for values in entities.values()}
    if len(lengths) > 1:
        raise _malformed("the columns at $.entities have several lengths", "one length")
    if max(lengths, default=0) > most:
        raise RequestRejected(
            f"{max(lengths):,} entities at $.entities",
            expected=f"at most {most:,}",
            do="Ask for them in several requests",
            path="$.entities",
        )
    return entities


def _entity(values: Sequence[Any]) -> dict[str, Any]:
    return {
        "values": values,
        "statuses": ["NULL_VALUE" if value is None else "PRESENT" for value in values],
        "event_timestamps": [_NEVER] * len(values),
    }


def _feature(found: Sequence[Found], place: int, times: Sequence[str]) -> dict[str, Any]:
    return {
        "values": [json_value(each.values[place]) for each in found],
        "statuses": [_STATUSES[each.statuses[place]] for each in found],
        "event_timestamps": times,
    }


def _refuse_twice(names: Sequence[str]) -> None:
    for place, name in enumerate(names):
        if name in names[:place]:
            raise _malformed(
                f"two things that are asked for are called {name!r}",
                'different names, or "full_feature_names": true',
            )


def _malformed(what: str, expected: str = _FORM) -> Malformed:
    return Malformed(what, expected=expected, do="Correct the request", path="$")
