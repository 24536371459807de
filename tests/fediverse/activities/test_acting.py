from __future__ import annotations

import logging

import pytest
from django.db import connection

from accounts.models import LinkedAccount, User
from accounts.services.linking import link_account, mark_needs_reauth
from fediverse.activities.jobs import perform_action
from fediverse.activities.payloads import PerformAction
from fediverse.platforms.errors import Transient
from queues.enqueue import enqueue
from queues.models import Job
from queues.outcomes import Fail, RateLimited
from queues.testing import run_job
from tests.servers import TOKEN
from tests.threads import in_thread

pytestmark = pytest.mark.django_db(transaction=True)


def action(account, what="like-post", target="1", **values):
    return PerformAction(
        **{
            "user_id": str(account.user_id), "action": what, "target_id": str(target),
            "platform": "mastodon", **values,
        }
    )  # fmt: skip


@pytest.fixture
def sample(lively_mastodon):
    return lively_mastodon


@pytest.fixture
def status(sample):
    """A post on the sample instance."""
    return sample.call("/api/v1/statuses", status="to act on")


def replies_to(sample, status):
    return sample.call(f"/api/v1/statuses/{status['id']}/context")["descendants"]


@pytest.mark.parametrize(
    ("what", "field"), [("like-post", "favourited"), ("share-post", "reblogged")]
)
def test_a_post_is_liked_or_shared(sample, link, status, what, field):
    account = link(sample)
    assert status[field] is False
    job = run_job(enqueue(action(account, what, status["id"])))
    assert job.state == "completed", job.error_message
    assert job.result["accountId"] == account.pk
    assert job.result["action"] == what
    assert job.result["post"]["nativeId"] == status["id"]
    assert sample.call(f"/api/v1/statuses/{status['id']}")[field] is True


def test_a_post_is_answered(sample, link, status):
    job = run_job(enqueue(action(link(sample), "comment-post", status["id"], text="a & b=é\n?")))
    assert job.state == "completed", job.error_message
    (reply,) = replies_to(sample, status)
    assert reply["id"] == job.result["post"]["nativeId"]
    assert reply["in_reply_to_id"] == status["id"]
    assert "a &amp; b=é" in reply["content"]
    assert TOKEN not in f"{job.payload} {job.result}"


def forget_effects():
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM queues_effect")


@pytest.mark.parametrize("is_kept", [True, False], ids=["kept", "worker died before it was kept"])
def test_a_job_that_runs_twice_answers_once(sample, link, status, is_kept):
    job = run_job(enqueue(action(link(sample), "comment-post", status["id"], text="once")))
    if not is_kept:
        forget_effects()
    Job.objects.filter(pk=job.pk).update(state="waiting", finished_at=None)
    again = run_job(Job.objects.get(pk=job.pk))
    assert again.result == job.result
    assert len(replies_to(sample, status)) == 1


@pytest.mark.parametrize("what", ["like-post", "share-post"])
def test_a_job_that_runs_twice_asks_the_server_once(scripted, link, what):
    scripted.says(200, b'{"id": "1"}')
    job = run_job(enqueue(action(link(scripted), what)))
    Job.objects.filter(pk=job.pk).update(state="waiting", finished_at=None)
    assert run_job(Job.objects.get(pk=job.pk)).state == "completed"
    assert len(scripted.posts) == 1


def test_an_answer_is_sent_again_with_the_same_key(scripted, link):
    scripted.shows("1", visibility="unlisted")
    scripted.says(500)
    job = enqueue(action(link(scripted), "comment-post", text="x"), backoff=0)
    run_job(job)
    scripted.says(200, b'{"id": "2", "url": "https://a.example/2"}')
    job = run_job(Job.objects.get(pk=job.pk))
    assert job.result["post"] == {"nativeId": "2", "url": "https://a.example/2"}
    first, second = (posted.headers["Idempotency-Key"] for posted in scripted.posts)
    assert first == second
    assert len(first) == 64
    assert scripted.posts[0].body == scripted.posts[1].body


def test_another_hubs_account_never_has_the_same_key(scripted, link, attempt):
    """Each hub counts its jobs from 1, and both may hold an account of the same person."""
    scripted.shows("1")
    scripted.says(200, b"{}")
    for _ in range(2):
        perform_action(action(link(scripted), "comment-post", text="x"), attempt)
        LinkedAccount.objects.all().delete()
    keys = [posted.headers["Idempotency-Key"] for posted in scripted.posts]
    assert len(set(keys)) == 2


@pytest.mark.parametrize("platform", ["lemmy", "peertube"])
def test_without_an_account_there_the_job_fails_and_says_so(scripted, link, platform):
    account = link(scripted)
    job = run_job(enqueue(action(account, platform=platform)))
    assert (job.state, job.attempt) == ("failed", 1)
    assert job.error_message == f"User {account.user_id} has no active account on {platform}."


def test_nobody_acts_by_the_account_of_another(scripted, link, attempt):
    account, eve = link(scripted), User.objects.create_user("eve")
    with pytest.raises(Fail, match=rf"no active account {account.pk} on mastodon"):
        perform_action(action(account, user_id=str(eve.pk), account_id=account.pk), attempt)
    assert scripted.requests == []


def test_an_account_that_needs_a_new_sign_in_does_not_act(scripted, link, attempt):
    account = link(scripted)
    mark_needs_reauth(account)
    with pytest.raises(Fail, match="no active account"):
        perform_action(action(account), attempt)


def test_of_several_accounts_one_must_be_named(scripted, link, attempt):
    first = link(scripted)
    second = link_account(
        first.user, platform="mastodon", base_url=scripted.base_url, handle="other",
        access_token="x",
    )  # fmt: skip
    with pytest.raises(Fail, match="several") as caught:
        perform_action(action(first), attempt)
    assert all(f"{one.pk} ({one})" in caught.value.reason for one in (first, second))
    scripted.says(200, b"{}")
    result = perform_action(action(first, account_id=second.pk), attempt)
    assert result["accountId"] == second.pk


@pytest.mark.parametrize("code", [403, 404, 410, 422, 302])
def test_what_the_server_refuses_is_not_tried_again(scripted, link, attempt, code):
    account = link(scripted)
    scripted.says(code, b"{}", Location=f"{scripted.base_url}/elsewhere")
    with pytest.raises(Fail):
        perform_action(action(account), attempt)
    assert len(scripted.requests) == 1


def test_a_token_of_no_use_is_told_to_its_user(scripted, link, attempt):
    scripted.says(401, b"{}")
    with pytest.raises(Fail):
        perform_action(action(link(scripted)), attempt)
    assert LinkedAccount.objects.get().status == "needs_reauth"


def test_a_rate_limit_closes_the_account(scripted, link, attempt):
    account = link(scripted)
    scripted.says(429, Retry_After="60")
    with pytest.raises(RateLimited) as caught:
        perform_action(action(account), attempt)
    assert caught.value.key == f"account:{account.pk}:{account.user_id}"


def test_what_may_pass_costs_an_attempt(scripted, link, attempt):
    scripted.says(502)
    with pytest.raises(Transient):
        perform_action(action(link(scripted)), attempt)


def test_no_transaction_is_open_while_a_server_thinks(scripted, link):
    states: list[str | None] = []

    def look():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT state FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            states.extend(state for (state,) in cursor.fetchall())

    scripted.says(200, b"{}")
    scripted.before_answer = lambda: in_thread(look)
    assert run_job(enqueue(action(link(scripted)))).state == "completed"
    assert states
    assert not [state for state in states if state and "in transaction" in state]


def test_the_logs_are_those_of_the_old_service(scripted, link, caplog):
    account = link(scripted)
    scripted.says(200, b"{}")
    with caplog.at_level(logging.INFO):
        job = enqueue(action(account))
        run_job(job)
    lines = [record.getMessage() for record in caplog.records]
    assert f"Added user action job {job.pk} for user {account.user_id}" in lines
    assert f"Processing user action job for user {account.user_id} on mastodon" in lines
