"""How the API's answers look in its OpenAPI document."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    SerializerClass = type[serializers.BaseSerializer[Any]]


# What an answer may have beside its data.
BESIDE: Final[Mapping[str, Callable[[], serializers.Field[Any, Any, Any, Any]]]] = {
    "message": serializers.CharField,
    "next": partial(serializers.CharField, allow_null=True),
    "previous": partial(serializers.CharField, allow_null=True),
}


@cache
def enveloped(of: SerializerClass, *beside: str, many: bool = False) -> serializers.Serializer[Any]:
    """Return the envelope around one or `many` of a serializer, as `queues.api.views.base` has it.

    `beside` names what else is in it, of BESIDE. One object for each, so that the document names
    each component once.
    """
    name = of.__name__.removesuffix("Serializer")
    return inline_serializer(
        name=f"{name}{'List' if many else ''}Answer",
        fields={
            "success": serializers.BooleanField(default=True),
            "data": of(many=many),
            **{field: BESIDE[field]() for field in beside},
        },
    )
