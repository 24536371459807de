"""An open stream of events ends soon after whoever reads it may no longer."""

from __future__ import annotations

import time

import pytest
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken, User
from accounts.services.tokens import create_token, revoke
from queues.queue_control import pause
from tests.viewer import Viewer

# Three seconds between two checks, one for Redis to be read, and the rest for a busy machine.
SOON = 8
pytestmark = pytest.mark.django_db(transaction=True)


def reader(name):
    """Make somebody who sees everybody's jobs; return them and their token, and its text."""
    user = User.objects.create_user(name, password="pw")
    user.user_permissions.set(Permission.objects.filter(codename="view_job"))
    source = ApiToken.Source.SIGN_IN
    return user, *create_token(user, scopes=["queue:read"], days=1, source=source)


@pytest.fixture
def read(web):
    """Begin to read events; all streams are left at the end."""
    begun = []

    def start(**how):
        begun.append(Viewer(f"http://127.0.0.1:{web.port}", **how))
        assert begun[-1].status == 200
        assert begun[-1].block()["retry"] == "2000"
        return begun[-1]

    yield start
    for one in begun:
        one.vanish()


def revoked(user, token):
    revoke(token)


def expired(user, token):
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now())


def deleted(user, token):
    user.delete()


def deactivated(user, token):
    User.objects.filter(pk=user.pk).update(is_active=False)


def new_password(user, token):
    user.set_password("another")
    user.save()


def fewer_rights(user, token):
    user.user_permissions.clear()


def signed_out(user, token):
    sessions = Session.objects.all()
    mine = [one.pk for one in sessions if one.get_decoded()["_auth_user_id"] == str(user.pk)]
    assert sessions.filter(pk__in=mine).delete()[0] == 1


OF_BOTH = [deleted, deactivated, new_password, fewer_rights]


def by_token(user, text):
    return {"Authorization": f"Bearer {text}"}


def by_session(user, text):
    client = Client()
    client.force_login(user)
    return {"cookie": client.cookies["sessionid"].value}


@pytest.mark.parametrize(
    ("how", "ends"),
    [(by_token, [revoked, expired, *OF_BOTH]), (by_session, [signed_out, *OF_BOTH])],
)
def test_a_stream_ends_soon_after_its_reader_may_no_longer_read(read, how, ends):
    user, _, text = reader("bob")
    control, watched = read(**how(user, text)), {}
    for end in ends:
        user, token, text = reader(end.__name__)
        watched[end.__name__] = read(**how(user, text))
        end(user, token)
    started = time.monotonic()
    for name, viewer in watched.items():
        assert viewer.block() == {"": "come back"}, name
        assert time.monotonic() - started < SOON, name
        # gunicorn waits for clients that do not close a connection, one after the other.
        viewer.vanish()
    # What happens from then on is for those who may see it.
    pause("notifications")
    assert control.event()["event"] == "paused"
