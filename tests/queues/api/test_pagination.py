"""Pages of a list: nothing twice, nothing left out, and no cursor that breaks anything."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from datetime import UTC, datetime
from itertools import chain
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from queues.api.keyset import orderings
from queues.api.pagination import KeysetPagination
from queues.enqueue import enqueue_many
from queues.models import Job, LimitKey
from tests.jobs import Act

SAME = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


class View:
    orderings = orderings(id="pk", createdAt="created_at", finishedAt="finished_at", kind="kind")


def ask(queryset=None, view=View, **words):
    request = Request(APIRequestFactory().get("/jobs", words))
    pages = KeysetPagination()
    queryset = Job.objects.all() if queryset is None else queryset
    rows = pages.paginate_queryset(queryset, request, view())
    return [row.pk for row in rows], pages.get_paginated_response(rows).data, pages


def joined(pages):
    return list(chain.from_iterable(pages))


def words_of(link):
    return dict(parse_qsl(urlsplit(link).query))


def walk(queryset=None, towards="next", **words):
    """Return the pages from the one that the words ask for, as far as they go."""
    pages = []
    while True:
        ids, answer, _ = ask(queryset, **words)
        pages.append(ids)
        if answer[towards] is None:
            return pages, words
        words = words_of(answer[towards])


@pytest.fixture
def ten(db):
    return enqueue_many([Act(what="return")] * 10)


@pytest.mark.parametrize("ordering", ["id", "-id", "createdAt", "-createdAt", "kind", "-kind"])
def test_pages_hold_every_row_once_both_ways(ten, ordering):
    wanted = sorted(ten, reverse=ordering.startswith("-"))
    there, last = walk(ordering=ordering, pageSize=3)
    assert [len(page) for page in there] == [3, 3, 3, 1]
    assert joined(there) == wanted
    back, _ = walk(towards="previous", **last)
    assert joined(reversed(back)) == wanted


def test_the_newest_are_first_and_twenty_five_at_a_time(db):
    ids = enqueue_many([Act(what="return")] * 26)
    shown, answer, _ = ask()
    assert shown == ids[:0:-1]
    assert answer["previous"] is None
    assert [*answer] == ["success", "data", "next", "previous"]


@pytest.mark.parametrize("ordering", ["createdAt", "-createdAt"])
def test_ten_thousand_equal_dates_are_walked_through(db, ordering):
    ids = enqueue_many([Act(what="return")] * 10_000)
    Job.objects.update(created_at=SAME)
    pages, _ = walk(ordering=ordering, pageSize=100)
    assert joined(pages) == sorted(ids, reverse=ordering.startswith("-"))


@pytest.mark.parametrize("ordering", ["id", "-id", "createdAt", "-createdAt"])
def test_what_comes_and_goes_meanwhile_moves_no_other_row(ten, ordering):
    first, answer, _ = ask(ordering=ordering, pageSize=4)
    Job.objects.filter(pk__in=[*first[2:], ten[5]]).delete()
    new = enqueue_many([Act(what="return")] * 3)
    rest, _ = walk(**words_of(answer["next"]))
    seen = joined(rest)
    assert [one for one in seen if one not in new] == [
        one for one in sorted(ten, reverse=ordering.startswith("-")) if one not in {*first, ten[5]}
    ]
    assert len(seen) == len(set(seen))


def test_a_page_that_is_empty_by_now_leads_to_an_end(ten):
    _, answer, _ = ask(ordering="id", pageSize=5)
    _, second, _ = ask(**words_of(answer["next"]))
    Job.objects.filter(pk__in=ten[5:]).delete()
    ids, empty, _ = ask(**words_of(answer["next"]))
    assert (ids, empty["next"]) == ([], None)
    assert ask(**words_of(empty["previous"]))[0] == ten[:5]
    Job.objects.exclude(pk__in=enqueue_many([Act(what="return")])).delete()
    ids, empty, _ = ask(**words_of(second["previous"]))
    assert (ids, empty["previous"]) == ([], None)
    assert ask(**words_of(empty["next"]))[0] == [Job.objects.get().pk]


def test_a_list_by_a_date_that_may_be_null_has_the_rows_that_have_one(ten):
    Job.objects.filter(pk__in=ten[:4]).update(finished_at=SAME, state="completed")
    assert walk(ordering="-finishedAt", pageSize=3)[0] == [ten[3:0:-1], ten[:1]]


def test_a_list_whose_key_is_text_has_pages_too(db):
    for key in ("a", "b\u20ac", "c"):
        LimitKey.objects.create(key=key, forget_at=SAME)

    class Keys:
        orderings = orderings(key="pk")
        default_ordering = "key"

    ids, answer, _ = ask(LimitKey.objects.all(), Keys, pageSize=2)
    assert ids == ["a", "b\u20ac"]
    assert ask(LimitKey.objects.all(), Keys, **words_of(answer["next"]))[0] == ["c"]


def test_links_keep_what_was_asked_for(ten):
    _, answer, pages = ask(ordering="id", pageSize=3, kind="tests.act", name="")
    assert answer["next"].startswith("http://testserver/jobs?")
    assert set(words_of(answer["next"])) == {"ordering", "pageSize", "kind", "cursor"}
    assert pages.display_page_controls
    assert answer["next"].replace("&", "&amp;") in pages.to_html()


@pytest.mark.parametrize("size", ["0", "101", "-1", "1.5", "x", "9" * 400, "null", "\u0661"])
def test_a_size_out_of_range_is_refused(db, size):
    with pytest.raises(ValidationError, match="1 to 100") as caught:
        ask(pageSize=size)
    assert set(caught.value.detail) == {"pageSize"}


def test_another_ordering_is_refused_by_name(db):
    with pytest.raises(ValidationError, match="did you mean createdAt") as caught:
        ask(ordering="created_at")
    assert set(caught.value.detail) == {"ordering"}


def test_a_cursor_belongs_to_its_ordering(ten):
    _, answer, _ = ask(ordering="id", pageSize=3)
    with pytest.raises(ValidationError, match="Belongs to the ordering id"):
        ask(ordering="-id", cursor=words_of(answer["next"])["cursor"])


def text(parts):
    raw = parts if isinstance(parts, bytes) else json.dumps(parts, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


BAD = [
    "x", "====", "é", "a" * 5000, text(b"\xff"), text(b"[" * 600), text({}), text([]),
    text(["id", "next", None]), text(["id", "next", None, None, None]),
    text(["pk", "next", None, 1]), text([["id"], "next", None, 1]), text(["id", "up", None, 1]),
    text(["id", "next", 1, 1]), text(["id", "next", None, "1"]), text(["id", "next", None, 1.0]),
    text(["id", "next", None, True]), text(["id", "next", None, 2**63]),
    text(b'["id", "next",null,1]'), text(["id", "next", None, 1]) + "=",
    text(["createdAt", "next", 1, 1]), text(["createdAt", "next", "2026-01-01", 1]),
    text(["createdAt", "next", "0001-01-01T00:00:00+23:00", 1]), text(["kind", "next", None, 1]),
    text(["createdAt", "next", "2026-01-01T00:00:00+00:00", None]),
    text(["kind", "next", "\x00", 1]), text(["kind", "next", "\ud800", 1]),
]  # fmt: skip


@pytest.mark.parametrize("cursor", BAD)
def test_a_cursor_that_was_not_handed_out_is_refused(db, cursor):
    with pytest.raises(ValidationError) as caught:
        ask(cursor=cursor)
    assert set(caught.value.detail) == {"cursor"}


VALUES = st.none() | st.booleans() | st.integers() | st.text() | st.floats() | st.datetimes()


@settings(max_examples=300, deadline=None)
@given(
    cursor=st.text(max_size=60)
    | st.binary(max_size=60).map(text)
    | st.tuples(
        st.sampled_from([*View.orderings, "x"]), st.sampled_from(["next", "previous"]),
        VALUES, VALUES,
    ).map(lambda parts: text(json.dumps(parts, default=str).encode("utf-8", "replace")))
)  # fmt: skip
@pytest.mark.django_db
def test_whatever_the_cursor_is_it_is_a_page_or_refused(cursor):
    with suppress(ValidationError):
        ask(cursor=cursor)
