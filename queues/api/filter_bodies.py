"""Filters in the body of a request: the words of `queues.filters` as JSON has them.

`{"state": ["failed", "cancelled"], "createdBefore": "2h", "ids": [1, 2], "priority": 0}`
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from queues.api.fields import ObjectField
from queues.arguments import camel
from queues.conf import get_queues, queue_named
from queues.filters import WORDS, FilterError, JobFilter, parse
from queues.models import Job
from queues.spelling import unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

# Of each word in JSON, the engine's.
NAMES: Final = {camel(word): word for word in WORDS}
NUMBERS: Final = frozenset({"schedule", "parent", "priority", "attemptOver"})
LISTS: Final = frozenset({"state", "ids"})
_TEXT: Final = {"type": "string"}
_NUMBER: Final = {"type": "integer", "minimum": 0}
_SCHEMAS: Final[Mapping[str, dict[str, Any]]] = {
    **dict.fromkeys(NUMBERS, _NUMBER),
    "state": {"oneOf": [_TEXT, {"type": "array", "items": _TEXT}]},
    "ids": {"oneOf": [_TEXT, {"type": "array", "items": {"type": "integer", "minimum": 1}}]},
    "all": {"type": "boolean"},
}


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _SCHEMAS.get(name, _TEXT) for name in NAMES},
        "example": {"queue": "notifications", "state": ["failed"], "createdAfter": "2h"},
    }
)
class FilterField(ObjectField):
    """Which jobs are meant, as an object of words; the value is a JobFilter."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the filter. Raises ValidationError, which names each wrong word."""
        return filter_of_body(super().to_internal_value(data))


def filter_of_body(body: Mapping[str, Any]) -> JobFilter:
    """Return the filter that a JSON object describes; all of it must fit a job.

    Raises ValidationError for every wrong word, and for an empty filter without `all: true`.
    """
    now = datetime.now(tz=UTC)
    words: dict[str, str] = {}
    wrong: dict[str, list[str]] = {}
    for name, value in body.items():
        try:
            words.update(_word(name, value))
            parse({one: words[one] for one in words if camel(one) == name}, now=now)
        except FilterError as error:
            wrong[name] = [str(error).removeprefix(f"{error.field} ")]
    if wrong:
        raise serializers.ValidationError(wrong)
    found = parse(words, now=now)
    if found.is_empty and not found.all:
        raise serializers.ValidationError(
            'Empty; allowed: a word at least, or {"all": true} for all jobs.', code="empty"
        )
    return found


def words_of(words: Mapping[str, str]) -> dict[str, str]:
    """Return the words of a filter under their names in JSON."""
    return {camel(name): word for name, word in words.items()}


def queue_word(name: str) -> str:
    """Return a queue's name, by it or by its name in JSON. One that is gone may still have jobs.

    Raises FilterError for any other: that there are no jobs would hide that it is misspelt.
    """
    parse({"queue": name})
    if found := queue_named(name):
        return found.name
    if not Job.objects.filter(queue=name).exists():
        raise FilterError("queue", unknown("queue", name, get_queues()))
    return name


def _word(name: str, value: object) -> dict[str, str]:
    """Return a word of the engine's, or none for what is left out. Raises FilterError."""
    if name not in NAMES:
        raise FilterError(name, unknown("word", name, NAMES))
    if name == "all" and type(value) is bool:
        return {"all": "yes"} if value else {}
    if name == "queue" and isinstance(value, str):
        return {"queue": queue_word(value)}
    if isinstance(value, list) and name in LISTS:
        return {NAMES[name]: ",".join(_text(name, item) for item in value)}
    return {NAMES[name]: _text(name, value)}


def _text(name: str, value: object) -> str:
    if type(value) is int and (name in NUMBERS or name == "ids"):
        return str(value)
    if not isinstance(value, str):
        raise FilterError(name, f"is {value!r:.50}; allowed: {_allowed(name)}.")
    return value


def _allowed(name: str) -> str:
    if name in NUMBERS:
        return "a whole number"
    if name == "all":
        return "true"
    return "a list, or text with commas between" if name in LISTS else "text"
