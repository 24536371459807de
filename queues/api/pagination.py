"""Pages of a list by the place where they begin, so that a page costs the same wherever it is.

A place is a value and the key of its row, so rows with equal values are in an order too, and none
is shown twice or left out when others come or go. Nothing is counted.

A view sets `pagination_class = KeysetPagination`, and may have `orderings` (see
`queues.api.keyset.orderings`) and a `default_ordering`; without them its list goes by key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import urlencode

from django.template import loader
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination

from queues.api.cursors import Cursor, CursorError, read, write
from queues.api.keyset import Ordering, orderings, page, value_field
from queues.api.parameters import given
from queues.api.views.base import answer
from queues.digits import ANY, digits
from queues.spelling import unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import Model
    from rest_framework.request import Request
    from rest_framework.response import Response
    from rest_framework.views import APIView

ORDERING: Final = "ordering"
PAGE_SIZE: Final = "pageSize"
CURSOR: Final = "cursor"
PARAMETERS: Final = (ORDERING, PAGE_SIZE, CURSOR)
NEWEST_FIRST: Final = "-id"


class KeysetPagination(BasePagination):
    """Pages by cursor. An answer has `next` and `previous` beside its `data`: addresses or null."""

    page_size: ClassVar[int] = 25
    max_page_size: ClassVar[int] = 100
    parameters: ClassVar[tuple[str, ...]] = PARAMETERS
    template: ClassVar[str] = "rest_framework/pagination/previous_and_next.html"

    _next: str | None = None
    _previous: str | None = None

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any]:
        """Return a page's rows of a queryset. Raises ValidationError for what is asked wrongly."""
        words = given(request)
        size = self._size(words.get(PAGE_SIZE))
        cursor = _cursor(words, queryset.model, view)
        found = page(queryset, cursor, _orderings(view)[cursor.ordering], size)
        self._next = _link(request, words, found.next)
        self._previous = _link(request, words, found.previous)
        self.display_page_controls = bool(self._next or self._previous)
        return found.rows

    def get_paginated_response(self, data: Any) -> Response:
        """Return the envelope of a list."""
        return answer(data, next=self._next, previous=self._previous)

    def get_results(self, data: Any) -> Any:
        """Return the rows within an answer. Raises KeyError for another answer."""
        return data["data"]

    def to_html(self) -> str:
        """Return the links of the browsable API."""
        context = {"next_url": self._next, "previous_url": self._previous}
        return str(loader.get_template(self.template).render(context))

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the envelope of a list as the OpenAPI document has it."""
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["success", "data", "next", "previous"],
            "properties": {
                "success": {"type": "boolean", "default": True},
                "data": schema,
                "next": {**link, "description": "The page behind this one, or null."},
                "previous": {**link, "description": "The page before this one, or null."},
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Return the parameters as the OpenAPI document has them."""
        names = {"enum": [*_orderings(view)], "default": _default(view)}
        sizes = {"minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
        return [
            parameter(ORDERING, "In which order; `-` turns it round.", type="string", **names),
            parameter(PAGE_SIZE, "How many at a time.", type="integer", **sizes),
            parameter(CURSOR, "Out of `next` or `previous` of an answer.", type="string"),
        ]

    def _size(self, word: str | None) -> int:
        size = self.page_size if word is None else digits(word, ANY)
        if size is None or not 1 <= size <= self.max_page_size:
            allowed = f"a whole number, 1 to {self.max_page_size}"
            raise ValidationError({PAGE_SIZE: [f"Not a size; allowed: {allowed}."]})
        return size


def parameter(name: str, description: str, **schema: Any) -> dict[str, Any]:
    """Return a parameter of a query string as the OpenAPI document has it."""
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": schema,
    }


def _orderings(view: Any) -> Mapping[str, Ordering]:
    return getattr(view, "orderings", None) or orderings(id="pk")


def _default(view: Any) -> str:
    return getattr(view, "default_ordering", NEWEST_FIRST)


def _cursor(words: Mapping[str, str], model: type[Model], view: Any) -> Cursor:
    """Return where the page begins that the client asks for. Raises ValidationError."""
    allowed, asked = _orderings(view), words.get(ORDERING)
    if asked is not None and asked not in allowed:
        raise ValidationError({ORDERING: [unknown("ordering", asked, allowed)]})
    if CURSOR not in words:
        return Cursor(ordering=asked or _default(view))
    key = model._meta.pk  # noqa: SLF001  (Django documents _meta)
    fields = {name: (value_field(model, one), key) for name, one in allowed.items()}
    try:
        cursor = read(words[CURSOR], fields)
    except CursorError as error:
        message = "Not a cursor of this list; allowed: those within its next and previous."
        raise ValidationError({CURSOR: [message]}, code="bad_cursor") from error
    if asked not in {None, cursor.ordering}:
        message = f"Belongs to the ordering {cursor.ordering}; leave one of both out."
        raise ValidationError({CURSOR: [message]}, code="bad_cursor")
    return cursor


def _link(request: Request, words: Mapping[str, str], cursor: Cursor | None) -> str | None:
    if cursor is None:
        return None
    query = urlencode({**words, CURSOR: write(cursor)})
    return request.build_absolute_uri(f"{request.path}?{query}")
