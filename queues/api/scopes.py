"""What a caller may do. A token has scopes; who is signed in has what their permissions give.

Whose jobs that is about is another question: one's own, and those of others for operators alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission

from queues.models import Job
from queues.permissions import MANAGE, OPERATING, READ, WRITE, is_operator
from queues.private import masked

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request
    from rest_framework.views import APIView

__all__ = [
    "MANAGE", "OPERATING", "READ", "WRITE", "HasScope", "MissingScope", "changes_all",
    "has_scope", "is_operator", "jobs_for", "owner_of", "require_all", "sees_all",
    "shown_payload", "visible_to",
]  # fmt: skip


class MissingScope(PermissionDenied):
    """A token without the scope that an address asks for."""

    default_code = "missing_scope"

    def __init__(self, scope: str) -> None:
        super().__init__(f"This needs the scope {scope}.")


class HasScope(BasePermission):
    """Lets callers in who have the scope that the view's `scopes` names for the method."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return whether somebody is known at all. Raises MissingScope."""
        if not request.user.is_authenticated:
            return False
        scope = scopes_of_view(view).get(str(request.method))
        if scope and not has_scope(request, scope):
            raise MissingScope(scope)
        return True


def scopes_of_view(view: object) -> dict[str, str]:
    """Return the scope of each method; HEAD is like GET."""
    scopes: dict[str, str] = dict(getattr(view, "scopes", {}))
    return {**scopes, "HEAD": scopes["GET"]} if "GET" in scopes else scopes


def has_scope(request: Request, scope: str) -> bool:
    """Whether the caller's token has a scope, or their permissions give it where they signed in."""
    granted = getattr(request.auth, "scopes", None)
    if granted is not None:
        return scope in granted
    return scope != MANAGE or is_operator(request.user)


def sees_all(request: Request) -> bool:
    """Whether the caller may see everybody's jobs: as their permissions say, or their token's.

    A token of somebody who may look at all jobs in the admin shows them all; it is `queue:read`
    that lets it look.
    """
    return has_scope(request, MANAGE) or request.user.has_perm("queues.view_job")


def changes_all(request: Request) -> bool:
    """Whether the caller may change everybody's jobs. A token needs `queue:manage` for that."""
    if getattr(request.auth, "scopes", None) is not None:
        return has_scope(request, MANAGE)
    return is_operator(request.user) or request.user.has_perm("queues.change_job")


def owner_of(request: Request) -> str:
    """Return what the caller's own jobs have as their owner."""
    return str(request.user.pk)


def jobs_for(request: Request) -> QuerySet[Job]:
    """Return the jobs that a caller may know of, in no order. Others do not exist for them."""
    return Job.objects.filter(visible_to(request))


def visible_to(request: Request) -> Q:
    """Return the condition of `jobs_for`."""
    return Q() if sees_all(request) else Q(owner=owner_of(request))


def shown_payload(request: Request, job: Job) -> dict[str, Any]:
    """Return a job's payload as the caller may see it: whole if the job is theirs."""
    payload: dict[str, Any] = job.payload
    return payload if job.owner == owner_of(request) else masked(job.kind, payload)


def require_all(request: Request) -> None:
    """Let only those go on who may see everybody's. Raises MissingScope."""
    if not sees_all(request):
        raise MissingScope(MANAGE)
