from __future__ import annotations

import pytest

from queues import checks
from queues.conf import get_queues


def ids(messages):
    return [message.id for message in messages]


def test_the_projects_own_settings_are_clean():
    found = [
        *checks.queue_settings(),
        *checks.operations_queue(),
        *checks.rq_settings(),
        *checks.rq_pages(),
        *checks.pool_size(),
    ]
    assert found == []


def test_a_queue_that_cannot_be_used_is_named(settings):
    settings.QUEUES = {**settings.QUEUES, "user-actions": {"attempts": 0}}
    (error,) = checks.queue_settings()
    assert error.id == "queues.E001"
    assert "user-actions: attempts is 0" in error.msg


def test_operations_go_to_a_queue_that_is_there(settings):
    settings.QUEUE_OF_OPERATIONS = "letters"
    assert ids(checks.operations_queue()) == ["queues.E004"]
    settings.QUEUE_OF_OPERATIONS = "notifications"
    assert checks.operations_queue() == []


def test_pickle_and_rqs_own_classes_are_refused(settings):
    settings.RQ_QUEUES = {name: {} for name in get_queues()}
    settings.RQ = {}
    assert ids(checks.rq_settings()) == ["queues.E002"] * 3 + ["queues.E003"] * 3


def test_a_queue_that_is_rqs_alone_may_not_unpickle_either(settings):
    settings.RQ_QUEUES = {**settings.RQ_QUEUES, "other": {"SERIALIZER": "pickle"}}
    assert ids(checks.rq_settings()) == ["queues.E002"]


@pytest.mark.parametrize("value", [True, None])
def test_django_rqs_pages_are_refused(settings, value):
    settings.RQ_SHOW_ADMIN_LINK = value
    if value is None:
        del settings.RQ_SHOW_ADMIN_LINK
    assert ids(checks.rq_pages()) == ["queues.E005"]


@pytest.mark.parametrize(("more", "expected"), [(1, ["queues.W001"]), (0, [])])
def test_more_slots_than_connections_are_a_warning(settings, more, expected):
    size = settings.DATABASES["default"]["OPTIONS"]["pool"]["max_size"]
    others = sum(conf.slots for conf in get_queues().values()) - get_queues()["user-actions"].slots
    slots = size - others + more
    settings.QUEUES = {**settings.QUEUES, "user-actions": {"slots": slots}}
    assert ids(checks.pool_size()) == expected
