from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.utils.safestring import SafeString, mark_safe
from unfold.admin import ModelAdmin

from fediverse.activities.models import Notification, Post, Sighting
from fediverse.activities.sanitise import clean_html, to_text
from queues.read_only import ReadOnly

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

EXCERPT = 80


@admin.register(Post)
class PostAdmin(ReadOnly, ModelAdmin):
    """Posts as the sanitiser left them; the raw text is not shown at all."""

    list_display = ("excerpt", "author_handle", "platform", "visibility", "seen_on", "created_at")
    list_filter = ("platform", "visibility", "sensitive")
    search_fields = ("uri", "author_handle", "author_name")
    date_hierarchy = "created_at"
    ordering = ("-created_at", "id")
    show_full_result_count = False
    fields = (
        "uri",
        "url",
        "platform",
        "author_handle",
        "author_name",
        "author_uri",
        "spoiler_text",
        "content",
        "sensitive",
        "visibility",
        "created_at",
        "edited_at",
        "seen_on",
        "fetched_at",
    )
    readonly_fields = ("content",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Post]:
        posts: QuerySet[Post] = super().get_queryset(request)
        return posts.defer("content_raw")

    @admin.display(description="Post")
    def excerpt(self, post: Post) -> str:
        """Return the first words; the template escapes them."""
        words = (post.spoiler_text or to_text(post.content_html)).replace("\n", " ")
        return f"{words[:EXCERPT]}…" if len(words) > EXCERPT else words or "(no text)"

    @admin.display(description="Content")
    def content(self, post: Post) -> SafeString:
        # Cleaned once more, so that a row which got in by another way is harmless here too.
        return mark_safe(clean_html(post.content_html))  # noqa: S308


@admin.register(Sighting)
class SightingAdmin(ReadOnly, ModelAdmin):
    list_display = ("post", "account", "host", "feed", "native_id", "first_seen_at")
    list_filter = ("feed", "host")
    list_select_related = ("post", "account__instance")
    search_fields = ("post__uri", "native_id", "host")
    show_full_result_count = False


@admin.register(Notification)
class NotificationAdmin(ReadOnly, ModelAdmin):
    list_display = ("type", "user", "message", "created_at", "read_at")
    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("type", "message", "user__username")
    ordering = ("-id",)
    show_full_result_count = False
