"""The OpenAPI document, made of the tables: what pages' twins hold and actions take, by type."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import msgspec

from interplane.web.answers import ErrorAnswer
from interplane.web.places import KINDS, names_in
from interplane.web.routes import Done

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from interplane.web.routes import Action, Page

__all__ = ["document"]

_REFUSALS: Final = {
    "400": "this is no request that can be read",
    "401": "nobody is signed in",
    "403": "their role may not",
    "404": "there is nothing of that name",
    "405": "nothing here takes this method",
    "421": "another host was asked for",
    "422": "what was said cannot be read",
    "431": "the header of the request is too long",
    "500": "a fault of ours: the log says what it was",
    "503": "nothing can be read or done now: the project file is broken, or too many ask",
}
_ACTING: Final = {
    "409": "what there is does not let it be done",
    "413": "too much was said",
    "415": "neither JSON nor a form",
}
_REFERENCE: Final = "#/components/schemas/{name}"


def document(pages: Sequence[Page], actions: Sequence[Action]) -> dict[str, Any]:
    """Return the document that describes the JSON twins of pages, and actions."""
    fixed = [Done, ErrorAnswer]
    types = [*fixed, *(page.shows for page in pages), *(action.takes for action in actions)]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    schemas, components = _plain(schemas), _plain(components)
    (done, error), others = schemas[:2], schemas[2:]
    shown, taken = others[: len(pages)], others[len(pages) :]
    paths = {
        page.twin: {"get": _looking(page, schema, error)}
        for page, schema in zip(pages, shown, strict=True)
    }
    for action, schema in zip(actions, taken, strict=True):
        paths[action.path] = {"post": _acting(action, schema, done, error)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Interplane", "version": version("interplane")},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _plain(schema: Any) -> Any:
    """Return schemas without ``prefixItems``, which not every reader of OpenAPI knows.

    A tuple is an array of so many items, each of one of its types.

    >>> _plain({"prefixItems": [{"type": "string"}, {"type": "string"}], "items": False})
    {'items': {'type': 'string'}}
    """
    if isinstance(schema, list | tuple):
        return [_plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _plain(each) for name, each in schema.items()}
    if isinstance(made.get("prefixItems"), list):
        places = made.pop("prefixItems")
        kinds = [each for at, each in enumerate(places) if each not in places[:at]]
        made["items"] = kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    return made


def _looking(page: Page, schema: dict[str, Any], error: dict[str, Any]) -> dict[str, Any]:
    query = [
        {"name": name, "in": "query", "description": kind.says, "schema": kind.schema}
        for name, kind in page.queries.items()
    ]
    return {
        **_operation(page, page.read, schema, error, _REFUSALS),
        "parameters": [*_path(page.path), *query],
    }


def _acting(
    action: Action, taken: dict[str, Any], done: dict[str, Any], error: dict[str, Any]
) -> dict[str, Any]:
    return {
        **_operation(action, action.act, done, error, {**_REFUSALS, **_ACTING}),
        "parameters": _path(action.path),
        "requestBody": {"required": True, "content": {"application/json": {"schema": taken}}},
    }


def _operation(
    route: Page | Action,
    does: Callable[..., object],
    schema: dict[str, Any],
    error: dict[str, Any],
    refusals: Mapping[str, str],
) -> dict[str, Any]:
    return {
        "operationId": route.name,
        "summary": (does.__doc__ or "").strip().partition("\n")[0],
        "description": f"Asks for the permission to {route.permission}.",
        "responses": {
            "200": _answer("what there is, or was done", schema),
            **{status: _answer(says, error) for status, says in sorted(refusals.items())},
        },
    }


def _answer(says: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": says, "content": {"application/json": {"schema": schema}}}


def _path(path: str) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": f"^(?:{KINDS[name]})$"},
        }
        for name in names_in(path)
    ]
