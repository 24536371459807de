"""Whose verbs the admin's are, and who may use them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from queues.audit import Door, acting_as

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from django.http import HttpRequest

    from queues.audit import Actor


def as_operator(request: HttpRequest) -> AbstractContextManager[Actor]:
    """Let the verbs inside of the block be the user's, for the reason in the form."""
    return acting_as(request.user.get_username(), Door.ADMIN, request.POST.get("reason", ""))


class ForOperators:
    """Lets the actions of an admin ask for the permission `operate`."""

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Who may use the verbs of jobs."""
        return request.user.has_perm("queues.change_job")
