"""How the API's answers look in its OpenAPI document."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

if TYPE_CHECKING:
    SerializerClass = type[serializers.BaseSerializer[Any]]


@cache
def enveloped(of: SerializerClass, *, many: bool = False) -> serializers.Serializer[Any]:
    """Return the envelope around one or `many` of a serializer, as `queues.api.views.base` has it.

    One object for each, so that the document names each component once.
    """
    name = of.__name__.removesuffix("Serializer")
    return inline_serializer(
        name=f"{name}{'List' if many else ''}Answer",
        fields={"success": serializers.BooleanField(default=True), "data": of(many=many)},
    )
