"""The OpenAPI document, made of the table of pages: what each page's JSON twin holds, by type."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.web.routes import Page

__all__ = ["document"]

_NAME: Final = re.compile(r"\{(\w+)\}")
_REFERENCE: Final = "#/components/schemas/{name}"


def document(pages: Sequence[Page]) -> dict[str, Any]:
    """Return the document that describes the JSON twins of pages."""
    schemas, components = msgspec.json.schema_components(
        [page.shows for page in pages], ref_template=_REFERENCE
    )
    return {
        "openapi": "3.1.0",
        "info": {"title": "Interplane", "version": version("interplane")},
        "paths": {
            page.twin: {"get": _operation(page, schema)}
            for page, schema in zip(pages, schemas, strict=True)
        },
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _operation(page: Page, schema: dict[str, Any]) -> dict[str, Any]:
    path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _NAME.findall(page.path)
    ]
    query = [
        {"name": name, "in": "query", "description": says, "schema": {"type": "string"}}
        for name, says in page.query.items()
    ]
    refused = {"description": "refused, with what is wrong and what to do"}
    return {
        "operationId": page.name,
        "summary": (page.read.__doc__ or "").strip().partition("\n")[0],
        "description": f"Asks for the permission to {page.permission}.",
        "parameters": [*path, *query],
        "responses": {
            "200": {
                "description": "what the page shows",
                "content": {"application/json": {"schema": schema}},
            },
            **dict.fromkeys(("401", "403", "404", "422", "500"), refused),
        },
    }
