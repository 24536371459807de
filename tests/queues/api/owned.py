"""A kind whose jobs are somebody's, and those who come to the API."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import ClassVar

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from rest_framework.test import APIClient

from queues.arguments import Arguments, ArgumentsError
from queues.enqueue import enqueue
from queues.registry import handles


@dataclass(frozen=True, kw_only=True)
class Owned(Arguments):
    kind: ClassVar[str] = "tests.api-owned"
    user_id: str
    text: str = ""

    def __post_init__(self):
        if self.text == "refused":
            raise ArgumentsError("text is refused.")
        if self.text == "broken":
            raise ZeroDivisionError("Broken code.")

    @property
    def owner(self):
        return self.user_id

    @property
    def job_name(self):
        return f"owned-{self.text}"


handles(Owned, queue="user-actions")(lambda _arguments, _context: None)


def user(name, *permissions, **more):
    person, is_new = get_user_model().objects.get_or_create(username=name, defaults=more)
    if is_new:
        for permission in permissions:
            person.user_permissions.add(Permission.objects.get(codename=permission))
    return person


def client(person=None, *scopes):
    """Return a client who has signed in, or has a token with scopes."""
    api = APIClient()
    if person is not None:
        token = SimpleNamespace(scopes=frozenset(scopes)) if scopes else None
        api.force_authenticate(person, token=token)
    return api


def people():
    """Return those who might ask for the jobs of `owner`, each with a client."""
    staff = user("staff", "view_job", is_staff=True)
    return {
        "anonymous": client(),
        "owner": client(user("owner")),
        "stranger": client(user("stranger")),
        "staff": client(staff),
        "operator": client(user("operator", is_superuser=True)),
        "reader": client(user("owner"), "queue:read"),
        "writer": client(user("owner"), "queue:write"),
        "manager": client(user("robot"), "queue:read", "queue:write", "queue:manage"),
        "robot": client(user("robot"), "queue:read", "queue:write"),
    }


def job_of(name, text="", **options):
    return enqueue(Owned(user_id=str(user(name).pk), text=text), **options)


def fields(response):
    """Return the fields that a problem names."""
    return [error["field"] for error in response.json()["errors"]]
