"""The jobs around one, on its page."""

from __future__ import annotations

import pytest

from queues.batches import batch
from queues.flows import Child, flow
from queues.models import Dependency, Job
from tests.flow_jobs import Double
from tests.flowing import complete, give_up, node

pytestmark = pytest.mark.django_db


def page_of(client, job_id):
    response = client.get(f"/admin/queues/job/{job_id}/change/")
    assert response.status_code == 200
    return response


def text_of(response):
    return " ".join(response.content.decode().split())


def test_a_job_shows_its_parents_and_children_with_their_states(admin_client):
    good, bad = node("<b>good</b>"), node("bad")
    parent = node("parent", good, Child(bad, "ignore"))
    ids = flow(node("top", parent))
    complete(ids[good])
    give_up(ids[bad])
    response = page_of(admin_client, ids[parent])
    text = text_of(response)
    assert f'href="/admin/queues/job/{ids[good]}/change/"' in text
    assert "&lt;b&gt;good&lt;/b&gt;: completed (fail)" in text
    assert "bad: failed (ignore): m" in text
    assert "top: waiting-children (fail)" in text
    assert [*response.context["relatives"]] == ["Waits for", "Awaited by"]


def test_a_child_whose_row_is_gone_is_shown_without_a_link(admin_client):
    child, other = node("child"), node("other")
    parent = node("parent", child, other)
    ids = flow(parent)
    complete(ids[child])
    Job.objects.filter(pk=ids[child]).delete()
    text = text_of(page_of(admin_client, ids[parent]))
    assert f"/admin/queues/job/{ids[child]}/change/" not in text
    assert "child: completed (fail)" in text


def test_a_waiting_parent_can_be_cancelled_and_says_what_it_waits_for(admin_client):
    ids = flow(node("parent", node("child")))
    response = page_of(admin_client, [*ids.values()][-1])
    assert response.context["verbs"] == ["cancel"]
    assert response.context["edits"] == []
    assert "Waiting for children: jobs " in text_of(response)


@pytest.mark.parametrize(("children", "shown", "says_more"), [(50, 50, False), (60, 50, True)])
def test_of_many_children_the_first_are_shown(admin_client, children, shown, says_more):
    ids = flow(node("parent", *[node(str(n)) for n in range(children)]))
    response = page_of(admin_client, [*ids.values()][-1])
    assert len(response.context["relatives"]["Waits for"]) == shown
    assert ("the first 50 are shown" in text_of(response)) == says_more


def test_a_batch_shows_its_progress(admin_client):
    batch_id = batch([Double(number=n) for n in range(3)], name="doubles")
    complete(Dependency.objects.filter(parent_id=batch_id).first().child_id)
    text = text_of(page_of(admin_client, batch_id))
    assert "1 of 3 have ended: 1 completed, 0 failed, 0 cancelled." in text


def test_a_job_by_itself_has_no_such_section(admin_client):
    (job_id,) = flow(node("alone")).values()
    assert "data-flow" not in text_of(page_of(admin_client, job_id))
