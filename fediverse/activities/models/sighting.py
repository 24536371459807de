from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from accounts.models import LinkedAccount
from fediverse.activities.models.post import Post


class Sighting(models.Model):
    """A post was in a feed of an instance, as one account saw it or as anybody may.

    `native_id` is the latest id that the instance gave the post. It is a hint and not a key: some
    servers change it when the post is edited or liked.
    """

    class Feed(models.TextChoices):
        HOME = "home", "home"
        PUBLIC = "public", "public"

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="sightings")
    account = models.ForeignKey(
        LinkedAccount, null=True, on_delete=models.CASCADE, related_name="sightings"
    )
    host = models.CharField(max_length=262)
    feed = models.CharField(max_length=16, choices=Feed.choices)
    native_id = models.CharField(max_length=255)
    first_seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "feed", "post"],
                condition=models.Q(account__isnull=False),
                name="sighting_once_per_account",
            ),
            models.UniqueConstraint(
                fields=["host", "feed", "post"],
                condition=models.Q(account__isnull=True),
                name="sighting_once_per_host",
            ),
            models.CheckConstraint(
                condition=models.Q(feed__in=["home", "public"]), name="sighting_feed_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.post_id} in {self.feed} of {self.host}"
