from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fediverse.platforms.errors import RateLimited
from fediverse.platforms.http import Reply
from fediverse.platforms.mastodon.client import error_of, next_page, wait_seconds
from fediverse.platforms.mastodon.mapping import MalformedError, to_post
from fediverse.platforms.registry import UnknownPlatformError, get_platform
from tests.fediverse.platforms.contract import PlatformContract
from tests.servers import TOKEN

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STATUS: dict[str, Any] = {
    "id": "7",
    "uri": "https://social.example/users/ada/statuses/7",
    "url": "https://social.example/@ada/7",
    "account": {
        "acct": "ada",
        "display_name": "Ada",
        "username": "ada",
        "uri": "https://social.example/users/ada",
    },
    "content": "<p>hello</p>",
    "spoiler_text": "",
    "sensitive": False,
    "visibility": "unlisted",
    "created_at": "2026-01-01T00:00:00.000Z",
    "edited_at": None,
    "reblog": None,
}


@pytest.mark.contract
class TestMastodon(PlatformContract):
    name = "mastodon"

    @pytest.fixture
    def sample(self, sample_mastodon):
        return sample_mastodon

    @pytest.fixture
    def lively(self, lively_mastodon):
        lively_mastodon.call("/api/v1/statuses", status="to act on")
        return lively_mastodon

    @pytest.fixture
    def token(self):
        return TOKEN


def test_a_status_becomes_a_post():
    post = to_post(STATUS, host="social.example")
    assert (post.uri, post.native_id, post.visibility) == (STATUS["uri"], "7", "unlisted")
    assert post.author.handle == "ada@social.example"
    assert (post.created_at, post.edited_at) == (NOW, None)


def test_a_boost_is_the_boosted_post():
    boost = {**STATUS, "id": "8", "uri": "https://other.example/8", "reblog": STATUS, "content": ""}
    assert to_post(boost, host="h").uri == STATUS["uri"]


@pytest.mark.parametrize(
    ("changes", "attribute", "expected"),
    [
        ({"visibility": "mutuals_only"}, "visibility", "direct"),
        ({"visibility": None}, "visibility", "direct"),
        ({"visibility": ["public"]}, "visibility", "direct"),
        ({"url": None}, "url", STATUS["uri"]),
        ({"id": 7}, "native_id", "7"),
        ({"content": None}, "content_html", ""),
        ({"sensitive": "yes"}, "sensitive", False),
        ({"created_at": "2026-01-01T01:00:00+01:00"}, "created_at", NOW),
        ({"created_at": "2026-01-01T00:00:00"}, "created_at", NOW),
        ({"edited_at": "2026-01-01T00:00:00Z"}, "edited_at", NOW),
    ],
)
def test_what_servers_write_oddly_is_read_safely(changes, attribute, expected):
    assert getattr(to_post({**STATUS, **changes}, host="h"), attribute) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"uri": None},
        {"uri": "tag:social.example,2026:7"},
        {"uri": "javascript:alert(1)"},
        {"uri": "https://"},
        {"uri": "https://a.example/" + "x" * 3000},
        {"id": None},
        {"id": True},
        {"id": ""},
        {"account": None},
        {"account": {}},
        {"created_at": None},
        {"created_at": "yesterday"},
        {"edited_at": 7},
        {"reblog": "7"},
    ],
)
def test_a_status_without_what_a_post_needs_is_malformed(changes):
    with pytest.raises(MalformedError):
        to_post({**STATUS, **changes}, host="h")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "8"}, 8),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "999999"}, 3600),
        ({"retry-after": "-5"}, 300),
        ({"retry-after": "soon"}, 300),
        ({"retry-after": "9" * 400}, 300),
        ({"retry-after": "Thu, 01 Jan 2026 00:01:00 GMT"}, 60),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0),
        ({"x-ratelimit-reset": "2026-01-01T00:02:00.000Z"}, 120),
        ({"x-ratelimit-reset": str(int((NOW + timedelta(seconds=30)).timestamp()))}, 30),
        ({"retry-after": "8", "x-ratelimit-reset": "2026-01-01T00:02:00Z"}, 8),
        ({}, 300),
    ],
)
def test_the_wait_is_what_the_server_says_within_an_hour(headers, seconds):
    assert wait_seconds(headers, now=NOW) == seconds


def test_an_unavailable_server_that_names_a_time_is_a_rate_limit():
    error = error_of(Reply(status=503, headers={"retry-after": "9"}, body=b""), now=NOW)
    assert isinstance(error, RateLimited)
    assert error.retry_after == 9


def test_a_page_that_is_its_own_next_page_is_the_last():
    url = "https://a.example/api/v1/timelines/home?max_id=1"
    assert next_page(url, f'<{url}>; rel="next"') is None
    later = url.replace("=1", "=0")
    assert next_page(url, f'<{later}>; rel="next", <{url}>; rel="prev"') == later


def test_an_unknown_platform_is_named(client_for, scripted):
    with pytest.raises(UnknownPlatformError, match="'myspace'; allowed: mastodon"):
        get_platform("myspace", client_for(scripted), bytes)
