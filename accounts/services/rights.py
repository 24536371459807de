"""Whom a member of staff may act upon: those whose rights they have themselves, and themselves.

A superuser may act upon everybody. Nobody else acts upon a superuser, or gives what they lack.
Rights are counted by their rows: of a user who is not active too, who may be active again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

from accounts.models import User

if TYPE_CHECKING:
    from django.db.models import QuerySet


def held_by(actor: User) -> QuerySet[Permission]:
    """Return the permissions that somebody may hand out: their own, directly or by a group."""
    if actor.is_superuser:
        return Permission.objects.all()
    return Permission.objects.filter(Q(user=actor) | Q(group__user=actor)).distinct()


def users_within(actor: User) -> QuerySet[User]:
    """Return whom somebody may act upon."""
    if actor.is_superuser:
        return User.objects.all()
    beyond = _beyond(actor)
    more = Q(is_superuser=True) | Q(user_permissions__in=beyond) | Q(groups__permissions__in=beyond)
    has_more = User.objects.filter(more).values("pk")
    return User.objects.filter(Q(pk=actor.pk) | ~Q(pk__in=has_more))


def groups_within(actor: User) -> QuerySet[Group]:
    """Return the groups that give nothing which somebody lacks."""
    if actor.is_superuser:
        return Group.objects.all()
    has_more = Group.objects.filter(permissions__in=_beyond(actor)).values("pk")
    return Group.objects.exclude(pk__in=has_more)


def _beyond(actor: User) -> QuerySet[Permission]:
    return Permission.objects.exclude(pk__in=held_by(actor).values("pk"))
