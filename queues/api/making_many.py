"""Thousands of jobs out of what a client wrote, with everything that is wrong with them.

A serializer for each of them would take longer than Postgres needs to write them, so the fields of
one read them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.fields import empty
from rest_framework.settings import api_settings

from queues.api.errors import place_of_option
from queues.api.serializers.jobs_changing import NewBulkJobSerializer
from queues.enqueue import accept_many
from queues.options import EnqueueError
from queues.spelling import strangers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from queues.api.making import Maker
    from queues.options import Draft

MAX_SHOWN: Final = 100

Wrong = dict[str, Any]


def make_many(items: Sequence[object], maker: Maker) -> list[int]:
    """Accept all jobs with one statement, and return their ids in order.

    Raises ValidationError with what is wrong with each of them, and makes none then. After
    MAX_SHOWN errors the rest is not read, for nobody would be told of it.
    """
    maker.check_room(len(items))
    reader, drafts, errors = _Reader(maker), [], _Errors(len(items))
    for index, item in enumerate(items):
        try:
            drafts.append(reader.draft(item))
        except ValidationError as error:
            errors.add(index, error.detail)
        except EnqueueError as error:
            errors.add(index, _nested(place_of_option(error.field), error.message))
    errors.check()
    maker.check_keys(draft.limit_key for draft in drafts)
    return accept_many(drafts)


class _Errors:
    """What is wrong with the jobs of one request, of which there are `total`."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._found: Wrong = {}
        self._count = 0

    def add(self, index: int, detail: Any) -> None:
        """Note what is wrong with a job. Raises ValidationError once that is enough."""
        self._found[str(index)] = detail
        self._count += _count(detail)
        if self._count >= MAX_SHOWN:
            unread = self._total - index - 1
            text = f"{self._count} things are wrong so far; {unread} more jobs were not read."
            more = {str(api_settings.NON_FIELD_ERRORS_KEY): [_message(text)]} if unread else {}
            raise ValidationError({"jobs": {**more, **self._found}})

    def check(self) -> None:
        """Raise ValidationError if anything was wrong."""
        if self._found:
            raise ValidationError({"jobs": self._found})


class _Reader:
    """Reads the jobs of one request."""

    def __init__(self, maker: Maker) -> None:
        self._maker = maker
        self._fields = dict(NewBulkJobSerializer().fields)

    def draft(self, item: object) -> Draft:
        """Return a job. Raises ValidationError and EnqueueError."""
        if not isinstance(item, dict):
            allowed = ", ".join(self._fields)
            raise ValidationError(f"Not an object; allowed: one with {allowed}.")
        said: dict[str, Any] = {}
        wrong: Wrong = {**strangers("field", item, self._fields)}
        for name, field in self._fields.items():
            try:
                said[name] = field.run_validation(item.get(name, empty))
            except ValidationError as error:
                wrong[name] = error.detail
        if wrong:
            raise ValidationError(wrong)
        return self._maker.draft(said["kind"], said["payload"], said["options"])


def _message(text: str) -> ErrorDetail:
    return ErrorDetail(text, code="invalid")


def _nested(place: str, message: str) -> Wrong:
    """Return an error below the names of a place, as DRF has those of nested serializers."""
    head, _, rest = place.partition(".")
    return {head: _nested(rest, message) if rest else [_message(message)]}


def _count(detail: Any) -> int:
    """Return how many errors there are within the detail of one."""
    if isinstance(detail, dict):
        return sum(map(_count, detail.values()))
    return sum(map(_count, detail)) if isinstance(detail, list) else 1
