"""Lists that stay quick with millions of rows: what they must not do is look at all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from django.contrib.admin import SimpleListFilter
from django.core.paginator import Paginator
from django.urls import reverse
from django.utils.functional import cached_property

from queues import registry
from queues.conf import get_queues

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.db.models import QuerySet
    from django.http import HttpRequest

MOST_COUNTED: Final = 10_000


class FirstPages(Paginator):  # type: ignore[type-arg]  # Django 5.2 takes none
    """Counts to 10,000 and no further, and has no page beyond that."""

    @cached_property
    def count(self) -> int:
        """How many there are, or 10,000."""
        # What the order is does not matter to a number.
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        return rows.order_by().values("pk")[:MOST_COUNTED].count()

    @property
    def is_capped(self) -> bool:
        """Whether there are more."""
        return self.count >= MOST_COUNTED


class KnownFilter(SimpleListFilter):
    """A filter whose choices are known without asking the table for all its different values."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows with the chosen value."""
        value = self.value()
        return queryset.filter(**{self.parameter_name or "": value}) if value else queryset


class QueueFilter(KnownFilter):
    """The queues of the settings."""

    title = "queue"
    parameter_name = "queue__exact"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        """Return each queue as it is shown."""
        return [(name, name) for name in get_queues()]


class KindFilter(KnownFilter):
    """The kinds that have a handler."""

    title = "kind"
    parameter_name = "kind__exact"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        """Return each kind as it is shown."""
        return [(kind, kind) for kind in sorted(registry.kinds())]


def operation_url(request: HttpRequest) -> str:
    """Return where a verb is done to all jobs of a list, with its filters as far as they go."""
    chosen = {name: request.GET.get(f"{name}__exact") for name in ("queue", "state", "kind")}
    words = urlencode({name: value for name, value in chosen.items() if value})
    return f"{reverse('admin:queues_operation_new')}?{words}"
