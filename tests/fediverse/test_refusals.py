"""Where no view of the API answers, the answer is a problem document all the same."""

from __future__ import annotations

import logging

import pytest
from django.test import Client

from tests.fediverse import broken
from tests.fediverse.test_problems import is_problem

pytestmark = pytest.mark.django_db
METHODS = ["POST", "PUT", "PATCH", "DELETE"]


@pytest.fixture
def strict():
    """A client that sends no CSRF token, to a server that asks for one."""
    return Client(enforce_csrf_checks=True, raise_request_exception=False)


@pytest.fixture
def broken_urls(settings):
    settings.ROOT_URLCONF = broken.__name__


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", ["/nothing", "/api/nothing", "/api/queue/nothing/", "/adminx"])
def test_an_unknown_address_is_404_whatever_the_method(strict, method, path):
    response = strict.generic(method, path, b"{}", content_type="application/json")
    assert is_problem(response, 404)["code"] == "not_found"


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/health", "GET, HEAD"),
        ("/health/", "GET, HEAD"),
        ("/favicon.ico", "GET, HEAD"),
        ("/", "GET, HEAD, OPTIONS"),
        ("/admin", "GET, HEAD, OPTIONS"),
        ("/api/", "GET, HEAD, OPTIONS"),
        ("/api/schema", "GET, HEAD, OPTIONS"),
        ("/api/docs", "GET, HEAD"),
    ],
)
@pytest.mark.parametrize("method", METHODS)
def test_a_wrong_method_is_405_and_the_right_ones_are_named(strict, path, allowed, method):
    response = strict.generic(method, path)
    assert is_problem(response, 405)["code"] == "method_not_allowed"
    assert response["Allow"] == allowed


@pytest.mark.parametrize("path", ["/admin/login/", "/api-auth/login/"])
def test_a_form_without_its_token_is_a_page_where_people_are(strict, path):
    response = strict.post(path, {"username": "a"})
    assert (response.status_code, response["Content-Type"]) == (403, "text/html; charset=utf-8")


def test_a_plain_view_that_wants_a_token_is_a_problem(strict, broken_urls):
    assert is_problem(strict.post("/api/broken/plain"), 403)["code"] == "csrf_failed"


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("host", ["evil.example", "a b", "testserver:99999x", "[::1", "é"])
def test_a_wrong_host_is_400_with_no_traceback(strict, settings, caplog, host, debug):
    settings.DEBUG = debug
    response = strict.get("/api/", headers={"host": host})
    assert is_problem(response, 400)["code"] == "bad_host"
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded; charset=hex",
        "application/x-www-form-urlencoded; charset=raw_unicode_escape",
        'application/json; charset="utf-16"',
        "multipart/form-data; boundary=x;charset=idna",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_charset_that_is_not_utf_8_is_415(strict, method, content_type):
    response = strict.generic(method, "/api/queue/test-simple", b"a=b", content_type=content_type)
    assert is_problem(response, 415)["code"] == "unsupported_media_type"


@pytest.mark.parametrize("length", ["x", "-1", "+1", "1.5", "٣"])
def test_a_content_length_that_is_no_number_is_400(strict, length):
    is_problem(strict.post("/api/queue/test-simple", CONTENT_LENGTH=length), 400)


@pytest.mark.parametrize("length", ["131073", "9" * 5000])
def test_a_content_length_beyond_the_limit_is_413(strict, length):
    is_problem(strict.post("/api/queue/test-simple", CONTENT_LENGTH=length), 413)


def test_a_nul_in_a_cookie_is_400(strict):
    response = strict.get("/api/", headers={"cookie": 'sessionid="\\000aaaaaaaaaaaa"'})
    assert is_problem(response, 400)["code"] == "nul_character"


@pytest.mark.parametrize("path", ["/api/queue/test-simple", "/api/", "/api/schema", "/api/docs"])
@pytest.mark.parametrize("accept", ["application/x-nothing", "text/x", "a/b;q=x", "image/*"])
def test_what_nobody_can_answer_in_is_406(strict, path, accept):
    method = strict.post if "test" in path else strict.get
    response = method(path, headers={"accept": accept})
    assert is_problem(response, 406)["code"] == "not_acceptable"


def test_too_many_fields_of_a_form_are_400_with_no_traceback(strict, broken_urls, caplog):
    body = "&".join(f"f{n}=1" for n in range(1001))
    response = strict.generic(
        "POST", "/api/broken/body", body, content_type="application/x-www-form-urlencoded"
    )
    is_problem(response, 400)
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize("boundary", ["", "; boundary=", "; boundary=\x01"])
def test_a_multipart_body_that_cannot_be_read_is_400(strict, broken_urls, boundary):
    response = strict.generic(
        "POST", "/api/broken/body", b"--\r\n\r\n", content_type=f"multipart/form-data{boundary}"
    )
    is_problem(response, 400)


@pytest.mark.parametrize("accept", ["application/json", "text/html", "*/*"])
@pytest.mark.parametrize("what", ["query", "crash", "plain"])
def test_what_breaks_says_nothing_of_the_inside(strict, broken_urls, caplog, what, accept):
    headers = {"accept": accept, "x-request-id": "mine"}
    with caplog.at_level(logging.ERROR):
        response = strict.get(f"/api/broken/{what}", headers=headers)
    body = is_problem(response, 500)
    assert (body["code"], body["requestId"]) == ("server_error", "mine")
    text = response.content.decode()
    assert not [word for word in ("secret", "SELECT", "Traceback", ".py", "Error:") if word in text]
    assert [record for record in caplog.records if record.exc_info]


def test_what_django_finds_suspicious_is_400(strict, broken_urls):
    response = strict.get("/api/broken/suspicious")
    assert "secret" not in str(is_problem(response, 400))
