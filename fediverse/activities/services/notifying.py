"""What users are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models.functions import Now

from accounts.models import User
from accounts.models.linked_account import MAX_ID_DIGITS
from fediverse.activities.models import Notification

if TYPE_CHECKING:
    from django.db.models import QuerySet


class NoUserError(LookupError):
    """There is nobody to tell."""


def store(user_id: str, *, type: str, message: str, job_id: int) -> Notification:  # noqa: A002  (its name)
    """Store what a job tells a user, and return it; what the job has stored already stays.

    Raises NoUserError.
    """
    is_id = user_id.isascii() and user_id.isdigit() and len(user_id) <= MAX_ID_DIGITS
    user = User.objects.filter(pk=int(user_id)).first() if is_id else None
    if user is None:
        raise NoUserError(f"There is no user {user_id:.80}.")
    stored, _ = Notification.objects.get_or_create(
        job_id=job_id, defaults={"user": user, "type": type, "message": message}
    )
    return stored


def notifications_of(user_id: int, *, unread: bool | None = None) -> QuerySet[Notification]:
    """Return what a user was told, or the part that they have (not) read, newest first."""
    found = Notification.objects.filter(user_id=user_id).order_by("-id")
    return found if unread is None else found.filter(read_at__isnull=unread)


def mark_read(user_id: int, notification_id: int) -> Notification:
    """Note when a user first read what they were told. Raises Notification.DoesNotExist."""
    own = Notification.objects.filter(user_id=user_id, pk=notification_id)
    own.filter(read_at=None).update(read_at=Now())
    return own.get()
