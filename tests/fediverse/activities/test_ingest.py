from __future__ import annotations

import dataclasses
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from accounts.services.linking import link_account
from fediverse.activities.models import Post, Sighting
from fediverse.activities.services.copies import normalise_uri
from fediverse.activities.services.ingest import Ingested, ingest
from tests.fediverse.activities.builders import WRITTEN, remote_post
from tests.locks import somebody_waits_for_a_lock
from tests.threads import together
from tests.wait import until

ORIGIN, OTHER = "social.example", "elsewhere.example"
EDITED, LATER = WRITTEN + timedelta(days=1), WRITTEN + timedelta(days=2)


def take(*posts, account=None, host=ORIGIN, feed="public"):
    return ingest(posts, account=account, host=host, feed=feed, platform="mastodon")


@pytest.fixture
def account(db):
    return link_account(
        User.objects.create_user("ada"),
        platform="mastodon",
        base_url="https://social.example",
        handle="ada",
        access_token="token",
    )


@pytest.mark.django_db
def test_a_page_is_stored_once_however_often_it_is_read():
    page = [remote_post(number) for number in range(3)]
    assert take(*page) == Ingested(new=3)
    assert take(*page) == Ingested(unchanged=3)
    assert (Post.objects.count(), Sighting.objects.count()) == (3, 3)


@pytest.mark.django_db
def test_a_post_is_stored_as_it_may_be_shown():
    take(remote_post(content_html="<p onclick=x>a<script>b</script></p>"))
    post = Post.objects.get()
    assert post.content_html == "<p>a</p>"
    assert post.content_raw == "<p onclick=x>a<script>b</script></p>"
    assert (post.author_handle, post.seen_on) == ("ada@social.example", ORIGIN)


@pytest.mark.django_db
def test_nothing_is_read_from_an_empty_page():
    assert take() == Ingested()


@pytest.mark.django_db
def test_a_page_that_holds_a_post_twice_counts_it_once():
    assert take(remote_post(1), remote_post(1)) == Ingested(new=1)


@pytest.mark.django_db
def test_the_spelling_of_the_host_makes_no_second_post():
    uri = remote_post().uri
    take(remote_post())
    result = take(remote_post(uri=uri.replace("https://social", "HTTPS://Social")))
    assert result == Ingested(unchanged=1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "uri",
    [
        "",
        "x",
        "javascript:alert(1)",
        "https://",
        "https://[::1",
        "https://a.example/" + "x" * 2048,
        "https://a.example/\x00",
    ],
)
def test_a_post_without_a_usable_uri_does_not_spoil_its_page(uri):
    assert take(remote_post(1), remote_post(2, uri=uri)) == Ingested(new=1, skipped=1)


@given(st.text() | st.text().map("https://{}".format))
def test_a_normal_uri_stays_as_it_is(uri):
    assert normalise_uri(normalise_uri(uri)) == normalise_uri(uri)


# Which copy wins: the one that is there, the one that comes, and whether it replaces it.
COPIES = {
    "the origin's replaces another's": ((OTHER, None), (ORIGIN, None), True),
    "the origin's replaces a later edit of another's": ((OTHER, LATER), (ORIGIN, EDITED), True),
    "another's does not replace the origin's": ((ORIGIN, None), (OTHER, None), False),
    "nor if it claims a later edit": ((ORIGIN, EDITED), (OTHER, LATER), False),
    "the origin's later edit": ((ORIGIN, EDITED), (ORIGIN, LATER), True),
    "the origin's first edit": ((ORIGIN, None), (ORIGIN, EDITED), True),
    "the origin's older edit": ((ORIGIN, LATER), (ORIGIN, EDITED), False),
    "the same edit": ((ORIGIN, EDITED), (ORIGIN, EDITED), False),
    "no edit": ((ORIGIN, EDITED), (ORIGIN, None), False),
    "a later edit among others": ((OTHER, EDITED), ("third.example", LATER), True),
    "an older edit among others": ((OTHER, LATER), ("third.example", EDITED), False),
}


@pytest.mark.django_db
@pytest.mark.parametrize(("first", "second", "replaces"), COPIES.values(), ids=COPIES)
def test_the_better_copy_stays(first, second, replaces):
    for (host, edited_at), words in ((first, "first"), (second, "second")):
        result = take(remote_post(content_html=words, edited_at=edited_at), host=host)
    assert result == (Ingested(updated=1) if replaces else Ingested(unchanged=1))
    post = Post.objects.get()
    assert post.content_html == ("second" if replaces else "first")
    assert post.seen_on == (second if replaces else first)[0]


@pytest.mark.django_db
def test_a_claim_of_an_edit_in_the_future_does_not_outlast_it():
    future = datetime(9999, 1, 1, tzinfo=UTC)
    take(remote_post(edited_at=future, created_at=future), host=OTHER)
    post = Post.objects.get()
    assert post.edited_at == post.created_at == post.fetched_at


@pytest.mark.django_db
def test_each_account_and_feed_has_its_own_sighting(account):
    take(remote_post())
    take(remote_post(), account=account)
    take(remote_post(), account=account, feed="home")
    take(remote_post(), host=OTHER)
    assert Post.objects.count() == 1
    assert Sighting.objects.count() == 4


@pytest.mark.django_db
def test_a_native_id_that_the_server_changed_is_followed(account):
    take(remote_post(native_id="old"), account=account)
    take(remote_post(native_id="new"), account=account)
    assert Sighting.objects.get().native_id == "new"


@pytest.mark.django_db
def test_the_sightings_go_with_the_account_and_the_posts_stay(account):
    take(remote_post(), account=account)
    account.delete()
    assert (Post.objects.count(), Sighting.objects.count()) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_many_ingests_of_one_page_at_once_store_it_once_and_count_it_once(account):
    page = [remote_post(number) for number in range(40)]
    edited = [dataclasses.replace(post, edited_at=EDITED) for post in page]
    pages = [page, list(reversed(page)), page[10:] + page[:10], edited]
    for _ in range(5):
        Post.objects.all().delete()
        results = together(*[lambda page=page: take(*page, account=account) for page in pages])
        assert sum(result.new for result in results) == 40
        assert all(result.stored == 40 for result in results)
        assert (Post.objects.count(), Sighting.objects.count()) == (40, 40)
        assert not Post.objects.exclude(edited_at=EDITED).exists()


@pytest.mark.django_db(transaction=True)
def test_an_older_edit_that_comes_second_does_not_overwrite_a_newer_one():
    take(remote_post())
    holds_the_row = threading.Event()

    def newer():
        with transaction.atomic():
            Post.objects.select_for_update(no_key=True).get()
            holds_the_row.set()
            until(somebody_waits_for_a_lock, what="the other ingest to have read its page")
            take(remote_post(content_html="newer", edited_at=LATER))

    def older():
        assert holds_the_row.wait(10)
        return take(remote_post(content_html="older", edited_at=EDITED))

    _, result = together(newer, older)
    assert result == Ingested(unchanged=1)
    assert Post.objects.get().content_html == "newer"


@pytest.mark.django_db(transaction=True)
def test_pages_that_overlap_do_not_wait_in_a_ring():
    posts = [remote_post(number) for number in range(60)]
    take(*posts[20:40])
    pages = [posts[:40], posts[20:], list(reversed(posts))]
    edited = [
        [dataclasses.replace(post, edited_at=EDITED + timedelta(days=n)) for post in page]
        for n, page in enumerate(pages)
    ]
    results = together(*[lambda page=page: take(*page) for page in edited])
    assert sum(result.new for result in results) == 40
    assert Post.objects.count() == 60
