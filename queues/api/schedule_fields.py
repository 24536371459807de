"""The fields of a schedule that no other part of the API has."""

from __future__ import annotations

from typing import Any, Final

from rest_framework.fields import empty

from queues.api.fields import StrictCharField, StrictIntegerField
from queues.api.options import OptionsField, options_without
from queues.api.shown_options import shown
from queues.api.units import MS
from queues.planning import MAX_NAME

# The schedule itself says when, what a second job does, and what its jobs are told.
ScheduleOptionsSerializer: Final = options_without(
    "delay", "runAt", "deduplication", "data", called="ScheduleOptionsSerializer"
)


class NameField(StrictCharField):
    """A name that can be part of an address, slashes and all."""

    default_error_messages = {
        "no_address": "Cannot be part of an address; allowed: printable text, whose parts between "
        "slashes are not empty, . or .., and which does not end in /run."
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_NAME, trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        name = super().to_internal_value(data)
        parts = name.split("/")
        is_verb = len(parts) > 1 and parts[-1] == "run"
        if not name.isprintable() or is_verb or {"", ".", ".."} & set(parts):
            self.fail("no_address")
        return name


class WholeSecondsField(StrictIntegerField):
    """Milliseconds that are whole seconds; the value is seconds."""

    default_error_messages = {
        "not_whole_seconds": "Not a multiple of 1000; allowed: milliseconds that are whole seconds."
    }

    def __init__(self, *, least: int, most: int, **kwargs: Any) -> None:
        super().__init__(min_value=least * MS, max_value=most * MS, **kwargs)

    def run_validators(self, value: Any) -> None:
        # The bounds are milliseconds, as the client's number is.
        super().run_validators(value * MS)

    def to_internal_value(self, data: Any) -> int:
        value = super().to_internal_value(data)
        if value % MS:
            self.fail("not_whole_seconds")
        return value // MS

    def to_representation(self, value: Any) -> int:
        return int(value) * MS


class ScheduleOptionsField(OptionsField):
    """The options of each job; the value is the engine's."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(of=ScheduleOptionsSerializer, default=empty, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(data).options

    def to_representation(self, value: Any) -> Any:
        return shown(value)
