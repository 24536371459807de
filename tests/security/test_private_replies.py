"""An answer is seen by nobody who may not see the post that it answers."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from fediverse.activities.payloads import PerformAction
from queues.enqueue import enqueue
from queues.testing import run_job

pytestmark = pytest.mark.django_db(transaction=True)


def answer(account, target, text="hello"):
    """Answer a post by a job, as users do; return the job."""
    arguments = PerformAction(
        user_id=str(account.user_id), action="comment-post", target_id=target,
        platform="mastodon", text=text,
    )  # fmt: skip
    return run_job(enqueue(arguments, attempts=1))


def sent(server, account, **post):
    """Return the form that reaches a server when a post of it is answered."""
    server.shows("1", **post)
    server.says(200, b'{"id": "2"}')
    job = answer(account, "1")
    assert job.state == "completed", job.error_message
    (posted,) = server.posts
    return {name: value for name, (value,) in parse_qs(posted.body).items()}


@pytest.mark.parametrize(
    ("parent", "default", "expected"),
    [
        ("public", "", "public"),
        ("public", "public", "public"),
        ("public", "unlisted", "unlisted"),
        ("public", "private", "private"),
        ("unlisted", "", "unlisted"),
        ("unlisted", "public", "unlisted"),
        ("unlisted", "private", "private"),
        ("private", "public", "private"),
        ("private", "unlisted", "private"),
        ("direct", "", "direct"),
        ("direct", "public", "direct"),
        ("direct", "private", "direct"),
        ("local", "public", "direct"),
        (None, "public", "direct"),
        ("public", "local", "direct"),
    ],
)
def test_the_answer_is_as_narrow_as_the_post_and_the_account(
    scripted,
    link,
    parent,
    default,
    expected,
):
    form = sent(scripted, link(scripted), visibility=parent, default=default)
    assert form["visibility"] == expected


def test_the_author_is_mentioned(scripted, link):
    form = sent(scripted, link(scripted), visibility="direct")
    assert form == {
        "status": "@grace@far.example hello", "in_reply_to_id": "1", "visibility": "direct",
    }  # fmt: skip


def test_who_answers_themselves_is_not_mentioned(scripted, link):
    assert sent(scripted, link(scripted), author="ada")["status"] == "hello"


@pytest.mark.parametrize("text", ["@grace@far.example hi", "Hi, @Grace@far.example!"])
def test_a_mention_that_is_there_is_not_repeated(scripted, link, text):
    account = link(scripted)
    scripted.shows("1")
    scripted.says(200, b'{"id": "2"}')
    assert answer(account, "1", text).state == "completed"
    assert parse_qs(scripted.posts[0].body)["status"] == [text]


@pytest.mark.parametrize("missing", ["/api/v1/statuses/1", "/api/v1/accounts/verify_credentials"])
def test_nothing_is_sent_where_it_cannot_be_told_who_may_see_it(
    scripted,
    link,
    missing,
):
    account = link(scripted)
    scripted.shows("1", visibility="private")
    scripted.pages[missing] = {}
    job = answer(account, "1")
    assert job.state == "failed"
    assert scripted.posts == []


def test_the_answer_to_a_private_post_is_private_on_a_real_server(
    lively_mastodon,
    link,
):
    private = lively_mastodon.call("/api/v1/statuses", status="a secret", visibility="private")
    job = answer(link(lively_mastodon), private["id"])
    assert job.state == "completed", job.error_message
    reply = lively_mastodon.call(f"/api/v1/statuses/{job.result['post']['nativeId']}")
    assert reply["visibility"] == "private"
    assert reply["in_reply_to_id"] == private["id"]
