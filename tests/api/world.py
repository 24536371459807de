"""One of everything that addresses are about, and everybody who may come."""

from __future__ import annotations

import json
from contextlib import contextmanager
from types import SimpleNamespace
from typing import NamedTuple

from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection, transaction
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from accounts.scopes import SCOPES
from accounts.services.tokens import create_token
from fediverse.activities.models import Notification
from queues import bulk, limits, schedules
from queues.enqueue import enqueue
from queues.filters import parse
from queues.models import FailureGroup, Job
from tests.api.matrix import BODIES, PLACES
from tests.cli import failed_job
from tests.jobs import Act

# What a person has who signed in, and has no permission.
PERSONAL = frozenset(SCOPES) - {"queue:manage"}
JSON = "application/json"
# The addresses that the name of their route does not give.
PATHS = {"nowhere": "/nothing/here"}


class Caller(NamedTuple):
    """Who comes, with which scopes; `scopes` is None for who is not known."""

    name: str
    user: User | None
    scopes: frozenset[str] | None
    token: object = None

    def client(self):
        client = APIClient(raise_request_exception=False)
        if self.user:
            client.force_authenticate(self.user, token=self.token)
        return client


class World:
    """The users A and B, what belongs to A, and what belongs to nobody."""

    def __init__(self):
        self.a = User.objects.create_user("a", password="a-long-secret")
        self.b = User.objects.create_user("b")
        self.staff = User.objects.create_superuser("staff")
        token, _ = create_token(self.a, scopes=["hub:read"], days=1, source=ApiToken.Source.SIGN_IN)
        self.objects = {
            "token": token.public_id,
            "job": enqueue(Act(what="return")).pk,
            "delayed_job": enqueue(Act(what="return"), delay=3600).pk,
            "failed_job": failed_job().pk,
            "fingerprint": FailureGroup.objects.first().fingerprint,
            "notification": Notification.objects.create(
                user=self.a, type="info", message="m", job_id=1
            ).pk,
        }
        Job.objects.update(owner=str(self.a.pk))
        self.objects["operation"] = bulk.begin("promote", parse({"state": "delayed"})).pk
        schedules.upsert("nightly", Act(what="return"), every=3600)
        limits.set_limit("limited.example", concurrency=1)
        limits.close_key("closed.example", 3600)

    def callers(self):
        yield Caller("anonymous", None, None)
        yield Caller("A", self.a, PERSONAL)
        yield Caller("B", self.b, PERSONAL)
        yield Caller("staff", self.staff, frozenset(SCOPES))
        for scopes in ([], *([scope] for scope in SCOPES), SCOPES):
            granted = frozenset(scopes)
            name = f"A with a token for {', '.join(scopes) or 'nothing'}"
            yield Caller(name, self.a, granted, SimpleNamespace(scopes=granted))

    def path(self, route):
        places = PLACES.get(route, {})
        kwargs = {place: str(self.objects.get(name, name)) for place, name in places.items()}
        return PATHS.get(route) or reverse(route, kwargs=kwargs)

    def body(self, route, method, caller):
        return filled(BODIES.get((route, method)), str(caller.user.pk) if caller.user else "")

    def ask(self, route, method, caller):
        """Return the answer; whatever was done for it is undone."""
        body = self.body(route, method, caller)
        sent = {"data": json.dumps(body), "content_type": JSON} if body is not None else {}
        with undone():
            response = caller.client().generic(method, self.path(route), **sent)
            if response.streaming:
                end(response)
            return response


def end(response):
    """Close an answer that nobody reads to its end, as a server does."""
    with one_connection():
        response.close()


@contextmanager
def one_connection():
    """Keep the connection, and the transaction with it, when a request begins or ends."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


def filled(body, user_id):
    """Return a body with the caller in it, wherever it says `$me`."""
    if isinstance(body, dict):
        return {key: filled(value, user_id) for key, value in body.items()}
    if isinstance(body, list):
        return [filled(value, user_id) for value in body]
    return user_id if body == "$me" else body


@contextmanager
def undone():
    """Take back what is done inside."""
    with transaction.atomic():
        yield
        connection.set_rollback(True)
