"""Everybody is let in where the matrix says so, and nowhere else."""

from __future__ import annotations

import pytest

from tests.api.matrix import BODIES, BY_SESSION, MATRIX, OPEN, OWNED, PLACES, PRIVATE, SESSION
from tests.api.routes import routes
from tests.api.world import World

pytestmark = pytest.mark.django_db
ENTRIES = [(route, method) for route, methods in MATRIX.items() for method in methods]
ROUTES = routes()
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PURGE")
WRONG = [
    (route, method)
    for route, methods in MATRIX.items()
    for method in METHODS
    # Who has no session is sent to the login before anything else is looked at.
    if method not in methods and route != "nowhere" and SESSION not in methods.values()
]


@pytest.fixture
def world():
    return World()


def test_every_route_and_method_is_in_the_matrix_and_no_other():
    answered = {(name, method) for name, route in ROUTES.items() for method in route.methods}
    assert answered - set(ENTRIES) == set(), "add them to tests/api/matrix.py"
    assert set(ENTRIES) - answered == set(), "there are none; remove them from tests/api/matrix.py"


def test_the_tables_beside_the_matrix_are_about_what_is_in_it():
    assert {name: set(route.places) for name, route in ROUTES.items() if route.places} == {
        name: set(places) for name, places in PLACES.items()
    }
    assert set(PLACES) >= OWNED >= PRIVATE >= BY_SESSION
    assert set(BODIES) <= set(ENTRIES)


def expected(route, method, caller):
    """Return the statuses that a caller may get: those of one refusal, or None if let in."""
    needed = MATRIX[route][method]
    if needed == OPEN:
        return None
    if needed == SESSION:
        return 302
    if caller.scopes is None:
        return 401
    if needed - caller.scopes:
        return 403
    if route in BY_SESSION and caller.token:
        return 404
    strangers = {"B", "staff"} if route in PRIVATE else {"B"}
    return 404 if route in OWNED and caller.name in strangers else None


@pytest.mark.parametrize(("route", "method"), ENTRIES)
def test_everybody_gets_what_the_matrix_says(world, route, method):
    for caller in world.callers():
        response = world.ask(route, method, caller)
        status, said = expected(route, method, caller), (caller.name, response.content[:300])
        assert response.status_code < 500, said
        if status is None:
            closed = {401, 403, 405} if route == "nowhere" else {401, 403, 404, 405}
            assert response.status_code not in closed, said
            continue
        assert response.status_code == status, said
        if status == 302:
            assert response["Location"].startswith("/api-auth/login/?next=/account"), said
            continue
        assert response["Content-Type"] == "application/problem+json"
        if status == 403:
            missing = MATRIX[route][method] - caller.scopes
            assert response.json()["code"] == "missing_scope"
            assert any(scope in response.json()["detail"] for scope in missing), said


@pytest.mark.parametrize(("route", "method"), sorted(BODIES))
def test_a_body_of_the_table_is_carried_out(world, route, method):
    staff = next(caller for caller in world.callers() if caller.name == "staff")
    response = world.ask(route, method, staff)
    assert 200 <= response.status_code < 300, response.content


@pytest.mark.parametrize(("route", "method"), WRONG)
def test_another_method_is_refused_with_the_right_ones_named(world, route, method):
    staff = next(caller for caller in world.callers() if caller.name == "staff")
    response = world.ask(route, method, staff)
    assert response.status_code == 405, response.content
    allowed = set(response["Allow"].split(", "))
    assert set(MATRIX[route]) <= allowed
    assert method not in allowed


@pytest.mark.parametrize("route", MATRIX)
def test_looking_at_the_head_or_the_options_breaks_nothing(world, route):
    for caller in world.callers():
        for method in ("HEAD", "OPTIONS"):
            assert world.ask(route, method, caller).status_code < 500
