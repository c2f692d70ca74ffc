"""The OpenAPI document, made of the tables: what pages' twins hold and actions take, by type."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import msgspec

from interplane.web.routes import Done

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interplane.web.routes import Action, Page

__all__ = ["document"]

_NAME: Final = re.compile(r"\{(\w+)\}")
_REFUSALS: Final = ("401", "403", "404", "409", "413", "415", "422", "500")
_REFERENCE: Final = "#/components/schemas/{name}"


def document(pages: Sequence[Page], actions: Sequence[Action]) -> dict[str, Any]:
    """Return the document that describes the JSON twins of pages, and actions."""
    types = [*(page.shows for page in pages), Done, *(action.takes for action in actions)]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    shown, done, taken = schemas[: len(pages)], schemas[len(pages)], schemas[len(pages) + 1 :]
    paths = {
        page.twin: {"get": _looking(page, schema)}
        for page, schema in zip(pages, shown, strict=True)
    }
    for action, schema in zip(actions, taken, strict=True):
        paths[action.path] = {"post": _acting(action, schema, done)}
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


def _looking(page: Page, schema: dict[str, Any]) -> dict[str, Any]:
    query = [
        {"name": name, "in": "query", "description": says, "schema": {"type": "string"}}
        for name, says in page.query.items()
    ]
    return {
        **_operation(page, page.read, schema),
        "parameters": [*_path(page.path), *query],
    }


def _acting(action: Action, taken: dict[str, Any], done: dict[str, Any]) -> dict[str, Any]:
    return {
        **_operation(action, action.act, done),
        "parameters": _path(action.path),
        "requestBody": {"required": True, "content": {"application/json": {"schema": taken}}},
    }


def _operation(
    route: Page | Action, does: Callable[..., object], schema: dict[str, Any]
) -> dict[str, Any]:
    refused = {"description": "refused, with what is wrong and what to do"}
    content = {"application/json": {"schema": schema}}
    return {
        "operationId": route.name,
        "summary": (does.__doc__ or "").strip().partition("\n")[0],
        "description": f"Asks for the permission to {route.permission}.",
        "responses": {
            "200": {"description": "what there is, or was done", "content": content},
            **dict.fromkeys(_REFUSALS, refused),
        },
    }


def _path(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _NAME.findall(path)
    ]
