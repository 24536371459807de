"""What the API answers is what its OpenAPI document says, whatever one sends.

Small, for every change; `python3 dev.py fuzz` sends more, to a server as it is deployed.
"""

from __future__ import annotations

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from hypothesis import HealthCheck, settings
from rest_framework.test import force_authenticate
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi_checks

from tests.api.world import World, one_connection, undone

pytestmark = [pytest.mark.django_db, pytest.mark.schema]
CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
]
FEW = settings(
    max_examples=5,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


class Server(WSGIHandler):
    """The project, to which everybody is who the test says."""

    caller = None

    def get_response(self, request):
        if self.caller:
            force_authenticate(request, self.caller)
        return super().get_response(request)


server = Server()
whole = schemathesis.openapi.from_wsgi("/api/schema", server)
# What `fuzz` does; it tries each bound of each field.
whole.config.phases.coverage.enabled = False
# A stream of events has no end.
schema = whole.exclude(operation_id="getEvents")


@pytest.fixture
def world():
    return World()


@schema.parametrize()
@FEW
def test_who_may_do_everything_is_answered_as_the_document_says(case, world, monkeypatch):
    monkeypatch.setattr(server, "caller", world.staff)
    with undone(), one_connection():
        case.call_and_validate(checks=CHECKS)


@schema.parametrize()
@FEW
def test_who_is_not_known_is_answered_as_the_document_says(case, world):
    with undone(), one_connection():
        case.call_and_validate(checks=CHECKS)
