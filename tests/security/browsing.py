"""Somebody with a browser: a session at a deployed server, and its forms."""

from __future__ import annotations

import http.client
from contextlib import closing
from http.cookies import SimpleCookie
from typing import NamedTuple
from urllib.parse import urlencode

from django.test import Client

CSRF = "c" * 32


class Page(NamedTuple):
    """What a server answers a browser."""

    status: int
    headers: http.client.HTTPMessage
    text: str


class Browser:
    """Sends forms as a browser does, with the session of a user, who need not sign in by hand."""

    def __init__(self, web, user=None):
        self.web, self.cookies = web, {"csrftoken": CSRF}
        if user:
            client = Client()
            client.force_login(user)
            self.cookies["sessionid"] = client.cookies["sessionid"].value

    def get(self, path, **headers):
        return self.ask("GET", path, None, headers)

    def post(self, path, form):
        body = urlencode({"csrfmiddlewaretoken": CSRF, **form}, doseq=True)
        return self.ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def ask(self, method, path, body, headers):
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        with closing(http.client.HTTPConnection("127.0.0.1", self.web.port, timeout=20)) as link:
            link.request(method, path, body, {"Cookie": cookie, **headers})
            response = link.getresponse()
            page = Page(response.status, response.headers, response.read().decode())
        for line in page.headers.get_all("Set-Cookie", ()):
            self.cookies |= {name: one.value for name, one in SimpleCookie(line).items()}
        return page
