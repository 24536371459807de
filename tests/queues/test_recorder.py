from __future__ import annotations

import pytest
from django.db import connection, transaction

from queues import control, leases
from queues.claims import claim_ids
from queues.enqueue import enqueue
from queues.models import Effect, Job, LogLine
from queues.recorder import MAX_LINES, AttemptRecorder, LostError
from tests import settling
from tests.jobs import QUEUE, Act
from tests.threads import in_thread

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def claim():
    job = enqueue(Act(what="return"))
    worker_id = leases.register("one", {QUEUE: 4}, version="1")
    return claim_ids(worker_id, [job.pk], [QUEUE])[0]


@pytest.fixture
def recorder(claim):
    return AttemptRecorder(claim)


def progress():
    return Job.objects.get().progress


def test_the_first_progress_is_there_at_once_and_the_last_one_stays(recorder):
    for done in range(100):
        recorder.progress(done, 100, "on the way")
    assert progress()["done"] < 99
    recorder.flush()
    assert progress() == {"done": 99, "total": 100, "note": "on the way"}


def test_lines_are_kept_with_their_attempt_and_are_capped(recorder, claim):
    for number in range(MAX_LINES + 50):
        recorder.log(f"line {number}")
    assert LogLine.objects.filter(token=claim.token).count() == MAX_LINES
    assert LogLine.objects.first().text == "line 0"


def test_odd_text_is_kept_readable(recorder):
    recorder.log("a\x00\ud800" + "x" * 5000)
    recorder.progress(1, 2, "a\x00")
    line = LogLine.objects.get().text
    assert (line[:3], len(line)) == ("a\ufffd?", 1000)
    assert progress()["note"] == "a\ufffd"


def test_a_job_that_was_taken_away_takes_nothing_more(recorder, claim):
    in_thread(lambda: control.cancel(claim.id))
    before = Job.objects.values().get()
    recorder.progress(1, 2, "late")
    recorder.log("late")
    with pytest.raises(LostError):
        recorder.once("late", lambda _key: "done")
    assert Job.objects.values().get() == before
    assert not LogLine.objects.exists()
    assert not Effect.objects.exists()
    assert recorder.is_cancelled


def test_an_effect_is_done_once_over_all_attempts(recorder, claim):
    calls = []

    def effect(key):
        calls.append(key)
        return {"id": 7}

    assert recorder.once("boost", effect) == {"id": 7}
    later = AttemptRecorder(claim)
    assert later.once("boost", effect) == {"id": 7}
    assert calls == [f"job-{claim.id}-boost"]
    later.once("reply", effect)
    assert calls[1:] == [f"job-{claim.id}-reply"]


def test_an_effect_that_raises_is_done_again(recorder):
    def fail(_key):
        raise ConnectionError

    with pytest.raises(ConnectionError):
        recorder.once("boost", fail)
    assert recorder.once("boost", lambda _key: None) is None
    assert recorder.once("boost", fail) is None


@pytest.mark.parametrize("key", ["", "x" * 101])
def test_a_key_has_a_length(recorder, key):
    with pytest.raises(ValueError, match="allowed: 1 to 100"):
        recorder.once(key, lambda _key: None)


def test_an_effect_is_not_even_begun_for_a_job_that_was_taken_away(recorder, claim):
    control.cancel(claim.id)
    calls = []
    with pytest.raises(LostError):
        recorder.once("boost", calls.append)
    assert calls == []
    control.remove(claim.id)
    with pytest.raises(LostError):
        recorder.once("boost", calls.append)
    assert calls == []


def test_a_later_attempt_gets_what_an_earlier_one_did(recorder, claim):
    recorder.once("boost", lambda _key: [1, 2])
    settling.fail_attempt(claim, settling.TROUBLE, wait_ms=0)
    (later,) = claim_ids(leases.register("two", {QUEUE: 4}, version="1"), [claim.id], [QUEUE])
    assert later.token == claim.token + 1
    assert AttemptRecorder(later).once("boost", lambda _key: "again") == [1, 2]


def test_each_attempt_has_its_own_number_of_lines(recorder, claim):
    recorder.log("first")
    settling.fail_attempt(claim, settling.TROUBLE, wait_ms=0)
    recorder.log("too late")
    (later,) = claim_ids(leases.register("two", {QUEUE: 4}, version="1"), [claim.id], [QUEUE])
    AttemptRecorder(later).log("second")
    assert list(LogLine.objects.values_list("token", "text")) == [(1, "first"), (2, "second")]


def cancel_without_waiting(job_id):
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '2s'")
    try:
        return control.cancel(job_id)
    finally:
        connection.close()


def test_a_handlers_own_transaction_does_not_keep_others_from_the_job(recorder, claim):
    with transaction.atomic():
        recorder.progress(1, 2, "half")
        recorder.log("a line")
        assert in_thread(lambda: cancel_without_waiting(claim.id)).state == "cancelled"
    recorder.flush()
    assert progress() is None
    assert recorder.is_cancelled
