from __future__ import annotations

from django.db import models


class Instance(models.Model):
    """A remote server that somebody has an account on.

    `base_url` is its normalised origin (see `accounts.origins`): the one that accounts' tokens are
    sent to, so it never changes. `software` and `version` are what the server says of itself.
    """

    platform = models.CharField(max_length=32, help_text="The adapter that speaks to it.")
    base_url = models.CharField(max_length=300, unique=True)
    host = models.CharField(max_length=255, help_text="Host, with its port unless it is 443.")
    software = models.CharField(max_length=64, blank=True)
    version = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.host
