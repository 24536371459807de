"""Lists that stay quick with millions of rows: what they must not do is look at all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.urls import reverse
from django.utils.functional import cached_property

from queues import registry, strict_json
from queues.conf import get_queues

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.db.models import QuerySet
    from django.http import HttpRequest

MOST_COUNTED: Final = 10_000
# Characters of a message.
MAX_SHOWN: Final = 120


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


# What a list may be filtered by, and the filter's words for it.
WORDS: Final = {
    "queue__exact": "queue",
    "state__exact": "state",
    "kind__exact": "kind",
    "fingerprint__exact": "fingerprint",
    "created_at__gte": "created_after",
    "created_at__lt": "created_before",
}
# These choose no rows.
OTHERS: Final = {"o", "p", "all", "_changelist_filters", "e"}
LOOKUPS: Final = ("exact", "gte", "lt", "isnull")


def operation_url(request: HttpRequest) -> str:
    """Return where a verb is done to all jobs of a list, or nothing.

    Nothing if the list has a filter that no word says: the verb would be for more jobs than these.
    """
    chosen = {name: value for name, value in request.GET.items() if value and name not in OTHERS}
    if not chosen.keys() <= WORDS.keys():
        return ""
    words = urlencode({WORDS[name]: value for name, value in chosen.items()})
    return f"{reverse('admin:queues_operation_new')}?{words}"


class CarefulList:
    """For an admin class: a list is filtered by what it offers alone, and breaks on no value.

    Django allows every column of the table, those too that no page shows. Whoever may see the list
    could guess at them, letter by letter.
    """

    # Columns by which links of other pages filter, beside those of `list_filter`.
    linked: ClassVar[tuple[str, ...]] = ()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Allow the columns of the list's filters, compared in few ways.

        No expressions and no parts of dates: Postgres would be asked for nonsense.
        """
        column, _, word = lookup.rpartition("__")
        name = column if word in LOOKUPS else lookup
        offered = {*map(_column_of, self.list_filter), *self.linked}  # type: ignore[attr-defined]
        fine: bool = super().lookup_allowed(lookup, value, request)  # type: ignore[misc]
        # Django names the rows of another table by their id.
        return name.removesuffix("__id") in offered and fine

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Do an action, unless something was chosen that can be no row."""
        key = queryset.model._meta.pk  # noqa: SLF001  (Django documents _meta)
        for text in request.POST.getlist(ACTION_CHECKBOX_NAME):
            try:
                key.to_python(text)
                strict_json.check_text(text)
            except (ValidationError, strict_json.StrictJSONError):
                messages.error(request, f"{text!r:.30} is no row of this list.")
                return None
        return super().response_action(request, queryset)  # type: ignore[misc]


def _column_of(item: Any) -> str:
    """Return the column of an item of `list_filter`: a name, a filter of ours, or both."""
    if isinstance(item, str):
        return item
    if isinstance(item, tuple):
        return str(item[0])
    return str(item.parameter_name).removesuffix("__exact")
