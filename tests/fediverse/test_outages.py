"""Postgres is gone, or says nothing: who asks is told so soon, and nothing is held for good."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import OperationalError, connection

from fediverse import problems
from fediverse.pooled import CheckedConnection
from queues.models import Job
from tests.fediverse import broken
from tests.fediverse.test_problems import PROBLEM, is_problem
from tests.wait import until
from tests.web import Proxy, WebProcess

SIMPLE = "/api/queue/test-simple"
JSON = {"Content-Type": "application/json"}
# The wait for a connection, the check of one, and some time for a busy machine.
SOON = 4 + 1.5 + 1.5


@pytest.fixture
def proxy():
    base = connection.settings_dict
    made = Proxy(base["HOST"], base["PORT"])
    yield made
    made.close()


@pytest.fixture
def cookie(django_user_model):
    user = django_user_model.objects.create_superuser("operator", password="a-secret")
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    return f"sessionid={store.session_key}"


@pytest.fixture
def web(tmp_path, transactional_db, proxy):
    base = connection.settings_dict
    address = f"postgres://{base['USER']}:{base['PASSWORD']}@127.0.0.1:{proxy.port}/{base['NAME']}"
    process = WebProcess(tmp_path, DATABASE_URL=address)
    yield process
    process.end()


def is_outage(status, headers, body):
    assert status == 503, body
    assert headers["Retry-After"] == "5"
    assert set(body) == PROBLEM
    assert body["code"] == "unavailable"


@pytest.mark.acceptance
@pytest.mark.parametrize("fault", ["freeze", "close"])
def test_without_postgres_every_address_that_needs_it_is_503_soon(web, proxy, cookie, fault):
    assert web.ask("POST", SIMPLE, "{}", **JSON)[0] == 200
    assert web.ask("GET", "/api/", Cookie=cookie)[0] == 200
    getattr(proxy, fault)()
    started = time.monotonic()
    with ThreadPoolExecutor() as threads:
        asked = [
            threads.submit(web.ask, "POST", SIMPLE, "{}", **JSON),
            threads.submit(web.ask, "GET", "/api/", Cookie=cookie),
            threads.submit(web.ask, "GET", "/api/", Cookie=cookie, Accept="text/html"),
        ]
        page = threads.submit(web.ask, "GET", "/admin/", Cookie=cookie)
        for answer in asked:
            is_outage(*answer.result())
        assert page.result()[0] == 503
    assert time.monotonic() - started < SOON
    assert web.ask("GET", "/api/schema")[0] == 200
    assert "Traceback" not in web.log.read_text()


@pytest.mark.acceptance
def test_when_postgres_speaks_again_so_does_the_web(web, proxy):
    assert web.ask("POST", SIMPLE, "{}", **JSON)[0] == 200
    proxy.freeze()
    is_outage(*web.ask("POST", SIMPLE, "{}", **JSON))
    made = Job.objects.count()
    proxy.thaw()
    until(lambda: web.ask("POST", SIMPLE, "{}", **JSON)[0] == 200, what="the web to be back")
    assert Job.objects.count() > made


def checked(port):
    base = connection.settings_dict
    return CheckedConnection.connect(
        host="127.0.0.1", port=port, user=base["USER"], password=base["PASSWORD"],
        dbname=base["NAME"], autocommit=True,
    )  # fmt: skip


@pytest.mark.django_db
def test_a_check_of_a_good_connection_leaves_it_as_it_was(proxy):
    with checked(proxy.port) as mine:
        mine.execute("")
        assert mine.execute("SELECT 1").fetchone() == (1,)
        mine.execute("")


@pytest.mark.django_db
@pytest.mark.parametrize("fault", ["freeze", "close"])
def test_a_check_of_a_connection_that_says_nothing_comes_to_an_end(proxy, fault):
    mine = checked(proxy.port)
    getattr(proxy, fault)()
    started = time.monotonic()
    with pytest.raises(psycopg.OperationalError):
        mine.execute("")
    assert time.monotonic() - started < 3
    mine.close()


@pytest.mark.django_db
def test_a_check_notices_that_postgres_ended_the_connection(proxy):
    mine = checked(proxy.port)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [mine.info.backend_pid])
    with pytest.raises(psycopg.OperationalError):
        mine.execute("")
    mine.close()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/broken/query", "/api/broken/plain"])
def test_an_outage_in_the_middle_of_a_view_is_503_too(client, settings, monkeypatch, path):
    settings.ROOT_URLCONF = broken.__name__

    def cut(*_arguments):
        raise OperationalError("server closed the connection; SELECT secret")

    monkeypatch.setattr(connection, "cursor", cut)
    response = client.get(path)
    assert "secret" not in str(is_problem(response, 503))
    assert response["Retry-After"] == str(problems.RETRY_SECONDS)
