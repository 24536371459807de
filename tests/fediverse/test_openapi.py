"""The OpenAPI document: valid, and whole enough to be read by people."""

from __future__ import annotations

import pytest
import yaml
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema

from fediverse.openapi import is_idempotent, operations
from fediverse.openapi_parts import PROBLEM
from fediverse.root import document
from tests.fediverse.test_problems import PROBLEM as KEYS

DOCUMENT = document()
# Now, for other tests make documents too, with kinds that come and go.
COMPLAINTS = [*GENERATOR_STATS._warn_cache, *GENERATOR_STATS._error_cache]
OPERATIONS = {f"{method.upper()} {path}": it for path, method, it in operations(DOCUMENT)}
EACH = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS.keys())


def test_it_is_valid_and_made_without_a_warning():
    validate_schema(DOCUMENT)
    assert COMPLAINTS == []


@EACH
def test_an_operation_is_described_for_people(operation):
    assert operation["summary"]
    assert operation["description"].strip()
    assert operation["summary"] != operation["description"]
    assert set(operation["tags"]) <= {tag["name"] for tag in DOCUMENT["tags"]}


@EACH
def test_an_operation_shows_a_body_that_can_be_sent(operation):
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    assert content is None or "examples" in content or is_simple(content["schema"])


def is_simple(schema):
    """Whether a body may be empty, so that it can be tried out as it stands."""
    name = schema.get("$ref", "").rpartition("/")[2]
    return not DOCUMENT["components"]["schemas"].get(name, schema).get("required")


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("POST /api/queue/jobs", 201),
        ("POST /api/queue/jobs/bulk", 201),
        ("POST /api/queue/schedules", 201),
        ("PUT /api/queue/schedules/{schedule}", 201),
    ],
)
def test_what_swagger_proposes_is_done(admin_client, name, status):
    method, _, path = name.partition(" ")
    examples = OPERATIONS[name]["requestBody"]["content"]["application/json"]["examples"]
    for example in examples.values():
        send = getattr(admin_client, method.lower())
        address = path.format(schedule="nightly")
        response = send(address, example["value"], content_type="application/json")
        assert response.status_code == status, response.content


@EACH
def test_an_operation_names_how_it_can_fail(operation):
    responses = operation["responses"]
    expected = {"4XX", "5XX", "503"}
    if {} not in operation.get("security", [{}]):
        expected |= {"401", "403"}
    if "requestBody" in operation:
        expected |= {"400", "413", "415"}
    assert expected <= set(responses)
    assert any(status.startswith(("2", "3")) for status in responses)


def test_names_of_operations_are_unique_and_say_method_and_route():
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(names) == len(set(names))
    assert "postTestSimple" in names
    assert all(name.isalnum() for name in names)


def test_addresses_are_written_without_a_slash_at_their_end():
    assert not [path for path in DOCUMENT["paths"] if path.endswith("/")]


def test_requests_that_make_jobs_take_a_key():
    takes = {name for name, operation in OPERATIONS.items() if "IdempotencyKey" in str(operation)}
    assert takes == {
        f"{method.upper()} {path}"
        for path, method, _ in operations(DOCUMENT)
        if is_idempotent(path, method)
    }
    assert "POST /api/queue/test-simple" in takes


@pytest.mark.parametrize(
    ("component", "refused"),
    [
        ("OptionsRequest", set()),
        ("BulkOptionsRequest", {"deduplication"}),
        ("ScheduleOptionsRequest", {"delay", "runAt", "deduplication", "data"}),
        ("TestOptionsRequest", {"queue"}),
    ],
)
def test_options_that_are_refused_are_not_described(component, refused):
    schemas = DOCUMENT["components"]["schemas"]
    described = schemas[component]["properties"]
    assert set(described) == set(schemas["OptionsRequest"]["properties"]) - refused
    bodies = [schema["properties"] for schema in schemas.values() if "properties" in schema]
    whole = [body["options"] for body in bodies if component in str(body.get("options"))]
    assert whole
    assert all(options.get("default", {}) == {} for options in whole)


def test_a_problem_is_described_with_just_the_keys_that_it_has():
    assert set(PROBLEM["required"]) == set(PROBLEM["properties"]) == set(PROBLEM["example"]) == KEYS


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "application/json"),
        ("application/vnd.oai.openapi+json", "application/vnd.oai.openapi+json"),
        ("application/vnd.oai.openapi", "application/vnd.oai.openapi"),
        ("application/yaml", "application/yaml"),
    ],
)
def test_it_is_served_as_json_unless_somebody_asks_for_yaml(client, accept, content_type):
    response = client.get("/api/schema", headers={"accept": accept})
    assert response["Content-Type"].startswith(content_type)
    assert yaml.safe_load(response.content)["paths"].keys() == DOCUMENT["paths"].keys()


@pytest.mark.parametrize("query", ["version=%0d%0ax: y", "lang=%ff", "format=nothing", "script"])
@pytest.mark.parametrize("path", ["/api/schema", "/api/docs"])
def test_no_query_breaks_the_document_or_its_page(client, path, query):
    assert client.get(f"{path}?{query}").status_code in {200, 404}
