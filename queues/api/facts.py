"""Serializers that are only read."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class Facts(serializers.Serializer[Any]):
    """What answers hold: every field of it is only read, so none has to say so."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        for field in fields.values():
            field.read_only = True
        return fields
