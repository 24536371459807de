"""What each word of a filter finds, and what is refused before Postgres is asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from queues.enqueue import enqueue
from queues.filters import WORDS, FilterError, parse
from queues.models import Dependency, Job
from queues.states import State
from tests.jobs import QUEUE, Act, Notify

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
EARLY, LATE = NOW - timedelta(days=2), NOW - timedelta(hours=1)


@pytest.fixture
def jobs(db):
    """Two jobs that differ in everything that a word may ask for."""
    one, other = enqueue(Act(what="return", text="€ 50%_")), enqueue(Notify(path="50 _"))
    Job.objects.filter(pk=one.pk).update(
        state="failed", name="Send 50% off", owner="ann", limit_key="host:a.example",
        error_class="ValueError", error_message="No luck_today", fingerprint="aaaa",
        schedule_id=7, created_at=EARLY, finished_at=EARLY, priority=3, attempt=4,
    )  # fmt: skip
    Job.objects.filter(pk=other.pk).update(
        state="completed", name="other", owner="bob", limit_key="tenant", error_class="KeyError",
        error_message="nolucktoday", fingerprint="bbbb", schedule_id=8, created_at=LATE,
        finished_at=LATE, priority=0, attempt=1,
    )  # fmt: skip
    Dependency.objects.create(parent_id=99, child_id=one.pk, child_name="one")
    return one, other


@pytest.mark.parametrize(
    "words",
    [
        {"queue": QUEUE},
        {"state": "failed"},
        {"state": "active, failed,waiting"},
        {"kind": "tests.act"},
        {"name": "50% OFF"},
        {"owner": "ann"},
        {"key": "host:a.example"},
        {"key": "host:*"},
        {"error": "luck_"},
        {"payload": "50%_"},
        {"payload": '"WHAT": "return"'},
        {"error_class": "ValueError"},
        {"fingerprint": "aaaa"},
        {"schedule": "7"},
        {"parent": "99"},
        {"created_before": "1d"},
        {"created_before": "2026-05-01T10:00:00Z"},
        {"created_after": "2026-04-01", "finished_before": "2026-05-01T13:00:00+03:00"},
        {"finished_before": "24h"},
        {"priority": "3"},
        {"attempt_over": "3"},
        {"state": "failed", "owner": "ann", "all": "yes"},
    ],
)
def test_a_word_finds_the_jobs_that_it_describes_and_no_others(jobs, words):
    assert list(parse(words, now=NOW).queryset()) == [jobs[0]]


@pytest.mark.parametrize("words", [{}, {"all": "yes"}, {"key": "*"}, {"finished_after": "3d"}])
def test_what_fits_every_job_finds_them_all(jobs, words):
    assert parse(words, now=NOW).count() == 2
    assert parse(words, now=NOW).count(up_to=1) == 1


def test_ids_are_found_each_once(jobs):
    one, other = jobs
    assert parse({"ids": f"{one.pk}, {one.pk},{2**63 - 1}"}).queryset().get() == one
    assert parse({"ids": f"{other.pk},{one.pk}"}).ids == (one.pk, other.pk)


def test_a_star_alone_means_the_jobs_that_have_a_key(jobs):
    Job.objects.filter(pk=jobs[0].pk).update(limit_key="")
    assert parse({"key": "*"}).queryset().get() == jobs[1]


@pytest.mark.parametrize(
    ("words", "field", "says"),
    [
        ({"colour": "red"}, "'colour'", "is no word of a filter; allowed: queue, state"),
        ({"queue": ""}, "queue", "allowed: text of 1 to 64"),
        ({"queue": "q" * 65}, "queue", "allowed: text of 1 to 64"),
        ({"queue": 7}, "queue", "is 7; allowed: text"),
        ({"state": "asleep"}, "state", "allowed: waiting, delayed"),
        ({"state": "failed,"}, "state", "allowed: waiting, delayed"),
        ({"error": "a\x00"}, "error", "NUL"),
        ({"name": "a\ud800"}, "name", "surrogate"),
        ({"ids": ""}, "ids", "allowed: a whole number, 1 to"),
        ({"ids": "1,two"}, "ids", "is 'two'"),
        ({"ids": "0"}, "ids", "allowed: a whole number, 1 to"),
        ({"ids": str(2**63)}, "ids", "allowed: a whole number, 1 to 9223372036854775807"),
        ({"ids": "1," * 10_000 + "1"}, "ids", "has 10001 of them; allowed: 10000"),
        ({"schedule": "9" * 5000}, "schedule", "allowed: a whole number"),
        ({"parent": "-1"}, "parent", "allowed: a whole number"),
        ({"parent": "٣"}, "parent", "allowed: a whole number"),
        ({"priority": "2097152"}, "priority", "0 to 2097151"),
        ({"attempt_over": "32768"}, "attempt_over", "0 to 32767"),
        ({"created_after": "yesterday"}, "created_after", "allowed: a date in ISO 8601, or an age"),
        ({"created_after": "0000-01-01"}, "created_after", "allowed: a date"),
        ({"created_after": "0001-01-01T00:00+14:00"}, "created_after", "allowed: a date"),
        ({"finished_before": "9999-12-31T23:59-14:00"}, "finished_before", "allowed: a date"),
        ({"finished_before": "999999999w"}, "finished_before", "allowed: a date"),
        ({"finished_after": "-2h"}, "finished_after", "allowed: a date"),
        ({"all": "no"}, "all", "is 'no'; allowed: yes"),
    ],
)
def test_what_cannot_be_meant_is_named(words, field, says):
    with pytest.raises(FilterError) as error:
        parse(words)
    assert error.value.field == field
    assert says in str(error.value)


def test_only_a_filter_that_asks_for_something_is_not_empty():
    assert parse({}).is_empty
    assert parse({"all": "yes"}).is_empty
    assert not parse({"priority": "0"}).is_empty


def words_of(most):
    return st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1,
                   max_size=most)  # fmt: skip


DATES = st.datetimes(timezones=st.sampled_from([UTC])).map(datetime.isoformat) | st.from_regex(
    r"[0-9]{1,3}[smhdw]", fullmatch=True
)
VALUES = {
    "queue": words_of(64),
    "state": st.lists(st.sampled_from(list(State)), min_size=1).map(",".join),
    "kind": words_of(100),
    "name": words_of(200),
    "owner": words_of(64),
    "key": words_of(200),
    "error": words_of(50),
    "payload": words_of(50),
    "error_class": words_of(50),
    "fingerprint": words_of(16),
    "schedule": st.integers(0, 2**63 - 1).map(str),
    "parent": st.integers(0, 2**63 - 1).map(str),
    "created_after": DATES,
    "created_before": DATES,
    "finished_after": DATES,
    "finished_before": DATES,
    "ids": st.lists(st.integers(1, 2**63 - 1).map(str), min_size=1).map(",".join),
    "priority": st.integers(0, 2_097_151).map(str),
    "attempt_over": st.integers(0, 32_767).map(str),
    "all": st.just("yes"),
}
FILTERS = st.fixed_dictionaries({}, optional=VALUES)


@given(words=FILTERS)
def test_words_go_to_a_filter_and_back(words):
    wanted = parse(words)
    again = parse(wanted.as_words())
    assert again == wanted
    assert again.as_words() == wanted.as_words()
    assert set(wanted.as_words()) == set(words)
    assert hash(again) == hash(wanted)


@pytest.mark.django_db
@settings(max_examples=50, deadline=None)
@given(words=FILTERS)
def test_postgres_can_answer_whatever_was_accepted(words):
    assert parse(words).count() == 0


def refused(words):
    """The word that is refused; None if all are taken."""
    try:
        parse(words)
    except FilterError as error:
        return error.field.strip("'")
    return None


@given(words=st.dictionaries(st.sampled_from([*WORDS, "odd"]), st.text(max_size=30)))
def test_any_text_is_either_taken_or_refused_by_name(words):
    assert refused(words) in {None, *words}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "index"),
    [
        ({"state": "failed", "fingerprint": "aaaa"}, "job_failures"),
        ({"queue": QUEUE, "state": "completed"}, "job_counts"),
        ({"ids": "7"}, "queues_job_pkey"),
        ({"parent": "7"}, "queues_job_pkey"),
    ],
)
def test_what_an_index_knows_is_not_looked_for_in_the_whole_table(words, index):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = parse(words).queryset().explain()
    assert index in plan
