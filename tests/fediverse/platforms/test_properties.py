"""Promises that hold for whatever a server says."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fediverse.platforms.addresses import is_public
from fediverse.platforms.mastodon.client import next_page, wait_seconds
from fediverse.platforms.mastodon.mapping import MAX_STATUSES, MAX_TEXT, to_page
from fediverse.platforms.records import VISIBILITIES
from tests.fediverse.platforms.test_mastodon import NOW, STATUS

HERE = "https://social.example/api/v1/timelines/home?limit=40"
ANY_TEXT = st.text(st.characters(exclude_categories=()))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT
ANY_JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner), max_leaves=8
)
CHANGES = st.dictionaries(st.sampled_from(sorted(STATUS)), ANY_JSON, max_size=3)
ACCOUNTS = st.dictionaries(st.sampled_from(sorted(STATUS["account"])), ANY_JSON, max_size=2)
ODD_STATUSES = st.builds(
    lambda changes, account: {**STATUS, "account": {**STATUS["account"], **account}, **changes},
    CHANGES,
    ACCOUNTS,
)
V4 = st.integers(0, 2**32 - 1)


def texts_of(post):
    author = post.author
    return [
        *(post.uri, post.url, post.native_id, post.content_html, post.spoiler_text),
        *(author.handle, author.name, author.uri),
    ]


@given(st.lists(ANY_JSON | ODD_STATUSES, max_size=4))
def test_a_good_status_survives_any_neighbours(odd):
    page = to_page([*odd, STATUS], host="social.example", next_url=None)
    assert page.posts[-1].uri == STATUS["uri"]
    assert len(page.posts) + page.skipped == len(odd) + 1


@given(ODD_STATUSES)
def test_what_is_read_can_be_stored(status):
    for post in to_page([status], host="social.example", next_url=None).posts:
        for text in texts_of(post):
            assert "\x00" not in text.encode("utf-8").decode()
        assert urlsplit(post.uri).scheme in {"http", "https"}
        assert len(post.uri) <= 2048
        assert post.visibility in VISIBILITIES
        assert post.created_at.tzinfo is UTC


@pytest.mark.parametrize("bad", ["\x00", "\ud800"])
def test_text_that_cannot_be_stored_is_replaced_and_such_an_address_is_none(bad):
    status = {**STATUS, "content": f"a{bad}b"}
    (post,) = to_page([status], host="h", next_url=None).posts
    assert post.content_html == "a\ufffdb"
    page = to_page([{**STATUS, "uri": STATUS["uri"] + bad}], host="h", next_url=None)
    assert (page.posts, page.skipped) == ((), 1)


def test_links_that_are_no_web_address_are_left_out():
    account = {**STATUS["account"], "uri": "javascript:alert(1)", "url": "data:text/html,x"}
    status = {**STATUS, "url": "javascript:alert(1)", "account": account}
    (post,) = to_page([status], host="h", next_url=None).posts
    assert (post.url, post.author.uri) == (STATUS["uri"], "")


def test_giants_are_cut():
    status = {**STATUS, "content": "x" * (MAX_TEXT + 1)}
    page = to_page([status] * (MAX_STATUSES + 1), host="h", next_url=None)
    assert (len(page.posts), page.skipped) == (MAX_STATUSES, 1)
    assert len(page.posts[0].content_html) == MAX_TEXT


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
@example("Thu, 01 Jan 99999999999999999999 00:00:00 GMT", "", "")
@example("Thu, 01 Jan 2026 00:00:00 +99999999999999", "", "")
@example("", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59")
def test_a_wait_is_never_negative_nor_more_than_an_hour(retry_after, reset, date):
    headers = {"retry-after": retry_after, "x-ratelimit-reset": reset, "date": date}
    assert 0 <= wait_seconds(headers, now=NOW) <= 3600


def test_a_moment_is_counted_from_the_clock_of_the_server_that_names_it():
    headers = {
        "date": "Thu, 01 Jan 2026 05:00:00 GMT",
        "x-ratelimit-reset": "2026-01-01T05:01:00.000Z",
    }
    assert wait_seconds(headers, now=datetime(2026, 1, 1, tzinfo=UTC)) == 60


@given(ANY_TEXT)
def test_a_next_page_is_another_page_of_the_same_list(target):
    found = next_page(HERE, f'<{target}>; rel="next"')
    if found is not None:
        there, here = urlsplit(found), urlsplit(HERE)
        assert there[:3] == here[:3]
        assert there.query != here.query
        assert found.isascii()


@pytest.mark.parametrize("piece", ["<a>;", "<", ";", "<a>; rel=", '<a>; title="', "; rel "])
def test_a_giant_link_header_is_read_in_no_time(piece):
    started = time.monotonic()
    next_page(HERE, piece * (100_000 // len(piece)))
    assert time.monotonic() - started < 0.5


@given(V4)
def test_an_embedded_address_is_no_way_around_the_lists(number):
    plain = is_public(str(IPv4Address(number)))
    for prefix in (0xFFFF << 32, 0x64FF9B << 96):  # mapped, and NAT64
        assert is_public(str(IPv6Address(prefix | number))) == plain
    for embedded in (
        number,  # compatible
        0xFFFF << 48 | number,  # SIIT
        0x2002 << 112 | number << 80,  # 6to4
        0x20010000 << 96 | number ^ 0xFFFFFFFF,  # Teredo
    ):
        assert not is_public(str(IPv6Address(embedded)))


@given(V4)
def test_what_python_calls_private_is_never_public(number):
    address = IPv4Address(number)
    assert not (is_public(str(address)) and (address.is_private or address.is_multicast))
