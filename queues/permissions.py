"""The scopes that open the queue, and who operates it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, PermissionsMixin

READ: Final = "queue:read"
WRITE: Final = "queue:write"
MANAGE: Final = "queue:manage"
OPERATING: Final = ("queues.change_job", "queues.change_queuecontrol")


def is_operator(user: PermissionsMixin | AnonymousUser) -> bool:
    """Whether a user's permissions let them use the verbs of all jobs and queues."""
    return bool(user.has_perms(OPERATING))
