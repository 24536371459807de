"""What the OpenAPI document says of all addresses alike, as hooks of drf-spectacular."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from django.urls import resolve

from fediverse.openapi_parts import (
    DESCRIPTIONS,
    IDEMPOTENCY_KEY,
    JOB,
    PROBLEM,
    REPLAYED,
    REQUEST_ID,
    TAGS,
)
from queues.api.kinds import EXAMPLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.urls import ResolverMatch

METHODS: Final = ("get", "post", "put", "patch", "delete")
ANY: Final = "1" * 16
_NAMED: Final = re.compile(r"\{\w+\}")


def without_slashes(endpoints: list[tuple[Any, ...]], **kwargs: Any) -> list[tuple[Any, ...]]:
    """Write addresses without the slash at their end, which they answer with as well."""
    return [(path.rstrip("/"), *rest) for path, *rest in endpoints]


def with_problems(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Give every operation the errors it can end with, each a problem document."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    components["responses"] = {
        f"Problem{status}": {"description": words, "content": content}
        for status, words in DESCRIPTIONS.items()
    }
    for path, method, operation in operations(result):
        responses = operation.setdefault("responses", {})
        for status in _statuses(path, method, operation):
            reference = {"$ref": f"#/components/responses/Problem{status}"}
            responses.setdefault(status, reference)
    return result


def with_headers(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Tell of the headers that every answer has, and of those of requests that make jobs."""
    components = result.setdefault("components", {})
    components["headers"] = {"RequestId": REQUEST_ID, "Replayed": REPLAYED}
    components.setdefault("parameters", {})["IdempotencyKey"] = IDEMPOTENCY_KEY
    request_id = {"X-Request-ID": {"$ref": "#/components/headers/RequestId"}}
    replayed = {"Idempotency-Replayed": {"$ref": "#/components/headers/Replayed"}}
    for response in components.get("responses", {}).values():
        response["headers"] = request_id
    for path, method, operation in operations(result):
        takes_key = is_idempotent(path, method)
        if takes_key:
            key = {"$ref": "#/components/parameters/IdempotencyKey"}
            operation["parameters"] = [*operation.get("parameters", ()), key]
        for status, response in operation["responses"].items():
            if "$ref" not in response:
                more = replayed if takes_key and status.startswith("2") else {}
                response["headers"] = {**response.get("headers", {}), **request_id, **more}
    return result


def with_names(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Call each operation by its method and the name of its route, and describe the tags."""
    used = set()
    for path, method, operation in operations(result):
        used.update(operation.get("tags", ()))
        operation["operationId"] = method + route_of(path).title().replace("-", "")
    result["tags"] = [
        {"name": name, "description": words} for name, words in TAGS.items() if name in used
    ]
    return result


def with_kinds(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Let the engine's examples, which know of no kind, make jobs of the hub."""
    for _, _, operation in operations(result):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            for example in content.get("examples", {}).values():
                example["value"] = _of_the_hub(example["value"])
    return result


def _of_the_hub(value: Any) -> Any:
    if isinstance(value, list):
        return [_of_the_hub(one) for one in value]
    if not isinstance(value, dict):
        return value
    own = JOB if value.get("kind") == EXAMPLE["kind"] else {}
    return {name: own.get(name) or _of_the_hub(one) for name, one in value.items()}


def operations(result: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield path, method and description of each operation."""
    for path, item in result.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def route_of(path: str) -> str:
    """Return the name of the route that answers a path such as `/api/queue/jobs/{id}`."""
    return str(_match(path).url_name)


def is_idempotent(path: str, method: str) -> bool:
    """Whether an operation takes an Idempotency-Key, as its view says."""
    view = getattr(_match(path).func, "view_class", None)
    return method == "post" and bool(getattr(view, "is_idempotent", False))


def _match(path: str) -> ResolverMatch:
    # A number, an id of sixteen digits or any text: whatever a place takes, it takes this.
    return resolve(_NAMED.sub(ANY, path))


def _statuses(path: str, method: str, operation: dict[str, Any]) -> Iterator[str]:
    yield from ("4XX", "5XX", "503")
    if operation.get("parameters") or "requestBody" in operation:
        yield "400"
    if "requestBody" in operation:
        yield from ("413", "415")
    if "{" in path:
        yield "404"
    if {} not in operation.get("security", [{}]):
        yield from ("401", "403")
    if is_idempotent(path, method):
        yield from ("409", "422")
