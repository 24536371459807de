from __future__ import annotations

import uuid
from typing import ClassVar, Final
from urllib.parse import urlsplit

from django.db import models

MAX_URI: Final = 2048


class Post(models.Model):
    """The best copy that we have of one post of the fediverse, told apart by its ActivityPub URI.

    Whom it may be shown to is not written here: a user sees a post through a Sighting by one of
    their own accounts. `seen_on` is the host that this copy came from. `created_at` and
    `edited_at` are what that host claims, never later than when it was fetched. `content_raw` is
    kept for another day and never shown; `content_html` is what the sanitiser let through.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    uri = models.CharField(max_length=MAX_URI)
    platform = models.CharField(max_length=32)
    url = models.CharField(max_length=MAX_URI, blank=True, help_text="A page for people.")
    author_handle = models.CharField(max_length=320)
    author_name = models.CharField(max_length=500, blank=True)
    author_uri = models.CharField(max_length=MAX_URI, blank=True)
    content_raw = models.TextField(blank=True)
    content_html = models.TextField(blank=True)
    spoiler_text = models.CharField(max_length=1000, blank=True)
    sensitive = models.BooleanField(default=False)
    visibility = models.CharField(max_length=16)
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    seen_on = models.CharField(max_length=262)
    fetched_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["uri"], name="post_uri_once")]
        indexes: ClassVar = [
            models.Index(models.F("created_at").desc(), "id", name="post_newest"),
        ]

    def __str__(self) -> str:
        return self.uri

    @property
    def is_from_origin(self) -> bool:
        """Whether the copy came from the host that the post's URI names."""
        return urlsplit(self.uri).netloc == self.seen_on

    def supersedes(self, other: Post) -> bool:
        """Whether this copy replaces another copy of the same post.

        The origin's copy wins over everybody else's: no instance can rewrite what another one's
        people said. Between copies of the same standing the later edit wins.
        """
        if self.is_from_origin != other.is_from_origin:
            return self.is_from_origin
        if self.edited_at is None or other.edited_at is None:
            return self.edited_at is not None
        return self.edited_at > other.edited_at
