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
from fediverse.platforms.records import VISIBILITIES, Credentials, Receipt
from fediverse.platforms.registry import get_platform
from queues.strict_json import loads
from tests.fediverse.platforms.raw import answer

ACTIONS = [("like", {}), ("boost", {}), ("reply", {"text": "hello", "key": "k"})]
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
    """Needs: `name`, and fixtures `token`, `sample` (a server with 45 public posts) and `lively`.

    The last is a server with a post or more, which may be acted on.
    """

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

    @pytest.fixture
    def acting(self, client_for, scripted):
        """Act on a post of the scripted instance."""

        def act(verb, native_id="1", **options):
            platform = get_platform(self.name, client_for(scripted), loads)
            keys = Credentials(base_url=scripted.base_url, access_token="canary-token")
            return getattr(platform, verb)(keys, native_id, **options)

        return act

    @pytest.mark.parametrize(("verb", "options"), ACTIONS)
    def test_an_action_says_of_which_post_it_is(self, client_for, lively, token, verb, options):
        platform = get_platform(self.name, client_for(lively), loads)
        credentials = Credentials(base_url=lively.base_url, access_token=token)
        post = platform.home_timeline(credentials, limit=1).posts[0]
        receipts = [
            getattr(platform, verb)(credentials, post.native_id, **options) for _ in range(2)
        ]
        assert receipts[0] == receipts[1]
        assert receipts[0].native_id
        assert urlsplit(receipts[0].url).scheme in {"http", "https"}
        assert (receipts[0].native_id == post.native_id) is (verb != "reply")

    @pytest.mark.parametrize(("verb", "options"), ACTIONS)
    @pytest.mark.parametrize(("status", "error"), STATUSES)
    def test_an_action_has_the_same_errors(self, acting, scripted, verb, options, status, error):
        scripted.says(status, b"<html>odd</html>")
        with pytest.raises(error) as caught:
            acting(verb, **options)
        assert type(caught.value) is error
        assert len(scripted.requests) == 1

    @pytest.mark.parametrize(("verb", "options"), ACTIONS)
    @pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"text"', b"null", b"[NaN]"])
    def test_an_action_whose_answer_is_nonsense_is_a_bad_payload(
        self, acting, scripted, verb, options, body
    ):
        scripted.says(200, body)
        with pytest.raises(BadPayload):
            acting(verb, **options)

    @pytest.mark.parametrize(("verb", "options"), ACTIONS)
    @pytest.mark.parametrize(
        "body", [b"{}", b'{"id": null, "url": 7, "reblog": []}', b'{"url": "javascript:alert(1)"}']
    )
    def test_an_action_that_is_spoken_of_oddly_is_done_all_the_same(
        self, acting, scripted, verb, options, body
    ):
        scripted.shows("1")
        scripted.says(200, body)
        assert acting(verb, **options) == Receipt(native_id="", url="")

    @pytest.mark.parametrize(("verb", "options"), ACTIONS)
    @pytest.mark.parametrize(
        "native_id", ["", "../1", "1/../2", "1?x=1", "1#", "1 ", "1\r\nX: y", "%2e", "é", "x" * 65]
    )
    def test_an_id_that_could_lead_astray_is_asked_of_nobody(
        self, acting, scripted, verb, options, native_id
    ):
        with pytest.raises(Refused):
            acting(verb, native_id, **options)
        assert scripted.requests == []
