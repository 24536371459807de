"""What users are told."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from django.db.models.functions import Now

from accounts.models import User
from accounts.models.linked_account import MAX_ID_DIGITS
from fediverse.activities.models import Notification
from queues.database import database_now

if TYPE_CHECKING:
    from django.db.models import QuerySet


# What one user is told stays for so long, and so much of it.
MAX_AGE: Final = timedelta(days=90)
MAX_KEPT: Final = 1000
# How many old ones, whoever they were for, go with each new one.
MAX_EXPIRED: Final = 100


class NoUserError(LookupError):
    """There is nobody to tell."""


def store(user_id: str, *, type: str, message: str, job_id: int) -> Notification:  # noqa: A002  (its name)
    """Store what a job tells a user, and return it; what the job has stored already stays.

    The user's oldest beyond MAX_KEPT go, and so do some of anybody's that are older than MAX_AGE.
    Raises NoUserError.
    """
    is_id = user_id.isascii() and user_id.isdigit() and len(user_id) <= MAX_ID_DIGITS
    user = User.objects.filter(pk=int(user_id)).first() if is_id else None
    if user is None:
        raise NoUserError(f"There is no user {user_id:.80}.")
    stored, _ = Notification.objects.get_or_create(
        job_id=job_id, defaults={"user": user, "type": type, "message": message}
    )
    _prune(user)
    return stored


def _prune(user: User) -> None:
    """Delete what is too much or too old. So the table is bounded by who writes to it."""
    mine = Notification.objects.filter(user=user).order_by("-id")
    if last := mine.values_list("id", flat=True)[MAX_KEPT - 1 : MAX_KEPT].first():
        mine.filter(id__lt=last).delete()
    # The oldest have the smallest ids, so this needs no other index.
    oldest = Notification.objects.order_by("id").values_list("id", "created_at")[:MAX_EXPIRED]
    before = database_now() - MAX_AGE
    expired = [number for number, created_at in oldest if created_at < before]
    if expired:
        Notification.objects.filter(id__in=expired).delete()


def notifications_of(user_id: int, *, unread: bool | None = None) -> QuerySet[Notification]:
    """Return what a user was told, or the part that they have (not) read, newest first."""
    found = Notification.objects.filter(user_id=user_id).order_by("-id")
    return found if unread is None else found.filter(read_at__isnull=unread)


def mark_read(user_id: int, notification_id: int) -> Notification:
    """Note when a user first read what they were told. Raises Notification.DoesNotExist."""
    own = Notification.objects.filter(user_id=user_id, pk=notification_id)
    own.filter(read_at=None).update(read_at=Now())
    return own.get()


def remove(user_id: int, notification_id: int) -> None:
    """Delete what a user was told. Raises Notification.DoesNotExist."""
    if not Notification.objects.filter(user_id=user_id, pk=notification_id).delete()[0]:
        raise Notification.DoesNotExist


def clear(user_id: int, *, unread_too: bool) -> int:
    """Delete what a user has read, or all that they were told; return how many that were."""
    found = notifications_of(user_id, unread=None if unread_too else False)
    return found.delete()[0]
