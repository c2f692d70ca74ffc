"""``/openapi.json``: what a server answers, in OpenAPI 3.1, made of the endpoints' own schemas."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from interplane.serving.envelope import LONGEST_ID, MOST_ROWS
from interplane.serving.openapi_features import FEATURE_OPERATIONS, FEATURE_SCHEMAS
from interplane.serving.openapi_outcomes import OUTCOME, PUSHED, one_or_many

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.serving.ports import Endpoint

__all__ = ["describe_api"]

_ERROR: Final = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "what", "expected", "do", "details"],
            "properties": {
                "code": {"type": "string", "description": "Stable, for programs."},
                "what": {"type": "string", "description": "What is wrong, and where."},
                "expected": {"type": "string", "description": "What was expected instead."},
                "do": {"type": "string", "description": "What to do next."},
                "details": {"type": "object"},
            },
        }
    },
}
_ID: Final = {
    "type": "string",
    "minLength": 1,
    "maxLength": LONGEST_ID,
    "description": "The client's own id: a retry with it is the same prediction.",
}
_SCORED: Final = {
    "score": {"type": ["number", "string", "boolean", "array", "object", "null"]},
    "id": {"type": "string", "description": "The id of the prediction."},
    "time": {"type": "string", "format": "date-time", "description": "The prediction time."},
}
_OF: Final = {"model": {"type": "string"}, "crossing": {"type": "string"}}

_PREDICTION: Final = {
    "type": "object",
    "required": ["score", "id", "time", "model", "crossing"],
    "properties": {**_SCORED, **_OF},
}
_PREDICTIONS: Final = {
    "type": "object",
    "required": ["predictions", "model", "crossing"],
    "properties": {
        "predictions": {
            "type": "array",
            "description": "In the order of the rows; a bad row has an error, its neighbours none. "
            "What a canary answered says so: it has a model and a crossing of its own.",
            "items": {
                "oneOf": [
                    {
                        "type": "object",
                        "required": ["score", "id", "time"],
                        "properties": {**_SCORED, **_OF},
                    },
                    {"$ref": "#/components/schemas/Error"},
                ]
            },
        },
        **_OF,
    },
}

_WHEN: Final = {
    "400": "The body is no JSON, or not of the form.",
    "401": "There is no token that the server knows.",
    "403": "The token is not for this.",
    "404": "There is no such thing here.",
    "408": "The request was not complete in time.",
    "409": "The id stands for another request.",
    "411": "The length of the body is not said.",
    "413": "The body is too long.",
    "415": "The body is not said to be JSON.",
    "421": "The server does not answer for this host.",
    "422": "A row does not fit the model's request schema.",
    "503": "The server has too much to do, or is leaving. Retry-After says when to come again.",
}
_ANYTHING: Final = {"type": "object"}
_ANY: Final = ("400", "401", "403", "421", "503")
_BODY: Final = ("408", "411", "413", "415", "422")


def describe_api(
    endpoints: Sequence[Endpoint],
    *,
    has_events: bool,
    has_outcomes: bool = False,
    has_features: bool = False,
) -> dict[str, Any]:
    """Return the document.

    Args:
        endpoints: what is live.
        has_events: whether events can be pushed.
        has_outcomes: whether outcomes can be pushed.
        has_features: whether feature views can be read.
    """
    schemas: dict[str, Any] = {
        "Error": _ERROR,
        "Prediction": _PREDICTION,
        "Predictions": _PREDICTIONS,
    }
    paths: dict[str, Any] = {}
    for endpoint in endpoints:
        row = {k: v for k, v in endpoint.json_schema().items() if k != "$schema"}
        schemas[f"{endpoint.model}.row"] = row
        schemas[f"{endpoint.model}.request"] = _request(
            f"#/components/schemas/{endpoint.model}.row"
        )
        paths[f"/v1/models/{endpoint.model}/predict"] = {"post": _predict(endpoint)}
    paths |= _reading([endpoint.model for endpoint in endpoints])
    if has_events:
        paths["/v1/sources/{name}/events"] = {"post": _push()}
    if has_outcomes:
        schemas["Outcome"] = OUTCOME
        paths["/v1/models/{name}/outcomes"] = {"post": _push_outcomes()}
    if has_features:
        schemas |= FEATURE_SCHEMAS
        paths |= {path: {"post": _of_features(said)} for path, said in FEATURE_OPERATIONS.items()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Interplane model server", "version": version("interplane")},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }


def _request(row: str) -> dict[str, Any]:
    """Return the schema of a request's body: one row, or many."""
    return {
        "oneOf": [
            {
                "type": "object",
                "title": "one row",
                "required": ["row"],
                "properties": {"row": {"$ref": row}, "id": _ID},
                "additionalProperties": False,
            },
            {
                "type": "object",
                "title": "many rows",
                "required": ["rows"],
                "properties": {
                    "rows": {"type": "array", "items": {"$ref": row}, "maxItems": MOST_ROWS},
                    "id": _ID,
                },
                "additionalProperties": False,
            },
        ]
    }


def _predict(endpoint: Endpoint) -> dict[str, Any]:
    model = endpoint.model
    answer = {"oneOf": [_ref("Prediction"), _ref("Predictions")]}
    return {
        "summary": f"Predict with {endpoint.name}",
        "operationId": f"predict_{model}",
        "requestBody": {"required": True, "content": _json(_ref(f"{model}.request"))},
        "responses": _responses("The prediction, or one for each row.", answer, *_BODY, "409"),
    }


def _push() -> dict[str, Any]:
    return {
        "summary": "Push events of a source",
        "operationId": "push_events",
        "parameters": [_NAME],
        "requestBody": {"required": True, "content": _json({"type": "object"})},
        "responses": _responses("The events are committed.", {"type": "object"}, *_BODY, "404"),
    }


def _push_outcomes() -> dict[str, Any]:
    return {
        "summary": "Say what came true of a model's predictions",
        "operationId": "push_outcomes",
        "parameters": [_NAME],
        "requestBody": {"required": True, "content": _json(one_or_many("outcome", "Outcome"))},
        "responses": _responses("The outcomes are committed.", PUSHED, *_BODY, "404"),
    }


def _of_features(said: dict[str, Any]) -> dict[str, Any]:
    takes, gives = (_ref(said[part]) if said[part] else _ANYTHING for part in ("takes", "gives"))
    return {
        "summary": said["summary"],
        "operationId": said["operationId"],
        "parameters": said["parameters"],
        "requestBody": {"required": True, "content": _json(takes)},
        "responses": _responses(said["when"], gives, *_BODY, "404"),
    }


def _reading(models: Sequence[str]) -> dict[str, Any]:
    """Return the paths that only read."""
    named = {**_NAME, "schema": {"type": "string", "enum": list(models)}} if models else _NAME
    text = {"text/plain": {"schema": {"type": "string"}}}
    lines = (
        ("/v1/models", "List the models that are live", "list_models", None),
        ("/v1/models/{name}", "Show a model that is live", "show_model", named),
        ("/v1/models/{name}/schema", "The JSON Schema of one row", "show_schema", named),
        ("/openapi.json", "This document", "show_api", None),
        ("/livez", "Whether the server lives", "is_alive", None),
        ("/readyz", "Whether traffic should come", "is_ready", None),
        ("/metrics", "What the server counted, for Prometheus", "show_metrics", None),
    )
    paths = {}
    for path, summary, operation, parameter in lines:
        found = ("404",) if parameter else ()
        responses = _responses(f"{summary}.", {"type": "object"}, *found)
        if path == "/metrics":
            responses["200"]["content"] = text
        item = {"summary": summary, "operationId": operation, "responses": responses}
        paths[path] = {"get": {**item, "parameters": [parameter]} if parameter else item}
    return paths


_NAME: Final = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}


def _responses(text: str, schema: dict[str, Any], *statuses: str) -> dict[str, Any]:
    errors = {
        status: {"description": _WHEN[status], "content": _json(_ref("Error"))}
        for status in sorted((*_ANY, *statuses))
    }
    return {"200": {"description": text, "content": _json(schema)}, **errors}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
