"""What lies in Redis, to RQ's tools and to attackers."""

from __future__ import annotations

import zlib

import pytest
from rq.exceptions import NoSuchJobError
from rq.job import Job as StockJob
from rq.serializers import JSONSerializer

from queues.enqueue import enqueue
from queues.transport.client import producer
from queues.transport.job import RUN, HubJob
from queues.transport.queue import HubQueue
from tests.jobs import QUEUE, Act

pytestmark = pytest.mark.django_db(transaction=True)


def fetch(job_id):
    return HubJob.fetch(str(job_id), connection=producer(), serializer=JSONSerializer)


def packed(*call):
    return zlib.compress(JSONSerializer.dumps(call))


def test_a_waiting_job_is_one_rq_job_with_the_rows_id():
    job = enqueue(Act(what="return"))
    queue = HubQueue.named(QUEUE, producer())
    assert queue.job_ids == [str(job.pk)]
    found = StockJob.fetch(str(job.pk), connection=producer(), serializer=JSONSerializer)
    assert (found.func_name, found.args, found.kwargs) == (RUN, [job.pk], {})
    assert found.origin == QUEUE


def test_the_payload_never_goes_to_redis():
    enqueue(Act(what="return", text="between-us"))
    redis = producer()
    dumps = [redis.dump(key) for key in redis.scan_iter()]
    assert dumps
    assert not any(b"between-us" in dump for dump in dumps)


@pytest.mark.parametrize(
    "fields",
    [
        {"data": packed("os.system", None, ["true"], {})},
        {"data": packed(RUN, None, [2], {})},
        {"data": packed(RUN, None, [1], {"x": 1})},
        {"data": packed("builtins.eval", "x", [1], {})},
        {"data": b"\x80\x04K\x01."},
        {"data": zlib.compress(b"x" * 10_000_000)},
        {"data": b""},
        {"data": zlib.compress(b"[" * 4000)},
        {"data": zlib.compress(b"[" * 2000 + b"]" * 2000)},
        {"created_at": "never", "data": packed(RUN, None, [1], {})},
        {"timeout": "soon", "data": packed(RUN, None, [1], {})},
        {"status": "odd", "data": packed(RUN, None, [1], {})},
    ],
)
def test_a_forged_job_does_not_exist(fields):
    whole = {"created_at": "2026-01-01T00:00:00.000000Z", "origin": QUEUE, "status": "queued"}
    producer().hset("rq:job:1", mapping={**whole, **fields})
    with pytest.raises(NoSuchJobError):
        fetch(1)


def test_what_rq_would_call_beside_the_function_is_not_read():
    job = enqueue(Act(what="return"))
    strange = {
        "success_callback_name": "os.system",
        "meta": b"\x80\x04K\x01.",
        "dependency_id": "9",
    }
    producer().hset(f"rq:job:{job.pk}", mapping=strange)
    found = fetch(job.pk)
    assert found.func_name == RUN
    assert (found._success_callback_name, found._dependency_ids) == (None, [])
