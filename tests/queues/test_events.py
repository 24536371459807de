"""The stream of events: what it says, how long it may be, and what a reader gets of it."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queues.enqueue import enqueue, enqueue_many
from queues.states import State
from queues.transport import events
from queues.transport.client import producer
from queues.transport.events import EventIdError, Happening, latest, publish, read, tail
from queues.transport.hints import Hint, push
from queues.transport.stream import MOST_CHARACTERS, MOST_ENTRIES, MOST_IDS, STREAM, parse
from queues.worker.loop import Until
from queues.worker.main import work
from queues.worker.switch import Switch
from tests.jobs import QUEUE, Act
from tests.threads import in_thread, together
from tests.wait import until

pytestmark = pytest.mark.django_db(transaction=True)
ACT = Act(what="return")
RUNS = Happening("active", QUEUE, [7], 1)


def said():
    """Return what was published so far, as event, ids and count."""
    return [(one.event, list(one.ids), one.count) for one in read(events.START).events]


def counts(word):
    return sum(count for event, _, count in said() if event == word)


def run_all():
    until = Until(burst=True)
    in_thread(lambda: work("one", [QUEUE], switch=Switch(), until=until, slots={QUEUE: 50}))


def calls(command):
    stats = producer().info("commandstats")
    return stats.get(f"cmdstat_{command}", {"calls": 0})["calls"]


def test_a_job_is_seen_from_its_enqueue_to_its_end(start_worker, wait_for):
    start_worker().ready()
    job = enqueue(ACT)
    wait_for(job, State.COMPLETED)
    until(lambda: len(said()) >= 3, what="three events")
    assert said() == [(word, [job.pk], 1) for word in ("waiting", "active", "completed")]
    first = read(events.START).events[0]
    assert first.queue == QUEUE
    assert abs((first.at - job.created_at).total_seconds()) < 5


def test_many_jobs_are_few_entries_that_say_how_many():
    ids = enqueue_many([ACT] * 300)
    assert said() == [("waiting", ids[:MOST_IDS], 300)]
    run_all()
    assert (counts("active"), counts("completed")) == (300, 300)


def test_hints_bring_their_event_in_the_same_script():
    enqueue_many([ACT])  # Redis has the script from now on
    scripts, entries = calls("evalsha"), calls("xadd")
    enqueue_many([(ACT, {"priority": n % 3}) for n in range(100)])
    assert (calls("evalsha") - scripts, calls("xadd") - entries) == (1, 1)
    assert [count for _, _, count in said()] == [1, 100]


def test_a_worker_writes_two_entries_in_a_tenth_of_a_second_at_most():
    enqueue_many([ACT] * 300)
    entries, started = calls("xadd"), time.monotonic()
    run_all()
    tenths = (time.monotonic() - started) * 10
    assert calls("xadd") - entries <= 2 * (tenths + 2)


def test_the_stream_is_bounded_whoever_writes():
    with producer().pipeline(transaction=False) as pipeline:
        for _ in range(MOST_ENTRIES + 500):
            pipeline.xadd(STREAM, RUNS.fields())
        pipeline.execute()
    publish([RUNS])
    assert producer().xlen(STREAM) < MOST_ENTRIES + 200
    for _ in range(300):
        push([Hint(3, QUEUE)])
    assert producer().xlen(STREAM) < MOST_ENTRIES + 200


def test_nothing_is_published_when_it_is_switched_off(settings):
    settings.QUEUE_EVENTS = False
    enqueue_many([ACT] * 2)
    enqueue(ACT, delay=60)
    run_all()
    assert not producer().exists(STREAM)


def test_a_reader_waits_for_the_next_event_and_no_longer():
    after = latest()

    def publish_later():
        until(lambda: producer().info("clients")["blocked_clients"], what="the reader to wait")
        publish([RUNS])

    page, _ = together(lambda: read(after, seconds=5), publish_later)
    assert [one.ids for one in page.events] == [(7,)]
    assert read(page.last, seconds=0.05).events == []


def test_a_tail_begins_now_and_ends_in_time():
    publish([RUNS])
    following = tail(seconds=0.2)
    publish([Happening("failed", QUEUE, [8], 1)])
    assert [(one.event, one.ids) for one in following] == [("failed", (8,))]


@pytest.mark.parametrize("after", ["", "$", "x", "1-", "1-2-3", "-1", "1 ", "9" * 20, "+"])
def test_a_place_that_none_can_be_is_refused(after):
    with pytest.raises(EventIdError, match="allowed: an id, such as 0-0"):
        read(after)


def test_rubbish_in_the_stream_is_passed_over_and_not_read_again():
    producer().xadd(STREAM, {"event": "active"})
    last = producer().xadd(STREAM, {b"\xff": b"\xff", "count": "\u0663", "ids": "x"})
    page = read(events.START)
    assert page == ([], last.decode())
    publish([RUNS])
    assert [one.ids for one in read(page.last).events] == [(7,)]


@given(
    ids=st.lists(st.integers(0, 10**17), max_size=2 * MOST_IDS),
    count=st.integers(0, 10**9),
    words=st.tuples(st.text(max_size=MOST_CHARACTERS), st.text(max_size=MOST_CHARACTERS)),
)
def test_what_is_written_is_read(ids, count, words):
    fields = {key: str(value) for key, value in Happening(*words, ids, count).fields().items()}
    found = parse("1700000000123-5", fields)
    assert (found.event, found.queue, found.count) == (*words, count)
    assert list(found.ids) == ids[:MOST_IDS]
    assert found.at == datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=UTC)


@given(st.dictionaries(st.sampled_from(["event", "queue", "ids", "count", "odd"]), st.text()))
def test_no_entry_breaks_a_reader(fields):
    parse("1-0", fields)
