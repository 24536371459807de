"""Whatever is sent, to whatever address: it is carried out, or refused in a problem document."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fediverse.openapi import operations, route_of
from fediverse.root import document
from tests.api.matrix import BODIES, MATRIX, PLACES
from tests.api.world import World, end, undone
from tests.fediverse.test_problems import PROBLEM

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"
JSON = "application/json"
# Pages of Django's own; what they answer is no document.
ENTRIES = [
    (route, method)
    for route, methods in MATRIX.items()
    for method in methods
    if not route.startswith("rest_framework")
]
WRITES = [(route, method) for route, method in ENTRIES if method != "GET"]


def part(name, value, extra=""):
    head = f'--x\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n'
    return head.encode() + value + b"\r\n--x--\r\n"


SENT = {
    "nothing": (b"", JSON),
    "no JSON": (b"{", JSON),
    "bytes": (b"\xff\xfe\x00\x80", JSON),
    "a byte order mark": (b"\xef\xbb\xbf{}", JSON),
    "UTF-16": ("{}".encode("utf-16"), JSON),
    "a NUL in a value": (b'{"reason": "\\u0000"}', JSON),
    "a NUL in a key": (b'{"\\u0000": 1}', JSON),
    "a lone surrogate": (b'{"reason": "\\ud800"}', JSON),
    "a lone surrogate in a key": (b'{"\\udfff": 1}', JSON),
    "no number": (b'{"delay": NaN}', JSON),
    "infinity": (b'{"delay": -Infinity}', JSON),
    "a huge number": (b'{"delay": 1e400}', JSON),
    "digits": (b'{"delay": ' + b"9" * 5000 + b"}", JSON),
    "depth": (b"[" * 50_000, JSON),
    "many values": (b"[" + b"[]," * 40_000 + b"0]", JSON),
    "many texts": (b"[" + b'"",' * 40_000 + b"0]", JSON),
    "many backslashes": (b'{"reason": "' + b"\\\\" * 50_000 + b'"}', JSON),
    "a text without an end": (b'{"reason": "' + b'\\"' * 50_000, JSON),
    "a repeated key": (b'{"reason": "a", "reason": "b"}', JSON),
    "a list": (b"[]", JSON),
    "a text": (b'"x"', JSON),
    "null": (b"null", JSON),
    "a long key": (json.dumps({"k" * 100_000: 1}).encode(), JSON),
    "too much": (b'{"a": "' + b"x" * (9 * 1024 * 1024) + b'"}', JSON),
    "a form": (b"reason=a&reason=b&x", FORM),
    "a form of a NUL": (b"reason=%00", FORM),
    "a form of a NUL in a name": (b"%00=1", FORM),
    "a form of a lone surrogate": (b"reason=%ED%A0%80", FORM),
    "a form of bytes": (b"\xff=\xfe&%zz=%", FORM),
    "a form of many": (b"&".join(b"f%d=1" % n for n in range(1500)), FORM),
    "a part": (part("reason", b"a"), MULTIPART),
    "a part of a NUL": (part("reason", b"\x00"), MULTIPART),
    "a part of bytes": (part("reason", b"\xff\xed\xa0\x80"), MULTIPART),
    "a part with a NUL in its name": (part("\x00", b"a"), MULTIPART),
    "a file": (part("reason", b"a", '; filename="a"'), MULTIPART),
    "half a part": (part("reason", b"a")[:-9], MULTIPART),
    "parts without a boundary": (b"--x", "multipart/form-data"),
    "XML": (b"<a/>", "text/xml"),
    "no type": (b"{}", ""),
    "a type that is none": (b"{}", ";;;"),
    "another charset": (b"reason=a", f"{FORM}; charset=utf-7"),
}
QUERIES = [
    "format=xml", "format=%00", "cursor=%00", "cursor=x", "cursor=%ff", "limit=-1", "limit=x",
    "limit=99999999999999999999", "limit=%D9%A3", "page=0", "ordering=password", "ordering=%00",
    "state=nothing", "queue=%ED%A0%80", "id=1e9", "owner=" + "x" * 3000, "createdAfter=x",
    "createdAfter=99999-01-01", "after=0-0", "after=%00", "since=-1", "unread=maybe", "read=maybe",
    "all=true", "read=true&all=true", "read=%00", "&&&=&",
    "%", "a" * 4000, "q[]=1&q[]=2", "search=%27%3B--", "search=%25%25", "search=\\",
]  # fmt: skip
HEADERS = [
    {"accept": ""}, {"accept": "x"}, {"accept": "*/*;q=x"}, {"accept": "application/json;indent=x"},
    {"accept": "text/html"}, {"accept": "text/event-stream"}, {"accept": "é/\xff"},
    {"accept": "application/json; indent=" + "9" * 5000},
    {"authorization": ""}, {"authorization": "Bearer"}, {"authorization": "Bearer é\xff"},
    {"authorization": "Bearer \x00"}, {"authorization": "Basic x"}, {"authorization": "x" * 8000},
    {"authorization": "Bearer fh_" + "0" * 16 + "_" + "0" * 64},
    {"cookie": 'sessionid="\\000aaaaaaaaa"'}, {"cookie": "sessionid=" + "x" * 4000},
    {"cookie": "=;;=\xff; csrftoken=\xff"}, {"cookie": "messages=x; sessionid=\x01\x02345678"},
    {"idempotency-key": ""}, {"idempotency-key": "\xff"}, {"idempotency-key": "x" * 300},
    {"if-none-match": '"'}, {"if-none-match": "W/"}, {"if-modified-since": "x"},
    {"if-modified-since": "Sun, 06 Nov 99999 08:49:37 GMT"}, {"last-event-id": "x\xff"},
    {"last-event-id": "9" * 100}, {"x-request-id": "\x00\n"}, {"x-forwarded-for": "\x00,;é"},
    {"x-forwarded-for": "1.2.3.4, " * 500}, {"origin": "http://["}, {"referer": "http://["},
    {"range": "bytes=9-1"}, {"expect": "x"}, {"host": "[::1"}, {"x-http-method-override": "X"},
    {"content-length": "x"}, {"transfer-encoding": "chunked"}, {"forwarded": "for=\xff"},
]  # fmt: skip


@pytest.fixture(scope="session")
def fields():
    """The fields that each operation takes, by its route and method."""
    schemas = document()["components"]["schemas"]
    found = {}
    for path, method, operation in operations(document()):
        content = operation.get("requestBody", {}).get("content", {})
        for name in (it["schema"].get("$ref", "").rpartition("/")[2] for it in content.values()):
            found[route_of(path), method.upper()] = list(
                schemas.get(name, {}).get("properties", ())
            )
    return found


@pytest.fixture
def world():
    return World()


def staff_of(world):
    return next(caller for caller in world.callers() if caller.name == "staff")


def send(world, caller, route, method, *, body=b"", content_type=JSON, query="", headers=None):
    """Send it, check the answer, and return it; whatever was done for it is undone."""
    with undone():
        response = caller.client().generic(
            method,
            world.path(route),
            body,
            content_type=content_type,
            QUERY_STRING=query,
            headers=headers,
        )
        if response.streaming:
            end(response)
    said = (caller.name, method, route, body[:80], query[:80], headers, response)
    assert response.status_code < 500, said
    is_page = response.headers.get("Content-Type", "").startswith("text/html")
    if response.status_code >= 400 and not is_page:
        assert response["Content-Type"] == "application/problem+json", said
        assert set(response.json()) == PROBLEM, said
    return response


@pytest.mark.parametrize("what", SENT)
def test_no_body_breaks_anything(world, what):
    body, content_type = SENT[what]
    for route, method in WRITES:
        send(world, staff_of(world), route, method, body=body, content_type=content_type)


@pytest.mark.parametrize("query", QUERIES)
def test_no_query_breaks_anything(world, query):
    for route, method in ENTRIES:
        for caller in world.callers():
            if caller.name in {"anonymous", "A", "staff"}:
                send(world, caller, route, method, query=query)


@pytest.mark.parametrize("headers", HEADERS, ids=str)
def test_no_header_breaks_anything(world, headers):
    for route, method in ENTRIES:
        for caller in world.callers():
            if caller.name in {"anonymous", "staff"}:
                body = json.dumps(world.body(route, method, caller) or {}).encode()
                send(world, caller, route, method, body=body, headers=headers)


PLACED = [
    "0",
    "9" * 18,
    "9" * 19,
    "-1",
    "%00",
    "a%2Fb",
    "..",
    "%ED%A0%80",
    "é",
    "1" * 3000,
    "*",
    "%",
]


@pytest.mark.parametrize("text", PLACED)
def test_nothing_that_stands_in_an_address_breaks_anything(world, text):
    staff = staff_of(world)
    for route, places in PLACES.items():
        (name,) = places.values()
        address = world.path(route).replace(str(world.objects.get(name, name)), quote(text, "%"))
        for method in MATRIX[route]:
            with undone():
                body = json.dumps(world.body(route, method, staff) or {})
                response = staff.client().generic(method, address, body, content_type=JSON)
            assert response.status_code in {200, 201, 202, 204, 301, 400, 404, 405, 409}, response


@pytest.mark.parametrize(("route", "method"), sorted(BODIES))
@pytest.mark.parametrize("value", [b"%00", b"a%00b"])
def test_a_nul_in_a_field_of_a_form_is_400(world, fields, route, method, value):
    staff = staff_of(world)
    for name in fields[route, method]:
        body = name.encode() + b"=" + value
        response = send(world, staff, route, method, body=body, content_type=FORM)
        assert response.status_code == 400, (name, response.content)


TEXTS = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=40)
TRICKY = st.sampled_from(["\x00", "\ud800", "1", "{}", "retry", "notifications", "*", "-1"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | TRICKY,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def requests(draw, fields):
    """Any request: an entry of the matrix, a body that may fit its fields, a query and headers."""
    route, method = draw(st.sampled_from(ENTRIES))
    names = st.sampled_from([*fields.get((route, method), ()), "x"])
    whole = st.dictionaries(names, VALUES, max_size=5).map(lambda it: json.dumps(it).encode())
    named = st.sampled_from(["accept", "authorization", "cookie", "idempotency-key", "origin"])
    return {
        "route": route,
        "method": method,
        "body": draw(st.one_of(st.binary(max_size=200), whole)),
        "content_type": draw(st.sampled_from([JSON, JSON, JSON, FORM, MULTIPART]) | TEXTS),
        "query": draw(st.just("") | st.text(max_size=30).map(lambda it: quote(it, "&=%"))),
        "headers": draw(st.dictionaries(named, TEXTS, max_size=2)),
    }


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_nothing_at_all_breaks_anything(world, fields, data):
    request = data.draw(requests(fields))
    callers = {caller.name: caller for caller in world.callers()}
    caller = callers[data.draw(st.sampled_from(["anonymous", "A", "staff"]))]
    send(world, caller, **request)
