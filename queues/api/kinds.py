"""Kinds as clients name them, and what a form begins with."""

from __future__ import annotations

from typing import Any, Final

from rest_framework import serializers

from queues import registry
from queues.api.fields import StrictChoiceField
from queues.drafting import arguments_of
from queues.options import EnqueueError
from queues.spelling import unknown

SOMEBODY: Final = "example"
# Of no kind that there is: who knows kinds puts one of them in its place.
EXAMPLE: Final = {"kind": "mail.send", "payload": {"to": "7"}}


class KindField(StrictChoiceField):
    """A kind of which clients may make jobs. What only the engine makes does not exist for them."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("initial", sample_kind)
        # DRF makes the fields of each serializer anew, so kinds may be registered after this class.
        super().__init__(choices=registry.public_kinds(), **kwargs)

    def to_internal_value(self, data: Any) -> str:
        return check_kind(data)


def check_kind(kind: object) -> str:
    """Return a kind of which clients may make jobs. Raises ValidationError."""
    allowed = registry.public_kinds()
    if not isinstance(kind, str) or kind not in allowed:
        raise serializers.ValidationError(
            unknown("kind", str(kind)[:100], allowed), code="unknown_kind"
        )
    return kind


def sample_kind() -> str:
    """Return the first kind whose example is accepted; empty if there is none."""
    return next((kind for kind in registry.public_kinds() if _does(kind)), "")


def sample_payload(owner: str = SOMEBODY) -> dict[str, Any]:
    """Return what a job of `sample_kind` may be told, if it is somebody's."""
    kind = sample_kind()
    return registry.get(kind).arguments.example(owner) if kind else {}


def _does(kind: str) -> bool:
    try:
        arguments_of(kind, registry.get(kind).arguments.example(SOMEBODY))
    except EnqueueError:
        return False
    return True


def refuse_internal(kind: str) -> None:
    """Raise ValidationError for a kind of which clients may make no jobs."""
    try:
        check_kind(kind)
    except serializers.ValidationError as error:
        raise serializers.ValidationError({"kind": error.detail}) from error
