from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.contrib import admin
from django.utils.safestring import SafeString, mark_safe
from unfold.admin import ModelAdmin

from fediverse.activities.models import Notification, Post, Sighting
from fediverse.activities.sanitise import clean_html, to_text
from fediverse.platforms.records import PUBLIC, UNLISTED
from queues.admin.listing import CarefulList
from queues.read_only import ReadOnly

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

EXCERPT: Final = 80
# Whose text operators may read: what anybody may.
OPEN: Final = frozenset({PUBLIC, UNLISTED})
PRIVATE: Final = "(private)"


@admin.register(Post)
class PostAdmin(ReadOnly, CarefulList, ModelAdmin):
    """Where posts are from, and the text of public ones as the sanitiser left it.

    Operators see of other posts that they are there, and nobody sees the raw text.
    """

    list_display = ("excerpt", "author_handle", "platform", "visibility", "seen_on", "created_at")
    list_filter = ("platform", "visibility", "sensitive", "created_at")
    search_fields = ("uri", "author_handle", "author_name")
    ordering = ("-created_at", "id")
    show_full_result_count = False
    fields = (
        "uri",
        "url",
        "platform",
        "author_handle",
        "author_name",
        "author_uri",
        "content_warning",
        "content",
        "sensitive",
        "visibility",
        "created_at",
        "edited_at",
        "seen_on",
        "fetched_at",
    )
    readonly_fields = ("content_warning", "content")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Post]:
        posts: QuerySet[Post] = super().get_queryset(request)
        return posts.defer("content_raw")

    @admin.display(description="Post")
    def excerpt(self, post: Post) -> str:
        """Return the first words; the template escapes them."""
        if post.visibility not in OPEN:
            return PRIVATE
        words = (post.spoiler_text or to_text(post.content_html)).replace("\n", " ")
        return f"{words[:EXCERPT]}…" if len(words) > EXCERPT else words or "(no text)"

    @admin.display(description="Content warning")
    def content_warning(self, post: Post) -> str:
        return post.spoiler_text if post.visibility in OPEN else PRIVATE

    @admin.display(description="Content")
    def content(self, post: Post) -> SafeString | str:
        if post.visibility not in OPEN:
            return PRIVATE
        # Cleaned once more, so that a row which got in by another way is harmless here too.
        return mark_safe(clean_html(post.content_html))  # noqa: S308


@admin.register(Sighting)
class SightingAdmin(ReadOnly, CarefulList, ModelAdmin):
    list_display = ("post", "account", "host", "feed", "native_id", "first_seen_at")
    list_filter = ("feed", "host")
    list_select_related = ("post", "account__instance")
    search_fields = ("post__uri", "native_id", "host")
    show_full_result_count = False


@admin.register(Notification)
class NotificationAdmin(ReadOnly, CarefulList, ModelAdmin):
    """That somebody was told something, and not what."""

    list_display = ("type", "user", "job_id", "created_at", "read_at")
    exclude = ("message",)
    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("type", "user__username")
    ordering = ("-id",)
    show_full_result_count = False
