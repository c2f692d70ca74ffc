"""The OpenAPI document, made of the tables: what twins and streams of pages hold, what actions take."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import msgspec

from interplane.web.answers import ErrorAnswer
from interplane.web.places import KINDS, names_in
from interplane.web.routes import GO_ON, Done
from interplane.web.streams import EVENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from interplane.web.places import Query
    from interplane.web.routes import Action, Live, Page

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
    "503": "nothing can be read or done now: the project file is broken, or too many ask or write",
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
    pieces = {
        page.name: page.live.grows.piece
        for page in pages
        if page.live is not None and page.live.grows is not None
    }
    types = [
        *fixed,
        *(page.shows for page in pages),
        *(action.takes for action in actions),
        *pieces.values(),
    ]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    schemas, components = _plain(schemas), _plain(components)
    (done, error), others = schemas[:2], schemas[2:]
    shown, others = others[: len(pages)], others[len(pages) :]
    taken, others = others[: len(actions)], others[len(actions) :]
    grown = dict(zip(pieces, others, strict=True))
    paths = {
        page.twin: {"get": _looking(page, schema, error)}
        for page, schema in zip(pages, shown, strict=True)
    }
    for page, schema in zip(pages, shown, strict=True):
        if page.text is not None:
            paths[f"{page.path}.txt"] = {"get": _reading(page, page.text, error)}
        if page.live is not None:
            text = {"type": "string"}
            data = {
                "shown": {"anyOf": [schema, text]},
                "grown": grown.get(page.name),
                "over": text,
                "ended": text,
            }
            paths[f"{page.path}/live"] = {"get": _following(page, page.live, data, error)}
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
    return {
        **_operation(page, page.read, schema, error, _REFUSALS),
        "parameters": [*_path(page.path), *_query(page.queries)],
    }


def _reading(page: Page, does: Callable[..., object], error: dict[str, Any]) -> dict[str, Any]:
    """Return what a page is as text."""
    found = _looking(page, {}, error)
    found |= {"operationId": f"{page.name}_text", "summary": _summary(does)}
    found["responses"]["200"] = {
        "description": "what there is",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    }
    return found


def _following(
    page: Page, live: Live, data: Mapping[str, Any], error: dict[str, Any]
) -> dict[str, Any]:
    """Return how a page is followed: the schema is that of each event, as it comes."""
    found = _looking(page, {}, error)
    does = _summary(page.read)
    found |= {
        "operationId": f"{page.name}_live",
        "summary": f"Follow: {does[:1].lower()}{does[1:]}",
        "parameters": [*found["parameters"], *_query(live.queries), *_header(live)],
    }
    events = [_event(name, data[name]) for name in EVENTS if data[name] is not None]
    found["responses"]["200"] = {
        "description": "server-sent events; with as=html the data of shown is markup",
        "content": {"text/event-stream": {"schema": {"oneOf": events}}},
    }
    return found


def _event(name: str, data: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an event; its data is one line of JSON."""
    content = {"type": "string", "contentMediaType": "application/json", "contentSchema": data}
    return {
        "type": "object",
        "description": EVENTS[name],
        "properties": {"event": {"const": name}, "data": content, "id": {"type": "string"}},
        "required": ["event", "data"],
    }


def _header(live: Live) -> list[dict[str, Any]]:
    if live.grows is None:
        return []
    name, says = "Last-Event-ID", f"{GO_ON.says}; a browser sends it by itself"
    return [{"name": name, "in": "header", "description": says, "schema": GO_ON.schema}]


def _query(queries: Mapping[str, Query]) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "description": kind.says, "schema": kind.schema}
        for name, kind in queries.items()
    ]


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
        "summary": _summary(does),
        "description": f"Asks for the permission to {route.permission}.",
        "responses": {
            "200": _answer("what there is, or was done", schema),
            **{status: _answer(says, error) for status, says in sorted(refusals.items())},
        },
    }


def _summary(does: Callable[..., object]) -> str:
    return (does.__doc__ or "").strip().partition("\n")[0]


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
