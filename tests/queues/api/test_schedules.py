"""Schedules over HTTP: what is written is read, by those who may, and what is wrong is named."""

from __future__ import annotations

from types import SimpleNamespace
from urllib.parse import quote

import pytest
from django.contrib.auth.models import Permission
from rest_framework.test import APIClient

from queues import schedules
from queues.models import AuditEntry, Job, Schedule
from queues.retry import Backoff
from tests.counting import answering
from tests.forms import untouched
from tests.jobs import Act
from tests.threads import together

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/queue/schedules"
ACT = Act(what="return")
PAYLOAD = {"what": "return", "text": ""}
NEW = {"name": "nightly", "kind": "tests.act", "payload": PAYLOAD, "cron": "30 2 * * *"}
BODY = {key: value for key, value in NEW.items() if key != "name"}


def client_of(user, *scopes):
    client = APIClient()
    client.force_authenticate(user, SimpleNamespace(scopes=frozenset(scopes)) if scopes else None)
    return client


@pytest.fixture
def api(admin_user):
    return client_of(admin_user)


def verbs():
    return list(AuditEntry.objects.order_by("pk").values_list("verb", "actor", "door", "reason"))


def test_a_schedule_is_created_read_changed_replaced_and_removed(api):
    made = api.post(URL, {**NEW, "reason": "for Ada"})
    assert (made.status_code, made.data["data"]["nextAt"][10:]) == (201, "T02:30:00Z")
    assert made["Location"] == f"http://testserver{URL}/nightly"
    found = api.get(made["Location"]).data["data"]
    assert found == made.data["data"]
    changed = api.patch(f"{URL}/nightly", {"overlap": "allow", "isEnabled": False})
    wanted = {**found, "overlap": "allow", "isEnabled": False, "nextAt": None, "nextRuns": []}
    wanted["updatedAt"] = changed.data["data"]["updatedAt"]
    assert changed.data["data"] == wanted
    replaced = api.put(f"{URL}/nightly/", {**BODY, "cron": None, "every": 60_000})
    data = replaced.data["data"]
    assert (replaced.status_code, data["cron"], data["every"]) == (200, "", 60_000)
    assert (data["overlap"], data["isEnabled"]) == ("skip", False)
    gone = api.delete(f"{URL}/nightly?reason=enough")
    assert (gone.status_code, gone.content) == (204, b"")
    assert not Schedule.objects.exists()
    assert verbs() == [
        ("create-schedule", "admin", "API", "for Ada"),
        ("change-schedule", "admin", "API", ""),
        ("change-schedule", "admin", "API", ""),
        ("remove-schedule", "admin", "API", "enough"),
    ]


def test_put_makes_a_schedule_that_is_not_there(api):
    made = api.put(f"{URL}/a/b c", BODY)
    assert (made.status_code, made.data["data"]["name"]) == (201, "a/b c")
    assert api.put(f"{URL}/a/b c", BODY).status_code == 200
    assert [verb for verb, *_ in verbs()] == ["create-schedule"]


def test_a_name_that_is_taken_is_a_conflict_and_changes_nothing(api):
    schedules.upsert("nightly", ACT, every=60)
    refused = api.post(URL, NEW)
    assert (refused.status_code, refused.data["code"]) == (409, "conflict")
    assert Schedule.objects.get().every_seconds == 60


def test_of_two_who_create_the_same_name_one_does(admin_user):
    def create():
        return client_of(admin_user).post(URL, NEW).status_code

    assert sorted(together(create, create, create)) == [201, 409, 409]
    assert Schedule.objects.count() == 1


def test_each_option_is_read_as_it_was_written(api):
    options = {
        "priority": 3,
        "attempts": 7,
        "backoff": {"type": "exponential", "delay": 2000, "jitter": 0.5, "cap": 60_000},
        "timeout": 1000,
        "removeOnComplete": {"count": 5, "age": 60},
        "removeOnFail": False,
        "lifo": True,
        "limitKey": "a",
        "queue": "notifications",
    }
    times = {
        "timeZone": "Europe/Berlin",
        "startsAt": "2031-01-01T00:00:00Z",
        "endsAt": "2032-01-01T00:00:00Z",
        "limit": 9,
        "jitter": 5000,
        "overlap": "replace",
        "misfire": "skip",
        "isEnabled": False,
    }
    api.post(URL, {**NEW, **times, "options": options})
    found = api.get(f"{URL}/nightly").data["data"]
    assert {name: found[name] for name in times} == times
    assert found["options"] == options
    assert Schedule.objects.get().options["timeout"] == 1
    again = {name: found[name] for name in (*BODY, *times, "options")}
    assert api.put(f"{URL}/nightly", again).status_code == 200
    assert len(verbs()) == 1


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ({"keep_completed": True}, {"removeOnComplete": 0}),
        ({"keep_failed": {"age": 9}}, {"removeOnFail": {"age": 9}}),
        ({"backoff": Backoff(delay=5)}, {"backoff": Backoff(delay=5).as_json()}),
        ({"timeout": None}, {}),
    ],
)
def test_options_that_code_said_are_read_in_the_clients_names(api, stored, shown):
    schedules.upsert("coded", ACT, every=60, options=stored)
    assert api.get(f"{URL}/coded").data["data"]["options"] == shown


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"cron": "30 25 * * *"}, "cron", "hour is '25'"),
        ({"cron": "0 0 30 2 *"}, "cron", "never happens"),
        ({"cron": ""}, "cron", "is left out, and so is every"),
        ({"cron": 5}, "cron", "Not a valid string"),
        ({"every": 60_000}, "every", "together with cron"),
        ({"cron": None, "every": 1500}, "every", "multiple of 1000"),
        ({"cron": None, "every": 0}, "every", "greater than or equal to 1000"),
        ({"cron": None, "every": 10**15}, "every", "less than or equal to"),
        ({"cron": None, "every": True}, "every", "valid integer"),
        ({"timeZone": "Mars"}, "timeZone", "such as UTC or Europe/Berlin"),
        ({"timeZone": ""}, "timeZone", "blank"),
        ({"kind": "tests.actt"}, "kind", "did you mean tests.act?"),
        ({"kind": None}, "kind", "null"),
        ({"payload": {"what": 1}}, "payload", "what is a int"),
        ({"payload": {"odd": "x"}}, "payload", "'odd' is no field"),
        ({"payload": [1]}, "payload", "allowed: a JSON object"),
        ({"overlap": "both"}, "overlap", "allowed: allow, skip, replace"),
        ({"misfire": ["skip"]}, "misfire", "allowed: skip, run-once"),
        ({"startsAt": "soon"}, "startsAt", "format"),
        ({"startsAt": "1901-01-01T00:00:00Z"}, "startsAt", "1970 to 2999"),
        ({"startsAt": "2031-01-02T00:00:00Z", "endsAt": "2031-01-01T00:00:00Z"}, "endsAt", "later"),
        ({"limit": 0}, "limit", "greater than or equal to 1"),
        ({"limit": 2**31}, "limit", "less than or equal to"),
        ({"jitter": 1}, "jitter", "multiple of 1000"),
        ({"jitter": -1000}, "jitter", "greater than or equal to 0"),
        ({"isEnabled": "yes"}, "isEnabled", "boolean"),
        ({"options": {"delay": 1}}, "options.delay", "allowed: attempts"),
        ({"options": {"deduplication": {"id": "a"}}}, "options.deduplication", "allowed:"),
        ({"options": {"backoff": {"type": "handler"}}}, "options.backoff", "no function"),
        ({"options": {"queue": "nowhere"}}, "options.queue", "allowed: content-aggregation"),
        ({"nextAt": None}, "nextAt", "Unknown field"),
        ({"reason": "x" * 1001}, "reason", "1000"),
    ],
)
@pytest.mark.parametrize("method", ["post", "put", "patch"])
def test_what_is_wrong_is_named_and_changes_nothing(api, method, change, field, says):
    if method == "patch":
        schedules.upsert("nightly", ACT, cron="30 2 * * *")
        if "cron" not in change and "every" in change:
            change = {**change, "cron": "1 1 * * *"}
    before = list(Schedule.objects.values())
    body = {"post": {**NEW, **change}, "put": {**BODY, **change}, "patch": change}[method]
    refused = getattr(api, method)(URL if method == "post" else f"{URL}/nightly", body)
    assert refused.status_code == 400, refused.data
    assert [error["field"] for error in refused.data["errors"]] == [field]
    assert says in refused.data["errors"][0]["message"]
    assert list(Schedule.objects.values()) == before


def test_of_kinds_that_are_the_engines_own_there_are_no_schedules(api):
    task = {"kind": "django.task", "payload": {}}
    for refused in (api.post(URL, {**NEW, **task}), api.put(f"{URL}/nightly", {**BODY, **task})):
        assert refused.data["errors"][0]["code"] == "unknown_kind"
    schedules.upsert("nightly", ACT, every=60)
    Schedule.objects.update(kind="django.task")
    for change in (task, {"payload": {}}):
        refused = api.patch(f"{URL}/nightly", change)
        assert refused.data["errors"][0]["field"] == "kind"


@pytest.mark.parametrize(
    "name", ["", "a" * 201, "a\nb", "a/run", "/", "a//b", "../a", "a/.", "\u200b", 7, None]
)
def test_a_name_that_could_not_be_addressed_is_refused(api, name):
    refused = api.post(URL, {**NEW, "name": name})
    assert refused.status_code == 400
    assert refused.data["errors"][0]["field"] == "name"


@pytest.mark.parametrize("name", ["run", "a/run/b", "ünï cödé/%2F?#&+", " a ", "'; --", "a.b/1"])
def test_any_other_name_is_addressed_by_itself(api, name):
    address = f"{URL}/{quote(name, safe='/')}"
    assert api.put(address, BODY).data["data"]["name"] == name
    assert api.get(address).data["data"]["name"] == name
    assert api.post(f"{address}/run", {}).status_code == 201
    assert api.delete(address).status_code == 204


@pytest.mark.parametrize("method", ["get", "patch", "delete"])
@pytest.mark.parametrize("name", ["other", "a" * 300])
def test_there_is_none_of_another_name(api, method, name):
    refused = getattr(api, method)(f"{URL}/{name}")
    assert refused.status_code in ({404} if len(name) < 200 else {404, 400})


def test_runs_to_come_are_shown_as_clocks_do(api):
    cron = {"cron": "30 2 * * *", "timeZone": "Europe/Berlin", "startsAt": "2031-03-29T00:00:00Z"}
    api.post(URL, {**NEW, **cron})
    runs = api.get(f"{URL}/nightly?runs=3").data["data"]["nextRuns"]
    assert runs == [
        {"at": "2031-03-29T01:30:00Z", "local": "2031-03-29T02:30:00+01:00", "mark": None},
        {"at": "2031-03-30T01:00:00Z", "local": "2031-03-30T03:00:00+02:00", "mark": "moved"},
        {"at": "2031-03-31T00:30:00Z", "local": "2031-03-31T02:30:00+02:00", "mark": None},
    ]
    assert len(api.get(f"{URL}/nightly").data["data"]["nextRuns"]) == 10
    assert len(api.get(f"{URL}/nightly?runs=100").data["data"]["nextRuns"]) == 100


@pytest.mark.parametrize("query", ["runs=0", "runs=101", "runs=x", "runs=1&runs=2", "run=1"])
def test_a_number_of_runs_that_is_not_shown_is_refused(api, query):
    schedules.upsert("nightly", ACT, every=60)
    refused = api.get(f"{URL}/nightly?{query}")
    assert (refused.status_code, len(refused.data["errors"])) == (400, 1)


def test_a_schedule_that_cannot_be_read_is_shown_all_the_same(api):
    schedules.upsert("nightly", ACT, cron="* * * * *")
    Schedule.objects.update(time_zone="Mars", kind="gone", last_error="no zone")
    found = api.get(f"{URL}/nightly").data["data"]
    assert (found["nextRuns"], found["lastError"]) == ([], "no zone")
    assert api.patch(f"{URL}/nightly", {"isEnabled": False}).status_code == 200
    refused = api.patch(f"{URL}/nightly", {"limit": 1})
    assert refused.data["errors"][0]["field"] == "kind"


def test_one_of_cron_and_every_takes_the_others_place(api):
    schedules.upsert("nightly", ACT, cron="* * * * *")
    every = api.patch(f"{URL}/nightly", {"every": 5000}).data["data"]
    assert (every["cron"], every["every"]) == ("", 5000)
    cron = api.patch(f"{URL}/nightly", {"cron": "1 * * * *"}).data["data"]
    assert (cron["cron"], cron["every"]) == ("1 * * * *", None)


def test_a_change_of_two_fields_at_once_loses_neither(admin_user):
    schedules.upsert("nightly", ACT, every=60)

    def change(said):
        return lambda: client_of(admin_user).patch(f"{URL}/nightly", said).status_code

    assert together(change({"limit": 3}), change({"overlap": "allow"})) == [200, 200]
    found = Schedule.objects.get()
    assert (found.limit, found.overlap) == (3, "allow")


def test_a_schedule_is_run_now_and_once_by_its_key(api):
    schedules.upsert("nightly", ACT, every=3600)
    next_at = Schedule.objects.get().next_at
    first, again = (
        api.post(f"{URL}/nightly/run", {"reason": "why not"}, HTTP_IDEMPOTENCY_KEY="k")
        for _ in range(2)
    )
    assert (first.status_code, again.data) == (201, first.data)
    assert again.headers["Idempotency-Replayed"] == "true"
    job = Job.objects.get()
    assert (first.data["data"]["id"], job.schedule_id) == (job.pk, Schedule.objects.get().pk)
    assert Schedule.objects.get().next_at == next_at
    assert verbs()[-1] == ("run-schedule", "admin", "API", "why not")
    assert api.get(f"{URL}/nightly").data["data"]["lastJobId"] == job.pk


def test_creating_twice_by_one_key_is_creating_once(api):
    answers = [api.post(URL, NEW, HTTP_IDEMPOTENCY_KEY="k") for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert answers[0]["Location"] == answers[1]["Location"]


def test_lists_go_by_name_and_by_what_is_asked_for(api):
    for name in ("c", "a", "b"):
        schedules.upsert(name, ACT, every=60, enabled=name != "b")
    schedules.upsert("d", ACT, every=60, options={"queue": "notifications"})

    def names(query=""):
        answer = api.get(f"{URL}{query}")
        assert answer.status_code == 200
        return [one["name"] for one in answer.data["data"]]

    with answering() as queries:
        assert names() == ["a", "b", "c", "d"]
    assert len(queries) <= 2
    assert names("?isEnabled=false") == ["b"]
    assert names("?queue=notifications") == ["d"]
    assert names("?queue=contentAggregation&isEnabled=true") == ["a", "c"]
    assert names("?kind=other") == []
    page = api.get(f"{URL}?pageSize=3").data
    assert [one["name"] for one in api.get(page["next"]).data["data"]] == ["d"]


@pytest.mark.parametrize(
    "query", ["isEnabled=yes", "isEnabled=1", "queue=x", "name=a", "pageSize=101"]
)
def test_a_filter_that_is_none_is_refused(api, query):
    refused = api.get(f"{URL}?{query}")
    assert refused.status_code == 400
    assert refused.data["errors"][0]["field"] == query.partition("=")[0]


CALLS = [
    ("get", URL, "read", 200),
    ("get", f"{URL}/nightly", "read", 200),
    ("post", URL, "manage", 409),
    ("put", f"{URL}/nightly", "manage", 200),
    ("patch", f"{URL}/nightly", "manage", 200),
    ("post", f"{URL}/nightly/run", "manage", 201),
    ("delete", f"{URL}/nightly", "manage", 204),
]


@pytest.mark.parametrize(("method", "url", "scope", "status"), CALLS)
def test_who_may_do_what(django_user_model, admin_user, method, url, scope, status):
    user = django_user_model.objects.create_user("ada")
    looker = django_user_model.objects.create_user("bob")
    looker.user_permissions.add(Permission.objects.get(codename="view_job"))
    body = {"post": {} if url.endswith("run") else NEW, "put": BODY, "patch": {}}.get(method)

    def ask(*who):
        schedules.upsert("nightly", ACT, cron="30 2 * * *")
        return getattr(client_of(*who), method)(url, body).status_code

    reads, manages = "queue:read", "queue:manage"
    assert getattr(APIClient(), method)(url, body).status_code == 401
    assert ask(user) == 403
    assert ask(looker) == (200 if scope == "read" else 403)
    assert ask(looker, reads) == (200 if scope == "read" else 403)
    assert ask(user, reads) == 403
    assert ask(user, reads, "queue:write") == 403
    assert ask(user, manages) == (403 if scope == "read" else status)
    assert ask(user, reads, manages) == status
    assert ask(admin_user) == status


def test_the_forms_of_the_browsable_api_may_be_sent_untouched(api):
    fields = untouched(api.get(URL, HTTP_ACCEPT="text/html"))
    assert fields["name"] == "example"
    made = api.post(URL, fields, format="multipart")
    assert made.status_code == 201, (made.json()["errors"], fields)
    data = made.data["data"]
    assert (data["cron"], data["isEnabled"], data["limit"]) == ("0 * * * *", True, None)
    schedules.change("example", limit=7, options={"priority": 4})
    before = Schedule.objects.values().get()
    fields = untouched(api.get(f"{URL}/example", HTTP_ACCEPT="text/html"))
    replaced = api.put(f"{URL}/example", fields, format="multipart")
    assert replaced.status_code == 200, (replaced.json()["errors"], fields)
    assert Schedule.objects.values().get() == before
    ran = api.post(f"{URL}/example/run", {"reason": ""}, format="multipart")
    assert ran.status_code == 201


def test_the_page_of_a_schedule_that_is_not_there_says_so(api):
    page = api.get(f"{URL}/nowhere", HTTP_ACCEPT="text/html")
    assert (page.status_code, "nowhere" in page.content.decode()) == (404, True)


def test_redis_need_not_be_there(api, own_redis):
    own_redis.kill()
    schedules.upsert("nightly", ACT, every=60)
    assert api.post(f"{URL}/nightly/run", {}).status_code == 201
