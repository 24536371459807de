"""Fields that take the JSON type they name, and no other."""

from __future__ import annotations

from typing import Any

from django.utils.datastructures import MultiValueDict
from rest_framework import serializers


class StrictCharField(serializers.CharField):
    """Text. DRF's own turns numbers into text."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictIntegerField(serializers.IntegerField):
    """A whole number. Written out as text it is taken from HTML forms alone."""

    def to_internal_value(self, data: Any) -> int:
        is_form = isinstance(getattr(self.parent, "initial_data", None), MultiValueDict)
        if type(data) is not int and not (is_form and isinstance(data, str)):
            self.fail("invalid")
        if isinstance(data, str) and not (data.isascii() and data.isdigit()):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that it does not know, by name. DRF's own ignores them."""

    # What Django's and DRF's own forms send along.
    form_extras = frozenset({"csrfmiddlewaretoken"})

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            ignored = self.form_extras if isinstance(data, MultiValueDict) else frozenset()
            known = sorted(name for name, field in self.fields.items() if not field.read_only)
            unknown = sorted(set(data) - set(known) - ignored)
            if unknown:
                message = f"Unknown field; allowed: {', '.join(known)}."
                raise serializers.ValidationError({name: [message] for name in unknown})
        return super().to_internal_value(data)
