"""What the OpenAPI document says of every address alike: the shape of errors."""

from __future__ import annotations

from typing import Any, Final

PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "A problem document (RFC 9457).",
    "required": ["type", "title", "status", "success", "code", "detail", "errors", "requestId"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string", "description": "The status in words."},
        "status": {"type": "integer"},
        "success": {"type": "boolean", "enum": [False]},
        "code": {"type": "string", "description": "Stable, for programs."},
        "detail": {"type": "string", "description": "For people."},
        "requestId": {"type": "string", "description": "What the log calls this request."},
        "errors": {
            "type": "array",
            "description": "What was wrong with the request, field by field.",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
    "example": {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "success": False,
        "code": "invalid",
        "detail": "delay: Ensure this value is greater than or equal to 0.",
        "errors": [
            {
                "field": "delay",
                "code": "min_value",
                "message": "Ensure this value is greater than or equal to 0.",
            }
        ],
        "requestId": "0d6e2f8a4c1b4e0fa1c2d3e4f5a6b7c8",
    },
}
METHODS: Final = ("get", "post", "put", "patch", "delete")


def with_problems(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Give every operation its problem document, as drf-spectacular's hooks go."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = PROBLEM
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path in result.get("paths", {}).values():
        for method in METHODS:
            if method in path:
                responses = path[method].setdefault("responses", {})
                responses.setdefault("4XX", {"description": "Refused.", "content": content})
                responses.setdefault("5XX", {"description": "Not possible.", "content": content})
    return result
