from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models


class ApiToken(models.Model):
    """What a program signs in with, for a user. The secret itself is nowhere: `digest` is SHA-256.

    `password_digest` is that of the user's password hash when the token was made. A token whose
    user has another password by now is of no use, whichever way the password was changed.

    Services in `accounts.services.tokens` make, check and revoke it, and say which of its `scopes`
    count.
    """

    class Source(models.TextChoices):
        SIGN_IN = "sign-in", "made by its user"
        GRANTED = "granted", "granted by an operator"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens"
    )
    name = models.CharField(max_length=100, blank=True, help_text="What it is for.")
    public_id = models.CharField(max_length=16, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    password_digest = models.CharField(max_length=64, editable=False)
    last4 = models.CharField(max_length=4, editable=False, help_text="How it ends.")
    scopes = ArrayField(models.CharField(max_length=32))
    source = models.CharField(max_length=16, choices=Source.choices)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, help_text="To the minute.")
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "API token"
        permissions: ClassVar = [("grant_apitoken", "Can grant API tokens to other users")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(source__in=["sign-in", "granted"]), name="api_token_source_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name or self.public_id} (…{self.last4})"
