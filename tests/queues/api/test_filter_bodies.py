"""Filters in JSON are those of the words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from rest_framework.exceptions import ValidationError

from queues.api.filter_bodies import NAMES, filter_of_body, queue_word, words_of
from queues.filters import FilterError, parse
from queues.models import Job
from tests.counting import answering
from tests.operating import jobs_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"queue": "user-actions"}, {"queue": "user-actions"}),
        ({"queue": "userActions"}, {"queue": "user-actions"}),
        ({"state": "failed"}, {"state": "failed"}),
        ({"state": "failed,cancelled"}, {"state": "failed,cancelled"}),
        ({"state": ["failed", "cancelled"]}, {"state": "failed,cancelled"}),
        ({"ids": [3, 1, 1]}, {"ids": "1,3"}),
        ({"ids": ["3", 1]}, {"ids": "1,3"}),
        ({"ids": "3,1"}, {"ids": "1,3"}),
        ({"ids": 3}, {"ids": "3"}),
        ({"priority": 0, "attemptOver": "2"}, {"priority": "0", "attempt_over": "2"}),
        ({"schedule": 5, "parent": 7}, {"schedule": "5", "parent": "7"}),
        ({"errorClass": "a.B", "error": "x"}, {"error_class": "a.B", "error": "x"}),
        ({"name": "a", "owner": "7", "key": "b*"}, {"name": "a", "owner": "7", "key": "b*"}),
        ({"createdBefore": "2026-01-01"}, {"created_before": "2026-01-01"}),
        ({"all": True}, {"all": "yes"}),
        ({"all": "yes"}, {"all": "yes"}),
        ({"all": False, "kind": "a"}, {"kind": "a"}),
    ],
)
def test_json_means_what_the_words_mean(body, words):
    assert filter_of_body(body) == parse(words)


def test_a_queue_that_is_gone_from_the_settings_is_found_by_its_jobs():
    with pytest.raises(FilterError, match="Unknown queue"):
        queue_word("gone")
    Job.objects.filter(pk__in=jobs_in("waiting")).update(queue="gone")
    with answering() as queries:
        assert filter_of_body({"queue": "gone"}) == parse({"queue": "gone"})
    assert len(queries) == 1


def test_an_age_is_counted_back_from_now():
    found = filter_of_body({"finishedAfter": "2h"}).finished_after
    assert abs(datetime.now(UTC) - timedelta(hours=2) - found) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("body", "field", "hint"),
    [
        ({"created_after": "2h"}, "created_after", "did you mean createdAfter?"),
        ({"status": "failed"}, "status", "allowed: "),
        ({"queue": 5}, "queue", "text"),
        ({"queue": ""}, "queue", "1 to 64"),
        ({"queue": None}, "queue", "text"),
        ({"queue": ["a"]}, "queue", "text"),
        ({"queue": "a\x00"}, "queue", ""),
        ({"queue": "\ud800"}, "queue", ""),
        ({"queue": "notification"}, "queue", "did you mean notifications?"),
        ({"queue": "userAction"}, "queue", "did you mean user-actions?"),
        ({"state": []}, "state", "waiting"),
        ({"state": ["done"]}, "state", "waiting"),
        ({"state": [1]}, "state", "list"),
        ({"state": [["failed"]]}, "state", "list"),
        ({"state": {"failed": True}}, "state", "list"),
        ({"ids": []}, "ids", "whole number"),
        ({"ids": [0]}, "ids", "whole number"),
        ({"ids": [True]}, "ids", "list"),
        ({"ids": [[1]]}, "ids", "list"),
        ({"ids": [1.5]}, "ids", "list"),
        ({"ids": [*range(1, 10_002)]}, "ids", "10000"),
        ({"priority": -1}, "priority", "whole number"),
        ({"priority": True}, "priority", "whole number"),
        ({"priority": 1.0}, "priority", "whole number"),
        ({"attemptOver": 2**40}, "attemptOver", "32767"),
        ({"parent": "x"}, "parent", "whole number"),
        ({"createdAfter": 1_700_000_000}, "createdAfter", "text"),
        ({"createdAfter": "yesterday"}, "createdAfter", "ISO 8601"),
        ({"createdAfter": "999999999w"}, "createdAfter", "ISO 8601"),
        ({"all": 1}, "all", "true"),
        ({"all": "true"}, "all", "yes"),
        ({"name": "a" * 201}, "name", "200"),
        ({"name": "a\x00"}, "name", ""),
    ],
)
def test_what_is_wrong_is_named(body, field, hint):
    with pytest.raises(ValidationError) as caught:
        filter_of_body(body)
    assert set(caught.value.detail) == {field}
    assert hint in str(caught.value.detail[field])


def test_all_that_is_wrong_is_named_at_once():
    with pytest.raises(ValidationError) as caught:
        filter_of_body({"queue": 5, "state": "done", "kind": "a", "nope": 1})
    assert set(caught.value.detail) == {"queue", "state", "nope"}


@pytest.mark.parametrize("body", [{}, {"all": False}])
def test_an_empty_filter_is_not_all_jobs(body):
    with pytest.raises(ValidationError) as caught:
        filter_of_body(body)
    assert '"all": true' in str(caught.value.detail)


def test_a_filter_is_written_in_the_names_it_is_read_in():
    body = {"createdAfter": "2026-01-01T00:00:00Z", "attemptOver": "2", "state": "failed"}
    assert words_of(filter_of_body(body).as_words()) == body
    assert set(words_of(dict.fromkeys(NAMES.values(), "x"))) == set(NAMES)
