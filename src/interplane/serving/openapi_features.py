"""What OpenAPI says of feature views: reads, pushes, and both in Feast's form."""

from __future__ import annotations

from typing import Any, Final

from interplane.serving.envelope import MOST_ROWS
from interplane.serving.feature_routes import FEATURE_PATHS
from interplane.views.statuses import STATUSES

__all__ = ["FEATURE_OPERATIONS", "FEATURE_SCHEMAS"]

_VALUE: Final = {"type": ["boolean", "number", "string", "null"]}
_COLUMNS: Final = {
    "type": "object",
    "description": "Values by column; all columns have one length.",
    "additionalProperties": {"type": "array", "items": _VALUE, "maxItems": MOST_ROWS},
}
_VIEW: Final = {
    "name": "name",
    "in": "path",
    "required": True,
    "schema": {"type": "string"},
    "description": "A feature view, or a version of it: weather, weather@2.",
}

FEATURE_SCHEMAS: Final[dict[str, Any]] = {
    "FeatureRequest": {
        "type": "object",
        "required": ["entities"],
        "properties": {
            "entities": {
                "type": "array",
                "items": {"type": "object", "additionalProperties": _VALUE},
                "maxItems": MOST_ROWS,
                "description": "Of each the values of the columns that name it.",
            },
            "features": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Which features; all of the view, if not given.",
            },
            "at": {
                "type": ["string", "null"],
                "format": "date-time",
                "description": "For when; now, if not given.",
            },
        },
        "additionalProperties": False,
    },
    "FeatureValues": {
        "type": "object",
        "required": ["view", "version", "at", "entities"],
        "properties": {
            "view": {"type": "string"},
            "version": {"type": "string", "description": "The digest of its definition."},
            "at": {"type": ["string", "null"], "format": "date-time"},
            "entities": {
                "type": "array",
                "description": "In the order of the request.",
                "items": {
                    "type": "object",
                    "required": ["values", "statuses", "event_time", "valid_until"],
                    "properties": {
                        "values": {"type": "object", "additionalProperties": _VALUE},
                        "statuses": {
                            "type": "object",
                            "additionalProperties": {"type": "string", "enum": list(STATUSES)},
                        },
                        "event_time": {
                            "type": ["string", "null"],
                            "format": "date-time",
                            "description": "When the newest event of the entity happened.",
                        },
                        "valid_until": {
                            "type": ["string", "null"],
                            "format": "date-time",
                            "description": "The first time at which this may differ though no event "
                            "comes; null if there is none.",
                        },
                    },
                },
            },
        },
    },
    "FeastRequest": {
        "type": "object",
        "required": ["entities"],
        "properties": {
            "entities": _COLUMNS,
            "features": {
                "type": "array",
                "items": {"type": "string", "pattern": "^[^:]+:.+$"},
                "description": "VIEW:FEATURE.",
            },
            "feature_service": {"type": ["string", "null"], "description": "A model."},
            "full_feature_names": {"type": "boolean", "default": False},
            "include_feature_view_version_metadata": {"type": "boolean", "const": False},
        },
        "additionalProperties": False,
    },
    "FeastFeatures": {
        "type": "object",
        "required": ["metadata", "results"],
        "properties": {
            "metadata": {
                "type": "object",
                "properties": {"feature_names": {"type": "array", "items": {"type": "string"}}},
            },
            "results": {
                "type": "array",
                "description": "Of each name, in order.",
                "items": {
                    "type": "object",
                    "properties": {
                        "values": {"type": "array", "items": _VALUE},
                        "statuses": {
                            "type": "array",
                            "items": {
                                "type": "string",
                                "enum": ["PRESENT", "NULL_VALUE", "NOT_FOUND", "OUTSIDE_MAX_AGE"],
                            },
                        },
                        "event_timestamps": {
                            "type": "array",
                            "items": {"type": "string", "format": "date-time"},
                        },
                    },
                },
            },
        },
    },
    "FeastPush": {
        "type": "object",
        "required": ["push_source_name", "df"],
        "properties": {
            "push_source_name": {"type": "string", "description": "A source."},
            "df": _COLUMNS,
            "to": {"type": "string", "const": "online", "default": "online"},
            "allow_registry_cache": {"type": "boolean"},
            "transform_on_write": {"type": "boolean", "const": True},
        },
        "additionalProperties": False,
    },
}
"""The schemas by name."""

FEATURE_OPERATIONS: Final[dict[str, dict[str, Any]]] = {
    FEATURE_PATHS["features"]: {
        "summary": "Read features of entities",
        "operationId": "read_features",
        "parameters": [_VIEW],
        "takes": "FeatureRequest",
        "gives": "FeatureValues",
        "when": "What is known of each entity.",
    },
    FEATURE_PATHS["feature_events"]: {
        "summary": "Push events to the source of a feature view",
        "operationId": "push_feature_events",
        "parameters": [_VIEW],
        "takes": None,
        "gives": None,
        "when": "The events are committed.",
    },
    FEATURE_PATHS["feast_features"]: {
        "summary": "Read features of entities, in Feast's form",
        "operationId": "get_online_features",
        "parameters": [],
        "takes": "FeastRequest",
        "gives": "FeastFeatures",
        "when": "What is known of each entity.",
    },
    FEATURE_PATHS["feast_push"]: {
        "summary": "Push events of a source, in Feast's form",
        "operationId": "feast_push",
        "parameters": [],
        "takes": "FeastPush",
        "gives": None,
        "when": "The events are committed.",
    },
}
"""What is said of each path; ``takes`` and ``gives`` name schemas."""
