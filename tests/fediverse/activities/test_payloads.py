from __future__ import annotations

import pytest

from fediverse.activities.payloads import FetchAllPosts, FetchPosts, Notify, PerformAction
from fediverse.platforms.registry import NAMES, PLATFORMS
from queues.arguments import ArgumentsError
from queues.registry import get


def test_a_fetch_is_named_as_the_old_service_named_it():
    arguments = FetchPosts(user_id="7", platform="mastodon")
    assert (arguments.job_name, arguments.owner) == ("fetchPosts-mastodon", "7")
    assert arguments.as_json()["userId"] == "7"
    named = FetchPosts(user_id="7", platform="mastodon", action="fetch-posts", account_id=1)
    assert named.job_name == "fetch-posts-mastodon"
    assert FetchPosts.from_json(named.as_json()) == named


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("platform", {"platform": "myspace"}),
        ("action", {"action": "delete-everything"}),
        ("action", {"action": "fetch-all-posts"}),
        ("feed", {"feed": "secret"}),
        ("feed", {"feed": "public", "action": "sync-timeline"}),
    ],
)
def test_what_nobody_could_fetch_is_refused_before_it_is_queued(field, values):
    with pytest.raises(ArgumentsError, match=f"^{field} "):
        FetchPosts(**{"user_id": "7", "platform": "mastodon", **values})


@pytest.mark.parametrize("arguments", [FetchPosts, FetchAllPosts])
def test_both_run_on_the_queue_of_content_aggregation(arguments):
    assert get(arguments.kind).queue == "content-aggregation"


def test_every_platform_with_an_adapter_may_be_named():
    assert set(PLATFORMS) <= set(NAMES)
    assert set(NAMES) == {"mastodon", "lemmy", "peertube"}


@pytest.mark.parametrize(
    ("platform", "name"), [(None, "fetch-all-posts"), ("lemmy", "fetch-all-posts-lemmy")]
)
def test_a_fan_out_is_named_by_its_platform(platform, name):
    assert FetchAllPosts(user_id="7", platform=platform).job_name == name


def test_a_notification_is_named_by_its_type():
    arguments = Notify(user_id="7", type="new.post", message="x")
    assert (arguments.job_name, arguments.owner) == ("notification-new.post", "7")
    assert get(Notify.kind).queue == "notifications"


@pytest.mark.parametrize(
    ("field", "values"),
    [
        *[("type", {"type": value}) for value in ["", "a b", "é", "a\n", "x" * 65, "a/b"]],
        *[("message", {"message": value}) for value in ["", "x" * 2001]],
    ],
)
def test_what_nobody_could_be_told_is_refused(field, values):
    with pytest.raises(ArgumentsError, match=f"^{field} "):
        Notify(**{"user_id": "7", "type": "info", "message": "x", **values})


def test_an_action_is_named_as_the_old_service_named_it():
    arguments = PerformAction(user_id="7", action="like-post", target_id="1", platform="mastodon")
    assert (arguments.job_name, arguments.owner, arguments.limit_key) == (
        "like-post-mastodon", "7", "",
    )  # fmt: skip
    assert get(PerformAction.kind).queue == "user-actions"
    named = PerformAction(
        user_id="7", action="comment-post", target_id="1", platform="lemmy", account_id=3, text="x"
    )
    assert (named.job_name, named.limit_key) == ("comment-post-lemmy", "account:3:7")


TARGETS = ["", "x" * 65, "../accounts/1/follow", "1/unfavourite", "1?a", "1#", "%2e%2e", "1\n", "é"]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("action", {"action": "delete-post"}),
        ("platform", {"platform": "myspace"}),
        *[("target_id", {"target_id": value}) for value in TARGETS],
        ("text", {"action": "comment-post"}),
        ("text", {"action": "comment-post", "text": ""}),
        ("text", {"action": "comment-post", "text": "x" * 5001}),
        ("text", {"text": "x"}),
    ],
)
def test_what_nobody_could_do_is_refused(field, values):
    base = {"user_id": "7", "action": "like-post", "target_id": "1", "platform": "mastodon"}
    with pytest.raises(ArgumentsError, match=f"^{field} "):
        PerformAction(**{**base, **values})


@pytest.mark.parametrize("arguments", [FetchPosts, PerformAction])
def test_an_example_is_accepted_as_it_is(arguments):
    assert arguments.from_json(arguments.example("7")).owner == "7"
