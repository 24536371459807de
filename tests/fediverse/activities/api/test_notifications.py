from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from fediverse.activities.models import Notification
from tests.counting import answering

pytestmark = pytest.mark.django_db
URL = "/api/notifications"


@pytest.fixture
def tell():
    """Store notifications of a user, and return their ids."""
    number = iter(range(1, 10_000))

    def make(user, count=1):
        rows = [
            Notification.objects.create(user=user, type="info", message="x", job_id=next(number))
            for _ in range(count)
        ]
        return [row.pk for row in rows]

    return make


def ids(response):
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["data"]]


def test_a_notification_is_shown_to_the_field(as_ada, ada, tell):
    (pk,) = tell(ada)
    stored = Notification.objects.get()
    answer = as_ada.get(URL).json()
    created = answer["data"][0].pop("createdAt")
    assert created == stored.created_at.isoformat().replace("+00:00", "Z")
    shown = {"id": pk, "type": "info", "message": "x", "jobId": stored.job_id, "readAt": None}
    assert answer == {"success": True, "data": [shown], "next": None, "previous": None}


def test_everybody_sees_their_own_newest_first(as_ada, signed_in, ada, eve, tell):
    first, second = tell(ada, 2)
    (others,) = tell(eve)
    assert ids(as_ada.get(URL)) == [second, first]
    assert ids(signed_in(eve).get(f"{URL}/")) == [others]


def test_an_operator_sees_no_others_here(admin_user, signed_in, ada, tell):
    tell(ada)
    assert ids(signed_in(admin_user).get(URL)) == []


def test_pages_lead_to_the_end_without_a_gap(as_ada, ada, tell):
    told = tell(ada, 60)
    seen, url = [], URL
    while url:
        with answering() as queries:
            response = as_ada.get(url)
        assert len(queries) <= 1
        assert len(ids(response)) <= 25
        seen += ids(response)
        url = response.json()["next"]
    assert seen == told[::-1]


def test_what_was_read_is_left_out_on_request(as_ada, ada, tell):
    first, second = tell(ada, 2)
    as_ada.post(f"{URL}/{first}/read")
    assert ids(as_ada.get(f"{URL}?unread=true")) == [second]
    assert ids(as_ada.get(f"{URL}?unread=false")) == [first]
    assert ids(as_ada.get(f"{URL}?unread=")) == [second, first]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("unread=yes", "unread"),
        ("unread=1", "unread"),
        ("unread=true&unread=false", "unread"),
        ("unred=true", "unred"),
        ("pageSize=101", "pageSize"),
        ("cursor=rubbish", "cursor"),
    ],
)
def test_a_wrong_parameter_is_named(as_ada, query, field):
    response = as_ada.get(f"{URL}?{query}")
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == [field]


def test_the_first_reading_counts(as_ada, ada, tell):
    (pk,) = tell(ada)
    first = as_ada.post(f"{URL}/{pk}/read")
    assert first.status_code == 200
    assert first.json()["data"]["readAt"]
    assert as_ada.post(f"{URL}/{pk}/read/").json() == first.json()
    assert Notification.objects.get().read_at is not None


def test_others_cannot_be_read_nor_what_is_not_there(as_ada, eve, tell):
    (pk,) = tell(eve)
    for wrong in (pk, 10**17, "x"):
        response = as_ada.post(f"{URL}/{wrong}/read")
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert Notification.objects.get().read_at is None


def test_nobody_reads_without_signing_in(ada, tell):
    (pk,) = tell(ada)
    assert APIClient().get(URL).status_code == 401
    assert APIClient().post(f"{URL}/{pk}/read").status_code == 401


def test_reading_and_marking_are_two_scopes(signed_in, ada, tell):
    (pk,) = tell(ada)
    reader, writer = signed_in(ada, "hub:read"), signed_in(ada, "hub:write")
    assert (reader.get(URL).status_code, writer.get(URL).status_code) == (200, 403)
    path = f"{URL}/{pk}/read"
    assert (reader.post(path).status_code, writer.post(path).status_code) == (403, 200)


def test_a_person_finds_a_page(as_ada, ada, tell):
    tell(ada)
    page = as_ada.get(URL, headers={"accept": "text/html"})
    assert page.status_code == 200
    assert "Notifications" in page.content.decode()
