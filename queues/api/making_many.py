"""Thousands of jobs out of what a client wrote, with everything that is wrong with them.

DRF's serializers would take longer to read so many than Postgres to write them. What is the same
for many jobs, their options above all, is read once.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.settings import api_settings

from queues import registry
from queues.api.errors import place_of_option
from queues.api.options import NOTHING, as_given, options_reader
from queues.enqueue import accept_many
from queues.options import EnqueueError
from queues.spelling import unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from queues.api.making import Maker
    from queues.api.options import Given
    from queues.options import Draft

MAX_SHOWN: Final = 100
FIELDS: Final = frozenset({"kind", "payload", "options"})
NOT_HERE: Final = frozenset({"deduplication"})

Wrong = dict[str, Any]


def make_many(items: Sequence[object], maker: Maker) -> list[int]:
    """Accept all jobs with one statement, and return their ids in order.

    Raises ValidationError with what is wrong with each of them, and makes none then.
    """
    reader, drafts, wrong = _Reader(maker), [], {}
    for index, item in enumerate(items):
        try:
            drafts.append(reader.draft(item))
        except ValidationError as error:
            wrong[str(index)] = error.detail
        except EnqueueError as error:
            wrong[str(index)] = _nested(place_of_option(error.field), error.message)
    if wrong:
        raise ValidationError({"jobs": _first(wrong)})
    return accept_many(drafts)


class _Reader:
    """Reads the jobs of one request."""

    def __init__(self, maker: Maker) -> None:
        self._maker = maker
        self._kinds = frozenset(registry.public_kinds())
        self._options = options_reader(without=NOT_HERE)
        self._read: dict[str, Given] = {}

    def draft(self, item: object) -> Draft:
        """Return a job. Raises ValidationError and EnqueueError."""
        if not isinstance(item, dict):
            raise ValidationError("Not an object; allowed: kind, payload and options.")
        payload, wrong = item.get("payload", {}), self._wrong(item)
        if not isinstance(payload, dict):
            wrong["payload"] = [_message("Not an object; allowed: a JSON object.")]
        given = NOTHING
        try:
            given = self._given(item.get("options"))
        except ValidationError as error:
            wrong["options"] = error.detail
        if wrong:
            raise ValidationError(wrong)
        return self._maker.draft(item["kind"], payload, given)

    def _wrong(self, item: dict[str, Any]) -> Wrong:
        """Return what is wrong with the names of an item, and with its kind."""
        wrong: Wrong = {
            name: [_message(unknown("field", name, FIELDS))] for name in item.keys() - FIELDS
        }
        kind = item.get("kind")
        if "kind" not in item:
            wrong["kind"] = [_message("This field is required.", "required")]
        elif not isinstance(kind, str) or kind not in self._kinds:
            wrong["kind"] = [_message(unknown("kind", str(kind)[:100], self._kinds))]
        return wrong

    def _given(self, options: object) -> Given:
        """Return options, of which most are like those of an earlier job."""
        if options is None or options == {}:
            return NOTHING
        if not isinstance(options, dict):
            raise ValidationError(["Not an object; allowed: a JSON object."])
        text = json.dumps(options)
        if text not in self._read:
            self._read[text] = as_given(self._options.run_validation(options))
        return self._read[text]


def _message(text: str, code: str = "invalid") -> ErrorDetail:
    return ErrorDetail(text, code=code)


def _nested(place: str, message: str) -> Wrong:
    """Return an error below the names of a place, as DRF has those of nested serializers."""
    head, _, rest = place.partition(".")
    return {head: _nested(rest, message) if rest else [_message(message)]}


def _first(wrong: Wrong) -> Wrong:
    """Return the first errors, and how many there are if that is not all of them."""
    shown, number = {}, 0
    for index, detail in wrong.items():
        if number < MAX_SHOWN:
            shown[index] = detail
        number += _count(detail)
    if number > MAX_SHOWN:
        text = f"{number} things are wrong, with {len(wrong)} jobs; these are the first."
        shown = {str(api_settings.NON_FIELD_ERRORS_KEY): [_message(text)], **shown}
    return shown


def _count(detail: Any) -> int:
    """Return how many errors there are within the detail of one."""
    if isinstance(detail, dict):
        return sum(map(_count, detail.values()))
    return sum(map(_count, detail)) if isinstance(detail, list) else 1
