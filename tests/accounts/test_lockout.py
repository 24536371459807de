"""Guessing passwords: ten tries for a name from an address, then a quarter of an hour."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
import time_machine
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.utils import timezone

from accounts.models import User

PATHS = {"api": "/api/auth/token", "admin": "/admin/login/", "pages": "/api-auth/login/"}
GOT_IN = {"api": 201, "admin": 302, "pages": 302}
pytestmark = pytest.mark.parametrize("door", PATHS)


@pytest.fixture
def knock(client, db, door):
    User.objects.create_superuser("ada", password="right")
    User.objects.create_superuser("bob", password="right")

    def post(password, username="ada", address="192.0.2.1", **extra):
        form = {"username": username, "password": password, **extra.pop("more", {})}
        return client.post(PATHS[door], form, REMOTE_ADDR=address, **extra)

    return post


def lock_out(knock):
    answers = [knock("wrong").status_code for _ in range(11)]
    assert 429 not in answers[:10]
    assert answers[10] == 429


def test_the_eleventh_wrong_password_is_answered_with_how_long_to_wait(knock, door):
    lock_out(knock)
    response = knock("wrong")
    assert 890 < int(response["Retry-After"]) <= 900
    if door == "api":
        assert response.json()["code"] == "locked_out"
    else:
        assert response["Content-Type"].startswith("text/plain")
        assert "15 minutes" in response.content.decode()


def test_the_right_password_does_not_help_until_the_time_is_over(knock, door):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        lock_out(knock)
        clock.shift(timedelta(minutes=10))
        # Asking again does not lengthen the wait.
        assert knock("right").status_code == 429
        clock.shift(timedelta(minutes=5, seconds=1))
        assert knock("right").status_code == GOT_IN[door]


def test_others_get_in(knock, door):
    lock_out(knock)
    assert knock("right", address="192.0.2.2").status_code == GOT_IN[door]
    assert knock("right", username="bob").status_code == GOT_IN[door]


def test_another_browser_or_a_header_does_not_help(knock, door, settings):
    settings.NUM_PROXIES = 1
    forwarded = [f"10.0.0.{n}, 198.51.100.7" for n in range(11)]
    answers = [
        knock("wrong", HTTP_USER_AGENT=f"browser {n}", HTTP_X_FORWARDED_FOR=said).status_code
        for n, said in enumerate(forwarded)
    ]
    assert (answers[9] == 429, answers[10]) == (False, 429)


def test_addresses_of_one_subscriber_count_as_one(knock):
    answers = [knock("wrong", address=f"2001:db8::{n}").status_code for n in range(1, 12)]
    assert answers[10] == 429


def test_who_gets_in_begins_anew(knock, door):
    for _ in range(9):
        knock("wrong")
    assert knock("right").status_code == GOT_IN[door]
    assert not AccessAttempt.objects.exists()
    knock("wrong")
    assert knock("right").status_code == GOT_IN[door]


def test_no_more_is_kept_than_what_counts(knock, door, caplog):
    caplog.set_level(logging.DEBUG)
    extra = {"HTTP_USER_AGENT": "cnry \x00"}
    if door != "api":
        extra["more"] = {"pasword": "cnry"}
    for _ in range(15):
        knock("cnry", **extra)
    attempt = AccessAttempt.objects.get()
    assert attempt.failures_since_start == 10
    assert (attempt.username, attempt.ip_address) == ("ada", "192.0.2.1")
    kept = (attempt.get_data, attempt.post_data, attempt.user_agent, attempt.http_accept)
    assert "cnry" not in f"{kept} {caplog.text}"
    # axes writes a line between nothing and nothing.
    assert not "".join(kept).strip("-\n")


def test_who_gets_in_leaves_no_trace_with_axes(knock):
    knock("right")
    for model in (AccessAttempt, AccessLog, AccessFailureLog):
        assert not model.objects.exists()


def test_one_password_for_many_names_is_soon_refused(knock, door):
    codes = [knock("wrong", username=f"user{number}").status_code for number in range(40)]
    assert 429 not in codes[:30]
    assert codes[-1] == 429
    assert knock("right", address="192.0.2.2").status_code == GOT_IN[door]
