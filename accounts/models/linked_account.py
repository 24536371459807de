from __future__ import annotations

import uuid
from typing import ClassVar, Self

from django.conf import settings
from django.db import models

from accounts.models.instance import Instance
from accounts.secrets import Place

MAX_ID_DIGITS = 18


class LinkedAccountQuerySet(models.QuerySet["LinkedAccount"]):
    def active(self) -> Self:
        return self.filter(status=LinkedAccount.Status.ACTIVE)

    def on(self, platform: str) -> Self:
        return self.filter(instance__platform=platform)

    def of_owner(self, owner: str) -> Self:
        """Return the accounts of a job's owner: a user's id as text. No user's id, no accounts."""
        if owner.isascii() and owner.isdigit() and len(owner) <= MAX_ID_DIGITS:
            return self.filter(user_id=int(owner))
        return self.none()


class LinkedAccount(models.Model):
    """A user's account on an instance, and the sealed token that speaks for it.

    `uid` is part of what the token is sealed with, so it never changes: a token that is copied
    into another row cannot be opened there.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", "active"
        NEEDS_REAUTH = "needs_reauth", "needs a new sign-in"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="linked_accounts"
    )
    instance = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="accounts")
    handle = models.CharField(max_length=255, help_text="The name on its instance, without host.")
    sealed_token = models.TextField(editable=False)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.ACTIVE)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = LinkedAccountQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "instance", "handle"], name="linked_account_once"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["active", "needs_reauth"]),
                name="linked_account_status_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.handle}@{self.instance.host}"

    @property
    def token_place(self) -> Place:
        """Where the sealed token lives, for `accounts.secrets`."""
        return Place(table="accounts_linkedaccount", column="sealed_token", row=self.uid)
