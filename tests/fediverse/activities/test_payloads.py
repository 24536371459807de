from __future__ import annotations

import pytest

from fediverse.activities.payloads import FetchAllPosts, FetchPosts
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
        ("feed", {"feed": "secret"}),
    ],
)
def test_what_nobody_could_fetch_is_refused_before_it_is_queued(field, values):
    with pytest.raises(ArgumentsError, match=f"^{field} "):
        FetchPosts(**{"user_id": "7", "platform": "mastodon", **values})


@pytest.mark.parametrize("arguments", [FetchPosts, FetchAllPosts])
def test_both_run_on_the_queue_of_content_aggregation(arguments):
    assert get(arguments.kind).queue == "content-aggregation"
