from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import User


@pytest.fixture
def pages(link, admin_client):
    """Read an admin page of the accounts."""
    account = link()
    rows = {"user": account.user, "instance": account.instance, "linkedaccount": account}

    def read(model, view="changelist", method="get"):
        where = [] if view in {"changelist", "add"} else [rows[model].pk]
        return getattr(admin_client, method)(reverse(f"admin:accounts_{model}_{view}", args=where))

    return read


@pytest.mark.parametrize("model", ["user", "instance", "linkedaccount"])
@pytest.mark.parametrize("view", ["changelist", "change"])
def test_an_operator_sees_no_token(pages, link, model, view):
    response = pages(model, view)
    assert response.status_code == 200
    shown = response.content.decode()
    assert "cnry_token" not in shown
    assert link().sealed_token.partition(":")[2] not in shown


@pytest.mark.parametrize("model", ["instance", "linkedaccount"])
@pytest.mark.parametrize(
    ("view", "method"), [("add", "get"), ("delete", "get"), ("change", "post")]
)
def test_nobody_changes_what_is_linked(pages, model, view, method):
    assert pages(model, view, method).status_code == 403


def test_an_operator_makes_a_user(admin_client):
    password = "correct horse battery"
    form = {"username": "bob", "password1": password, "password2": password}
    response = admin_client.post(
        reverse("admin:accounts_user_add"), {**form, "usable_password": "true"}
    )
    assert response.status_code == 302
    assert User.objects.get(username="bob").check_password(password)
