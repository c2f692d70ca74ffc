"""What OpenAPI says of pushed outcomes."""

from __future__ import annotations

from typing import Any, Final

from interplane.serving.envelope import MOST_ROWS

__all__ = ["OUTCOME", "PUSHED", "one_or_many"]

OUTCOME: Final = {
    "type": "object",
    "required": ["value"],
    "properties": {
        "id": {
            "type": "string",
            "pattern": "^[0-9a-f]{32}$",
            "description": "The id of the prediction, as it was answered; or give key.",
        },
        "key": {
            "type": "object",
            "description": "The values of the request's key, by column: all of its columns.",
        },
        "value": {
            "type": ["boolean", "number", "null"],
            "description": "What came true; null takes back what was said before.",
        },
        "name": {
            "type": "string",
            "default": "label",
            "description": "label, or the name of a proxy such as clicked.",
        },
        "known_at": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "When it was known; when it came, if not given.",
        },
    },
    "oneOf": [{"required": ["id"]}, {"required": ["key"]}],
    "additionalProperties": False,
}
"""The schema of one outcome."""

PUSHED: Final = {
    "type": "object",
    "required": ["new", "known"],
    "properties": {
        "new": {"type": "integer", "description": "How many were not there."},
        "known": {"type": "integer", "description": "How many were there already."},
    },
}
"""The schema of the answer."""


def one_or_many(one: str, schema: str) -> dict[str, Any]:
    """Return the schema of a body with one row, or with many, of a schema of the document."""
    row = {"$ref": f"#/components/schemas/{schema}"}
    many = {"type": "array", "items": row, "maxItems": MOST_ROWS}
    return {
        "oneOf": [
            {
                "type": "object",
                "required": [name],
                "properties": {name: of},
                "additionalProperties": False,
            }
            for name, of in ((one, row), (f"{one}s", many))
        ]
    }
