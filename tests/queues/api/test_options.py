"""What clients may say about a job, in the names of the old service."""

from __future__ import annotations

import pytest
from rest_framework.exceptions import ValidationError

from queues.api.errors import as_api_error
from queues.api.options import OptionsField, OptionsSerializer
from queues.keep import Keep
from queues.options import EnqueueError
from queues.retry import Backoff
from queues.unique import Unique


def given(said):
    return OptionsField().run_validation(said)


@pytest.mark.parametrize(
    ("said", "options"),
    [
        ({}, {}),
        ({"delay": 1500}, {"delay": 1.5}),
        ({"priority": 3, "attempts": 7}, {"priority": 3, "attempts": 7}),
        ({"backoff": 500}, {"backoff": Backoff(delay=500)}),
        (
            {"backoff": {"type": "exponential", "delay": 9}},
            {"backoff": Backoff(type="exponential", delay=9)},
        ),
        ({"timeout": 1500}, {"timeout": 2}),
        ({"removeOnComplete": True}, {"keep_completed": Keep(count=0)}),
        ({"removeOnFail": {"age": 60}}, {"keep_failed": Keep(age=60)}),
        ({"lifo": True}, {"front": True}),
        ({"limitKey": "a"}, {"limit_key": "a"}),
        ({"queue": "userActions"}, {"queue": "user-actions"}),
        ({"deduplication": {"id": "a"}}, {"unique": Unique(key="a")}),
        (
            {"deduplication": {"id": "a", "ttl": 500}},
            {"unique": Unique(key="a", mode="throttle", ttl=0.5)},
        ),
    ],
)
def test_each_option_is_the_engines(said, options):
    assert given(said).options == options


def test_data_is_apart():
    assert given({"data": {"a": 1}, "delay": 0}) == ({"delay": 0}, {"a": 1})


@pytest.mark.parametrize(
    ("said", "field", "hint"),
    [
        ({"timestamp": "2025-08-17T06:20:40.214Z"}, "timestamp", "allowed: "),
        ({"prioritty": 1}, "prioritty", "did you mean priority?"),
        ({"removeoncomplete": 1}, "removeoncomplete", "did you mean removeOnComplete?"),
        ({"delay": "1"}, "delay", "integer"),
        ({"delay": -1}, "delay", "0"),
        ({"delay": True}, "delay", "integer"),
        ({"priority": 2_097_152}, "priority", "2097151"),
        ({"attempts": 0}, "attempts", "1"),
        ({"backoff": True}, "backoff", "allowed"),
        ({"backoff": "fast"}, "backoff", "allowed"),
        ({"backoff": {"type": "quadratic"}}, "backoff", "exponential"),
        ({"backoff": {"type": []}}, "backoff", "exponential"),
        ({"backoff": {"type": {}}}, "backoff", "exponential"),
        ({"removeOnComplete": -1}, "removeOnComplete", "allowed"),
        ({"removeOnFail": {"ages": 1}}, "removeOnFail", "age"),
        ({"lifo": 1}, "lifo", "boolean"),
        ({"queue": "notification"}, "queue", "did you mean notifications?"),
        ({"deduplication": {"id": "a", "mode": "debounce"}}, "deduplication", "ttl"),
        ({"data": [1]}, "data", "object"),
        ({"runAt": 5}, "runAt", "Datetime has wrong format"),
    ],
)
def test_anything_else_is_refused_by_name(said, field, hint):
    with pytest.raises(ValidationError) as caught:
        given(said)
    assert set(caught.value.detail) == {field}
    assert hint in str(caught.value.detail)


def test_the_old_services_options_are_all_there():
    old = {"delay", "priority", "attempts", "backoff", "removeOnComplete", "removeOnFail", "data"}
    assert old <= set(OptionsSerializer().fields)


@pytest.mark.parametrize(
    ("field", "place"),
    [
        ("run_at", "options.runAt"),
        ("3.keep_failed", "3.options.removeOnFail"),
        ("payload", "payload"),
        ("3.payload", "3.payload"),
    ],
)
def test_what_the_engine_refuses_is_named_as_clients_wrote_it(field, place):
    assert set(as_api_error(EnqueueError(field, "is wrong")).detail) == {place}


def test_many_and_long_names_are_refused_in_few_and_short_words():
    said = {f"delay{number:05}": 1 for number in range(90_000)} | {"k" * 1_000_000: 1}
    with pytest.raises(ValidationError) as caught:
        given(said)
    assert len(caught.value.detail) == 20
    with pytest.raises(ValidationError) as caught:
        given({"k" * 1_000_000: 1})
    assert [len(name) for name in caught.value.detail] == [65]
