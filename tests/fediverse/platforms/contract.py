"""What every adapter must do. A platform's tests subclass this and bring an instance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from fediverse.platforms.errors import (
    AuthRevoked,
    BadPayload,
    Permanent,
    RateLimited,
    Refused,
    Transient,
)
from fediverse.platforms.records import VISIBILITIES, Credentials
from fediverse.platforms.registry import get_platform
from queues.strict_json import loads
from tests.fediverse.platforms.raw import answer

TIMELINES = ["home_timeline", "public_timeline"]
STATUSES = [
    (400, Permanent),
    (401, AuthRevoked),
    (403, Permanent),
    (404, Permanent),
    (410, Permanent),
    (422, Permanent),
    (429, RateLimited),
    (500, Transient),
    (502, Transient),
    (301, Refused),
    (307, Refused),
]
BODIES = [
    b"",
    b"<html>",
    b"{}",
    b'"text"',
    b"null",
    b"[NaN]",
    b'["\\u0000"]',
    b'["\\ud800"]',
    b"[" * 5000 + b"]" * 5000,
    b"\xff\xfe",
    b"[" + b"9" * 5000 + b"]",
]


class PlatformContract:
    """Needs: `name`, and fixtures `sample` (a server with 45 public posts) and `token`."""

    name: str

    @pytest.fixture
    def platform(self, client_for, sample):
        return get_platform(self.name, client_for(sample), loads)

    @pytest.fixture
    def credentials(self, sample, token):
        return Credentials(base_url=sample.base_url, access_token=token)

    @pytest.fixture
    def against(self, client_for, scripted):
        """Ask the scripted instance for its home timeline."""

        def ask(timeline="home_timeline", **options):
            platform = get_platform(self.name, client_for(scripted), loads)
            keys = Credentials(base_url=scripted.base_url, access_token="canary-token")
            return getattr(platform, timeline)(keys, limit=40, **options)

        return ask

    @pytest.mark.parametrize("timeline", TIMELINES)
    def test_posts_come_whole(self, platform, credentials, timeline):
        page = getattr(platform, timeline)(credentials, limit=10)
        assert len(page.posts) == 10
        assert page.skipped == 0
        for post in page.posts:
            assert urlsplit(post.uri).scheme in {"http", "https"}
            assert post.native_id
            assert "@" in post.author.handle
            assert "post" in post.content_html
            assert post.visibility in VISIBILITIES
            assert post.created_at.tzinfo is UTC
            assert datetime.now(UTC) - post.created_at < timedelta(days=3)

    @pytest.mark.parametrize("timeline", TIMELINES)
    def test_pages_lead_to_the_end_without_a_gap(self, platform, credentials, timeline):
        read = getattr(platform, timeline)
        page, seen = read(credentials, limit=20), []
        seen += page.posts
        while page.next_url and len(seen) < 100:
            page = read(credentials, limit=20, url=page.next_url)
            seen += page.posts
        uris = [post.uri for post in seen]
        assert len(uris) == len(set(uris)) >= 45

    @pytest.mark.parametrize(("status", "error"), STATUSES)
    def test_each_status_is_the_error_that_says_what_to_do(self, against, scripted, status, error):
        scripted.says(status, b"<html>odd</html>")
        with pytest.raises(error) as caught:
            against()
        assert type(caught.value) is error

    @pytest.mark.parametrize("body", BODIES)
    def test_nonsense_is_a_bad_payload(self, against, scripted, body):
        scripted.says(200, body)
        with pytest.raises(BadPayload):
            against()

    @pytest.mark.parametrize(
        "headers",
        [[], ["Content-Type: text/html"], ["Content-Type: text/plain; a=application/json"]],
    )
    def test_what_does_not_call_itself_json_is_a_bad_payload(self, client_for, raw_server, headers):
        server = raw_server(answer(b"[]", *headers))
        platform = get_platform(self.name, client_for(server), loads)
        keys = Credentials(base_url=server.base_url, access_token="canary-token")
        with pytest.raises(BadPayload):
            platform.home_timeline(keys, limit=40)

    @pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/LD+JSON"])
    def test_kinds_of_json_are_taken(self, client_for, raw_server, kind):
        server = raw_server(answer(b"[]", f"Content-Type: {kind}"))
        platform = get_platform(self.name, client_for(server), loads)
        keys = Credentials(base_url=server.base_url, access_token="canary-token")
        assert platform.home_timeline(keys, limit=40).posts == ()

    def test_a_token_that_the_server_does_not_know_is_revoked(self, platform, sample):
        keys = Credentials(base_url=sample.base_url, access_token="never-given")
        with pytest.raises(AuthRevoked):
            platform.home_timeline(keys, limit=1)

    def test_a_list_of_nonsense_is_skipped_and_counted(self, against, scripted):
        scripted.says(200, b'[1, null, {}, {"id": "1"}, []]')
        page = against()
        assert (page.posts, page.skipped) == ((), 5)

    def test_the_token_is_in_no_error_and_no_repr(self, against, scripted):
        scripted.says(401, b"canary-token")
        with pytest.raises(AuthRevoked) as caught:
            against()
        assert "canary" not in str(caught.value)
        assert "canary" not in repr(
            Credentials(base_url="https://a.example", access_token="canary")
        )

    @pytest.mark.parametrize(
        "link",
        [
            '<https://evil.example/api?max_id=1>; rel="next"',
            '<http://127.0.0.1:1/api/v1/timelines/home?max_id=1>; rel="next"',
            '</somewhere/else?max_id=1>; rel="next"',
            '<file:///etc/passwd>; rel="next"',
            '<http://[broken>; rel="next"',
            "rubbish" * 1000,
        ],
    )
    def test_a_next_page_elsewhere_is_not_offered(self, against, scripted, link):
        scripted.says(200, b"[]", Link=link)
        assert against().next_url is None

    def test_a_next_page_elsewhere_is_not_asked_for(self, against, scripted):
        with pytest.raises(Refused):
            against(url="https://evil.example/api/v1/timelines/home")
        assert scripted.requests == []
