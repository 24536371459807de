"""Fields and serializers that take the JSON types they name, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.datastructures import MultiValueDict
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from queues.conf import get_queues, queue_named
from queues.spelling import strangers, unknown
from queues.strict_json import StrictJSONError, loads

if TYPE_CHECKING:
    from datetime import datetime


def is_form(field: serializers.Field[Any, Any, Any, Any]) -> bool:
    """Whether a field is read from a form of HTML, where everything is text."""
    return isinstance(getattr(field.root, "initial_data", None), MultiValueDict)


class StrictCharField(serializers.CharField):
    """Text. DRF's own turns numbers into text."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictIntegerField(serializers.IntegerField):
    """A whole number. Written out as text it is taken from HTML forms alone."""

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int and not (is_form(self) and isinstance(data, str)):
            self.fail("invalid")
        if isinstance(data, str) and not (data.isascii() and data.isdigit()):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictBooleanField(serializers.BooleanField):
    """True or false. DRF's own takes many words for them."""

    def to_internal_value(self, data: Any) -> bool:
        if type(data) is not bool and not is_form(self):
            self.fail("invalid", input=data)
        return bool(super().to_internal_value(data))


class FlagField(StrictBooleanField):
    """True or false as a parameter of an address, by these words alone; left out it is neither."""

    default_empty_html = empty
    default_error_messages = {"invalid": "Neither; allowed: true, false."}
    TRUE_VALUES = {"true"}
    FALSE_VALUES = {"false"}


class StrictDateTimeField(serializers.DateTimeField):
    """A moment in ISO 8601, as text; without a zone it is in UTC."""

    def to_internal_value(self, data: Any) -> datetime:
        if not isinstance(data, str):
            self.fail("invalid", format="ISO 8601")
        return super().to_internal_value(data)


class StrictChoiceField(serializers.ChoiceField):
    """One of some words. DRF's own turns numbers into words."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or data not in self.choices:
            allowed = ", ".join(map(str, self.choices))
            raise serializers.ValidationError(f"Not a choice; allowed: {allowed}.")
        return data


class JsonField(serializers.JSONField):
    """Any JSON that Postgres can store, within the bounds of `queues.strict_json`."""

    def to_internal_value(self, data: Any) -> Any:
        # The API's parser was as strict already; a form's text has gone through none.
        if not is_form(self):
            return data
        if not isinstance(data, str):
            self.fail("invalid")
        try:
            return loads(data.encode("utf-8", "surrogatepass"))
        except StrictJSONError as error:
            raise serializers.ValidationError(str(error), code=error.code) from error

    def to_representation(self, value: Any) -> Any:
        return value

    def get_value(self, dictionary: Any) -> Any:
        value = super().get_value(dictionary)
        # What is left empty in a form is left out.
        is_blank = isinstance(value, str) and not value.strip()
        return empty if is_blank and not self.required else value


@extend_schema_field({"type": "object", "additionalProperties": {}})
class ObjectField(JsonField):
    """A JSON object."""

    default_error_messages = {"not_an_object": "Not an object; allowed: a JSON object."}

    def to_internal_value(self, data: Any) -> Any:
        value = super().to_internal_value(data)
        if not isinstance(value, dict):
            self.fail("not_an_object")
        return value


class QueueField(StrictCharField):
    """A queue of the settings, by its name or by its name in JSON; the value is its name."""

    def to_internal_value(self, data: Any) -> str:
        name = super().to_internal_value(data)
        found = queue_named(name)
        if found is None:
            sentence = unknown("queue", name, get_queues())
            raise serializers.ValidationError(sentence, code="unknown_queue")
        return found.name


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that it does not know, by name. DRF's own ignores them."""

    # What Django's and DRF's own forms send along.
    form_extras = frozenset({"csrfmiddlewaretoken"})

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            ignored = self.form_extras if isinstance(data, MultiValueDict) else frozenset()
            known = [name for name, field in self.fields.items() if not field.read_only]
            if wrong := strangers("field", set(data) - ignored, known):
                raise serializers.ValidationError(wrong)
        return super().to_internal_value(data)
