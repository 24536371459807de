"""The rows of a list from a place on, and the places where the pages beside them begin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Field, Q

from queues.api.cursors import Cursor

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

    from queues.api.cursors import AnyField, Direction


class Ordering(NamedTuple):
    """By which field of its model a list is ordered; its key decides between equal values."""

    field: str
    is_descending: bool


class Page(NamedTuple):
    """Rows in their order, and where the pages behind and before them begin, if there are any."""

    rows: list[Any]
    next: Cursor | None
    previous: Cursor | None


def orderings(**fields: str) -> dict[str, Ordering]:
    """Return the orderings by the fields of a model, up and down: `createdAt="created_at"`.

    Fields are whole numbers, dates or text. A list that is ordered by a field which may be null has
    only the rows where it is not.
    """
    return {
        f"{sign}{name}": Ordering(field, bool(sign))
        for name, field in fields.items()
        for sign in ("", "-")
    }


def value_field(model: type[Model], ordering: Ordering) -> AnyField | None:
    """Return the field that a list is ordered by; None if that is its key."""
    meta = model._meta  # noqa: SLF001  (Django documents _meta)
    if ordering.field in {"pk", meta.pk.name}:
        return None
    field = meta.get_field(ordering.field)
    if not isinstance(field, Field):
        raise TypeError(f"{ordering.field} is no column of {model.__name__}.")
    return field


def page(queryset: QuerySet[Any], cursor: Cursor, ordering: Ordering, size: int) -> Page:
    """Return up to `size` rows from a cursor on. Whether there are more is looked for, no count."""
    field = value_field(queryset.model, ordering)
    found = list(_walk(queryset, cursor, ordering, field)[: size + 1])
    has_more, rows = len(found) > size, found[:size]
    if cursor.direction == "previous":
        rows.reverse()
    if not rows:
        return _nothing(cursor)
    is_onward, is_amid = cursor.direction == "next", cursor.key is not None

    def at(row: Any, direction: Direction) -> Cursor:
        value = None if field is None else getattr(row, field.attname)
        return Cursor(ordering=cursor.ordering, direction=direction, value=value, key=row.pk)

    has_next, has_previous = (has_more, is_amid) if is_onward else (is_amid, has_more)
    return Page(
        rows,
        at(rows[-1], "next") if has_next else None,
        at(rows[0], "previous") if has_previous else None,
    )


def _nothing(cursor: Cursor) -> Page:
    """Return a page without rows. From there one goes to an end, for there is no row to go from."""
    if cursor.key is None:
        return Page([], None, None)
    if cursor.direction == "next":
        return Page([], None, Cursor(ordering=cursor.ordering, direction="previous"))
    return Page([], Cursor(ordering=cursor.ordering), None)


def _walk(
    queryset: QuerySet[Any], cursor: Cursor, ordering: Ordering, field: AnyField | None
) -> QuerySet[Any]:
    """Return the rows beyond a cursor, as one walks from there."""
    is_down = ordering.is_descending is (cursor.direction == "next")
    sign, beyond = ("-", "lt") if is_down else ("", "gt")
    by_key = Q() if cursor.key is None else Q(**{f"pk__{beyond}": cursor.key})
    if field is None:
        return queryset.filter(by_key).order_by(f"{sign}pk")
    name = ordering.field
    rows = queryset.order_by(f"{sign}{name}", f"{sign}pk")
    if field.null:
        rows = rows.filter(**{f"{name}__isnull": False})
    if cursor.key is None:
        return rows
    # The first condition says nothing more than the second, but an index can be entered by it.
    return rows.filter(
        Q(**{f"{name}__{beyond}e": cursor.value}),
        Q(**{f"{name}__{beyond}": cursor.value}) | by_key,
    )
