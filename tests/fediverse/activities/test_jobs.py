from __future__ import annotations

import json
import logging

import pytest
from django.db import connection

from accounts.models import LinkedAccount, User
from accounts.services.linking import mark_needs_reauth
from fediverse.activities.jobs import fetch_all_posts, fetch_posts
from fediverse.activities.models import Post, Sighting
from fediverse.activities.payloads import FetchAllPosts, FetchPosts
from fediverse.platforms.errors import Transient
from queues.enqueue import enqueue
from queues.execution import run
from queues.models import Job
from queues.outcomes import Fail, RateLimited, Snooze
from queues.testing import run_job
from tests.fediverse.conftest import POSTS_ON_SAMPLE
from tests.threads import in_thread

pytestmark = pytest.mark.django_db(transaction=True)


def fetch_of(account, **values):
    return FetchPosts(
        user_id=str(account.user_id), platform="mastodon", account_id=account.pk, **values
    )


def test_the_log_says_whose_posts_are_fetched(attempt, caplog):
    with caplog.at_level(logging.INFO):
        fetch_posts(FetchPosts(user_id="test-user-id", platform="mastodon"), attempt)
    (record,) = [record for record in caplog.records if "activities.jobs" in record.name]
    expected = "Processing content aggregation job for user test-user-id from mastodon"
    assert record.getMessage() == expected
    assert (record.job_id, record.user, record.platform) == (8, "test-user-id", "mastodon")


def test_a_user_without_accounts_gets_the_message_back(attempt):
    arguments = FetchPosts(user_id="test-user-id", platform="mastodon", test_message="hello")
    result = fetch_posts(arguments, attempt)
    assert result == {"testMessage": "hello", "postsFetched": 0, "new": 0, "updated": 0}


@pytest.mark.parametrize("feed", ["home", "public"])
def test_all_pages_of_a_feed_are_stored(sample, link, attempt, feed):
    account = link(sample)
    first = fetch_posts(fetch_of(account, feed=feed), attempt)
    assert first == {"postsFetched": POSTS_ON_SAMPLE, "new": POSTS_ON_SAMPLE, "updated": 0}
    again = fetch_posts(fetch_of(account, feed=feed), attempt)
    assert again == {"postsFetched": POSTS_ON_SAMPLE, "new": 0, "updated": 0}
    seen = Sighting.objects.filter(account=account, feed=feed)
    assert seen.count() == Post.objects.count() == POSTS_ON_SAMPLE
    assert all(post.is_from_origin for post in Post.objects.all())


def test_a_worker_runs_it_from_the_row(sample, link):
    job = enqueue(fetch_of(link(sample)))
    assert in_thread(lambda: run(job.pk)) == "completed"
    job.refresh_from_db()
    assert job.result == {"postsFetched": POSTS_ON_SAMPLE, "new": POSTS_ON_SAMPLE, "updated": 0}
    assert "mock_token" not in f"{job.payload} {job.result}"


def test_without_an_account_named_all_of_the_users_are_read(sample, link, attempt):
    account = link(sample)
    arguments = FetchPosts(user_id=str(account.user_id), platform="mastodon")
    result = fetch_posts(arguments, attempt)
    assert result == {"postsFetched": POSTS_ON_SAMPLE, "new": POSTS_ON_SAMPLE, "updated": 0}


def test_nobody_fetches_with_the_account_of_another(scripted, link, attempt):
    account, stranger = link(scripted), User.objects.create_user("eve")
    arguments = FetchPosts(user_id=str(stranger.pk), platform="mastodon", account_id=account.pk)
    with pytest.raises(Fail):
        fetch_posts(arguments, attempt)
    assert scripted.requests == []


def test_a_rate_limit_puts_the_job_off_for_as_long_as_was_asked(scripted, link, attempt):
    account = link(scripted)
    scripted.says(429, Retry_After="120")
    with pytest.raises(RateLimited) as caught:
        fetch_posts(fetch_of(account), attempt)
    assert caught.value.seconds == pytest.approx(120, abs=15)
    # The other jobs of this account wait too, and those of other accounts do not.
    assert (
        caught.value.key == fetch_of(account).limit_key == f"account:{account.pk}:{account.user_id}"
    )


@pytest.mark.parametrize("wait", ["0", "-5", "99999999999", "soon", "\u00e9"])
def test_an_absurd_rate_limit_neither_hammers_nor_parks_the_job(scripted, link, attempt, wait):
    account = link(scripted)
    scripted.says(429, Retry_After=wait)
    with pytest.raises(Snooze) as caught:
        fetch_posts(fetch_of(account), attempt)
    assert 1 <= caught.value.seconds <= 3600


def test_a_token_of_no_use_is_told_to_its_user_and_not_tried_again(scripted, link, attempt):
    account = link(scripted)
    scripted.says(401, b'{"error": "The access token was revoked"}')
    with pytest.raises(Fail) as caught:
        fetch_posts(fetch_of(account), attempt)
    assert "mock_token" not in caught.value.reason
    assert LinkedAccount.objects.get().status == "needs_reauth"
    asked = len(scripted.requests)
    with pytest.raises(Fail):
        fetch_posts(fetch_of(account), attempt)
    assert len(scripted.requests) == asked


def test_a_token_that_cannot_be_opened_is_sent_nowhere(scripted, link, attempt):
    account = link(scripted)
    LinkedAccount.objects.update(sealed_token="mock_token")
    with pytest.raises(Fail):
        fetch_posts(fetch_of(account), attempt)
    assert scripted.requests == []
    assert LinkedAccount.objects.get().status == "needs_reauth"


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, b"{}"), (410, b"{}"), (200, b"<html>"), (200, b'{"a": NaN}'), (200, b'"text"')],
)
def test_nonsense_is_not_asked_for_twice(scripted, link, attempt, status, body):
    account = link(scripted)
    scripted.says(status, body)
    with pytest.raises(Fail):
        fetch_posts(fetch_of(account), attempt)
    assert LinkedAccount.objects.get().status == "active"
    assert not Post.objects.exists()


@pytest.mark.parametrize("status", [500, 502, 503])
def test_what_may_pass_costs_an_attempt(scripted, link, attempt, status):
    account = link(scripted)
    scripted.says(status)
    with pytest.raises((Transient, Snooze)):
        fetch_posts(fetch_of(account), attempt)
    assert LinkedAccount.objects.get().status == "active"


def test_no_transaction_is_open_while_a_server_thinks(scripted, link, attempt):
    account = link(scripted)
    states: list[str | None] = []

    def look():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT state FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            states.extend(state for (state,) in cursor.fetchall())

    scripted.before_answer = lambda: in_thread(look)
    fetch_posts(fetch_of(account), attempt)
    assert states
    assert not [state for state in states if state and "in transaction" in state]


def test_a_fan_out_queues_a_fetch_for_each_active_account(scripted, link, attempt):
    first, second = link(scripted), link(scripted, "bob")
    mark_needs_reauth(link(scripted, "eve"))
    assert fetch_all_posts(FetchAllPosts(), attempt) == {"jobsQueued": 2}
    payloads = [job.payload for job in Job.objects.order_by("id")]
    assert [(p["userId"], p["accountId"]) for p in payloads] == [
        (str(first.user_id), first.pk),
        (str(second.user_id), second.pk),
    ]


def test_a_fan_out_of_one_user_leaves_the_others_alone(scripted, link, attempt):
    mine = link(scripted)
    link(scripted, "bob")
    fetch_all_posts(FetchAllPosts(user_id=str(mine.user_id)), attempt)
    assert [job.owner for job in Job.objects.all()] == [str(mine.user_id)]


def test_a_fan_out_of_a_platform_leaves_the_others_alone(scripted, link, attempt):
    link(scripted)
    assert fetch_all_posts(FetchAllPosts(platform="lemmy"), attempt) == {"jobsQueued": 0}
    assert fetch_all_posts(FetchAllPosts(platform="mastodon"), attempt) == {"jobsQueued": 1}


@pytest.mark.parametrize("platform", ["lemmy", "peertube"])
def test_where_nobody_can_have_an_account_nothing_is_fetched(scripted, link, attempt, platform):
    arguments = FetchPosts(user_id=str(link(scripted).user_id), platform=platform)
    assert fetch_posts(arguments, attempt) == {"postsFetched": 0, "new": 0, "updated": 0}
    assert scripted.requests == []


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("fetch-all-posts", {"userId": "test-user-id"}),
        ("fetch-all-posts", {}),
        ("fetch-posts", {"userId": "test-user-id", "platform": "mastodon", "action": "fetchPosts"}),
    ],
)
def test_payloads_of_older_code_are_still_read(kind, payload):
    job = enqueue(FetchAllPosts() if kind == "fetch-all-posts" else FetchPosts(
        user_id="1", platform="mastodon"))  # fmt: skip
    Job.objects.update(payload=payload, payload_version=1)
    assert run_job(job).state == "completed"


def test_a_fan_out_that_breaks_off_queues_nothing(scripted, link, attempt):
    link(scripted)
    odd = link(scripted, "bob")
    type(odd.instance).objects.update(platform="gone")
    with pytest.raises(ValueError, match="platform"):
        fetch_all_posts(FetchAllPosts(), attempt)
    assert not Job.objects.exists()


def test_a_page_as_heavy_as_mastodons_own_is_read(scripted, link, attempt):
    """Forty boosts of posts with an image have some 17,000 values; the sample's are thinner."""
    image = {"id": "1", "type": "image", "meta": {"original": dict.fromkeys("abcdefgh", 1)}}
    author = {"acct": "ada", "fields": [dict.fromkeys("abc", "x")] * 4, **dict.fromkeys(
        [f"field{number}" for number in range(40)], "x")}  # fmt: skip
    rest = dict.fromkeys([f"field{number}" for number in range(100)], "x")
    statuses = [
        {
            **rest, "id": str(number), "uri": f"https://a.example/{number}", "account": author,
            "created_at": "2026-01-01T00:00:00Z", "media_attachments": [image] * 4, "tags": [rest],
        }
        for number in range(40)
    ]  # fmt: skip
    scripted.says(200, json.dumps(statuses).encode())
    account = link(scripted)
    arguments = FetchPosts(user_id=str(account.user_id), platform="mastodon", account_id=account.pk)
    assert fetch_posts(arguments, attempt)["postsFetched"] == 40
