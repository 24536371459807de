from __future__ import annotations

import unicodedata
from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from accounts.models import ApiToken
from accounts.scopes import SCOPES, USUAL
from accounts.services.tokens import MAX_DAYS, MAX_NAME, State, state_of
from queues.api.fields import StrictCharField, StrictIntegerField, StrictSerializer
from queues.spelling import unknown

MAX_USERNAME: Final = 150
MAX_PASSWORD: Final = 4096
USUAL_DAYS: Final = 30


class UsernameField(StrictCharField):
    """A name in the one spelling that Django's own forms give it."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        return unicodedata.normalize("NFKC", text) if len(text) <= MAX_USERNAME else text


class ScopesField(serializers.MultipleChoiceField):
    """Some scopes, each named in full."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=SCOPES, **kwargs)

    def get_value(self, dictionary: Any) -> Any:
        value = super().get_value(dictionary)
        # Where none is chosen in a form, the field is left out.
        return empty if value == [] and hasattr(dictionary, "getlist") else value

    def to_internal_value(self, data: Any) -> list[str]:  # type: ignore[override]  # JSON has lists
        if not isinstance(data, list) or not all(isinstance(one, str) for one in data):
            raise serializers.ValidationError(
                f"Not a list of scopes; allowed: {', '.join(SCOPES)}."
            )
        for scope in data:
            if scope not in SCOPES:
                raise serializers.ValidationError(unknown("scope", scope, SCOPES))
        return data

    def to_representation(self, value: Any) -> list[str]:  # type: ignore[override]
        return list(value)


class SignInSerializer(StrictSerializer):
    """Who signs in, and what the token shall be for."""

    username = UsernameField(max_length=MAX_USERNAME, help_text="Your name here.")
    password = StrictCharField(
        max_length=MAX_PASSWORD,
        trim_whitespace=False,
        write_only=True,
        style={"input_type": "password"},
        help_text="Your password.",
    )
    scopes = ScopesField(
        default=USUAL,
        initial=USUAL,
        allow_empty=False,
        help_text="What the token may be used for.",
    )
    days = StrictIntegerField(
        default=USUAL_DAYS,
        initial=USUAL_DAYS,
        min_value=1,
        max_value=MAX_DAYS,
        help_text="How long it is good for.",
    )
    name = StrictCharField(
        default="",
        allow_blank=True,
        max_length=MAX_NAME,
        help_text="What it is for, to tell it by.",
    )


class NewPasswordSerializer(StrictSerializer):
    """Whose password it is, the one that it was, and the one that it shall be."""

    username = UsernameField(max_length=MAX_USERNAME, help_text="Your name here.")
    oldPassword = StrictCharField(
        max_length=MAX_PASSWORD,
        trim_whitespace=False,
        write_only=True,
        style={"input_type": "password"},
        help_text="Your password until now.",
    )
    newPassword = StrictCharField(
        max_length=MAX_PASSWORD,
        trim_whitespace=False,
        write_only=True,
        style={"input_type": "password"},
        help_text="Your password from now on.",
    )


class CallerSerializer(serializers.Serializer[Any]):
    """Who calls. `id`, `name` and `expiresAt` are null for who is signed in without a token."""

    username = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    id = serializers.CharField(allow_null=True)
    name = serializers.CharField(allow_null=True)
    expiresAt = serializers.DateTimeField(allow_null=True)


class NewTokenSerializer(serializers.Serializer[Any]):
    """A token that was made. This is the only time that it is shown."""

    token = serializers.CharField()
    id = serializers.CharField()
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    expiresAt = serializers.DateTimeField()


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    """A token, without its secret. `state` says whether it is of use, and why not."""

    id = serializers.CharField(source="public_id")
    state = serializers.SerializerMethodField()
    createdAt = serializers.DateTimeField(source="created_at")
    lastUsedAt = serializers.DateTimeField(
        source="last_used_at", allow_null=True, help_text="To the minute."
    )
    expiresAt = serializers.DateTimeField(source="expires_at")

    class Meta:
        model = ApiToken
        fields = (
            "id", "name", "scopes", "source", "state", "createdAt", "lastUsedAt", "expiresAt",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField([state.value for state in State]))
    def get_state(self, token: ApiToken) -> str:
        return state_of(token).value
