"""Who calls the API in tests, and what their forms hold."""

from __future__ import annotations

from html.parser import HTMLParser
from types import SimpleNamespace

from rest_framework.test import APIClient

from accounts.models import User


def operator():
    """A superuser who is signed in."""
    return _client(_user("op", is_superuser=True))


def with_scopes(*scopes):
    """Somebody with a token, and no permission of their own."""
    return _client(_user("token"), SimpleNamespace(scopes=frozenset(scopes)))


def plain():
    """Somebody who is signed in, and no more."""
    return _client(_user("plain"))


def anonymous():
    return APIClient()


def _user(name, **values):
    return User.objects.get_or_create(username=name, defaults=values)[0]


def _client(user, token=None):
    client = APIClient()
    client.force_authenticate(user, token=token)
    return client


def field_errors(response):
    """The fields that a 400 names, once it is sure that it is one."""
    assert response.status_code == 400, response.content
    assert response["Content-Type"] == "application/problem+json"
    return {error["field"] for error in response.json()["errors"]}


class _Form(HTMLParser):
    """Collects what a browser would send of the first form for a method."""

    def __init__(self):
        super().__init__()
        self.sent, self._inside, self._area, self._select = {}, False, None, None

    def handle_starttag(self, tag, attrs):
        said = dict(attrs)
        if tag == "form" and said.get("enctype") == "multipart/form-data":
            self._inside = True
        if not self._inside or (tag != "option" and "name" not in said):
            return
        if tag == "textarea":
            self._area = said["name"]
            self.sent[self._area] = ""
        elif tag == "select":
            self._select = said["name"]
        elif tag == "option" and "selected" in said:
            self.sent.setdefault(self._select, []).append(said["value"])
        elif tag == "input" and (said.get("type") != "checkbox" or "checked" in said):
            self.sent[said["name"]] = said.get("value", "")

    def handle_data(self, data):
        if self._area:
            self.sent[self._area] += data

    def handle_endtag(self, tag):
        if tag == "textarea":
            self._area = None
        if tag == "form":
            self._inside = False


def untouched(client, path):
    """Send the form of the browsable API as it stands; return the answer."""
    page = client.get(path, headers={"accept": "text/html"})
    form = _Form()
    form.feed(page.content.decode())
    sent = {name: value.strip() if isinstance(value, str) else value
            for name, value in form.sent.items()}  # fmt: skip
    assert "reason" in sent, page.content.decode()[:500]
    return client.post(path, sent, format="multipart")
