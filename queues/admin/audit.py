"""Who did what, when and why."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import ModelAdmin

from queues.admin.listing import CarefulList, FirstPages
from queues.models import AuditEntry
from queues.read_only import ReadOnly


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly, CarefulList, ModelAdmin):
    """Every verb of an operator, newest first. Nobody changes it, not even in SQL."""

    list_display = ("at", "actor", "door", "verb", "target", "count", "reason")
    list_filter = ("door", "at")
    search_fields = ("actor", "verb")
    paginator = FirstPages
    list_per_page = 50
    show_full_result_count = False
