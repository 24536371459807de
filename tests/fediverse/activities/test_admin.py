from __future__ import annotations

import pytest
from django.urls import reverse

from fediverse.activities.models import Notification, Post, Sighting
from fediverse.activities.services.ingest import ingest
from tests.fediverse.activities.builders import remote_post

EVIL = "<p>words</p><img src=x onerror=alert(1)><script>alert(2)</script>"


@pytest.fixture
def post(db):
    ingest(
        [remote_post(content_html=EVIL, spoiler_text="")],
        account=None,
        host="social.example",
        feed="public",
        platform="mastodon",
    )
    return Post.objects.get()


def page(client, model, view="changelist", *where):
    return client.get(reverse(f"admin:activities_{model}_{view}", args=where))


@pytest.mark.parametrize("planted", [False, True], ids=["sanitised", "planted past the sanitiser"])
def test_an_operator_reads_a_post_and_nothing_in_it_runs(admin_client, post, planted):
    if planted:
        Post.objects.update(content_html=EVIL)
    response = page(admin_client, "post", "change", post.pk)
    shown = response.content.decode()
    assert response.status_code == 200
    assert "<p>words</p>" in shown
    assert "onerror" not in shown
    assert "alert(2)" not in shown


def test_names_are_escaped_in_the_list(admin_client, post):
    Post.objects.update(author_handle="<b>x", spoiler_text="<i>y")
    shown = page(admin_client, "post").content.decode()
    assert "&lt;b&gt;x" in shown
    assert "<i>y" not in shown


@pytest.mark.parametrize("query", ["?q=ada", "?platform=mastodon", "?o=1"])
def test_posts_can_be_searched_and_filtered(admin_client, post, query):
    response = admin_client.get(reverse("admin:activities_post_changelist") + query)
    assert response.status_code == 200
    assert "words" in response.content.decode()


def test_a_search_that_postgres_could_not_read_is_no_server_error(admin_client, post):
    response = admin_client.get(reverse("admin:activities_post_changelist") + "?q=%00")
    assert response.status_code < 500


def test_sightings_are_listed(admin_client, post):
    response = page(admin_client, "sighting")
    assert "social.example" in response.content.decode()
    sighting = Sighting.objects.get()
    assert page(admin_client, "sighting", "change", sighting.pk).status_code == 200


@pytest.mark.parametrize("model", ["post", "sighting"])
def test_nobody_writes_posts_here(admin_client, post, model):
    assert page(admin_client, model, "add").status_code == 403
    row = {"post": post, "sighting": post.sightings.get()}[model]
    assert page(admin_client, model, "delete", row.pk).status_code == 403


def test_notifications_are_listed_and_nobody_writes_them_here(admin_client, admin_user):
    told = Notification.objects.create(user=admin_user, type="<b>x", message="words", job_id=8)
    shown = page(admin_client, "notification").content.decode()
    assert "&lt;b&gt;x" in shown
    assert "<b>x" not in shown
    assert page(admin_client, "notification", "change", told.pk).status_code == 200
    assert page(admin_client, "notification", "add").status_code == 403
    assert page(admin_client, "notification", "delete", told.pk).status_code == 403
