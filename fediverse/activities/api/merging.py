"""A request and its `options.data`, merged into what a job is told."""

from __future__ import annotations

from types import NoneType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from rest_framework.exceptions import ErrorDetail, ValidationError

from fediverse.activities.payloads.fields import FieldError
from queues.api.making import contradictions
from queues.arguments import Arguments, camel, field_types, json_names
from queues.spelling import strangers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

A = TypeVar("A", bound=Arguments)

WORDS: Final = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    NoneType: "null",
}


def merged(arguments: type[A], own: Mapping[str, Any], data: Mapping[str, Any]) -> A:
    """Return arguments of what a request says itself (`own`), and of its `options.data`.

    Both are by the names of JSON. `data` may repeat what the request says, and not contradict it:
    nobody becomes another user there. Raises ValidationError, which names a field of `data` as
    `options.data.<field>`.
    """
    wrong = {**dict(_wrong(arguments, own, data)), **contradictions(own, data)}
    if wrong:
        raise ValidationError({"options": {"data": wrong}})
    try:
        return arguments.from_json({**data, **own})
    except FieldError as error:
        name, message = camel(error.field), [error.message]
        place = {name: message} if name in own else {"options": {"data": {name: message}}}
        raise ValidationError(place) from error


def _wrong(
    arguments: type[Arguments], own: Mapping[str, Any], data: Mapping[str, Any]
) -> Iterator[tuple[str, list[ErrorDetail]]]:
    """Yield the fields of `data` that are not allowed there, with why."""
    known, allowed = json_names(arguments), field_types(arguments)
    for name, (message,) in strangers("field", data, known).items():
        yield name, [ErrorDetail(message, "unknown_field")]
    for name, value in data.items():
        if name in known and name not in own and type(value) not in allowed[known[name]]:
            words = " or ".join(WORDS[one] for one in allowed[known[name]])
            yield name, [ErrorDetail(f"Not of its type; allowed: {words}.", "invalid")]
