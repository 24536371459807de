"""Who may do what over HTTP: every route, and every method that it answers.

A route or a method that is missing here fails the tests, and so does an entry without a route.

To add a route: an entry in MATRIX; in PLACES, what stands in its address (an object of
`tests.api.world`, or a text); in OWNED, if it shows what belongs to one user; in BODIES, what to
send to it. A method's entry is OPEN, SIGNED_IN, SESSION, or the scopes that are needed, all of
them.
"""

from __future__ import annotations

OPEN = "open"
# A page for people: whoever has no session is sent to the login, be they known by a token or not.
SESSION = "session"
# Whoever is known, whatever their token is for.
SIGNED_IN: frozenset[str] = frozenset()
READ = frozenset({"queue:read"})
WRITE = frozenset({"queue:write"})
MANAGE = frozenset({"queue:manage"})
HUB_READ = frozenset({"hub:read"})
HUB_WRITE = frozenset({"hub:write"})
# What concerns everybody's jobs: to look at it takes both.
OPERATORS = READ | MANAGE

MATRIX: dict[str, dict[str, str | frozenset[str]]] = {
    "home": {"GET": OPEN},
    "health": {"GET": OPEN},
    "favicon": {"GET": OPEN},
    "nowhere": {"GET": OPEN},
    "admin-slash": {"GET": OPEN},
    "rest_framework:login": {"GET": OPEN, "POST": OPEN, "PUT": OPEN},
    "rest_framework:logout": {"POST": OPEN},
    "account": {"GET": SESSION},
    "account-token-new": {"GET": SESSION, "POST": SESSION},
    "account-token-revoke": {"POST": SESSION},
    "account-password": {"GET": SESSION, "POST": SESSION},
    "admin-password": {"GET": OPEN},
    "api-root": {"GET": OPEN},
    "schema": {"GET": OPEN},
    "docs": {"GET": OPEN},
    "auth-token": {"GET": SIGNED_IN, "POST": OPEN, "DELETE": SIGNED_IN},
    "notifications": {"GET": HUB_READ, "DELETE": HUB_WRITE},
    "notification": {"DELETE": HUB_WRITE},
    "auth-tokens": {"GET": SIGNED_IN},
    "auth-own-token": {"DELETE": SIGNED_IN},
    "auth-password": {"POST": OPEN},
    "notification-read": {"POST": HUB_WRITE},
    "test-simple": {"POST": OPEN},
    "test-content-aggregation": {"POST": WRITE},
    "test-notification": {"POST": WRITE},
    "test-user-action": {"POST": WRITE},
    "test-bulk-jobs": {"POST": WRITE},
    "jobs": {"GET": READ, "POST": WRITE},
    "jobs-bulk": {"POST": WRITE},
    "job": {"GET": READ, "PATCH": WRITE, "DELETE": WRITE},
    "job-retry": {"POST": WRITE},
    "job-cancel": {"POST": WRITE},
    "job-promote": {"POST": WRITE},
    "job-actions": {"POST": MANAGE},
    "stats": {"GET": READ},
    "cleanup": {"POST": MANAGE},
    "queues": {"GET": READ},
    "queue": {"GET": READ, "PATCH": MANAGE},
    "queue-pause": {"POST": MANAGE},
    "queue-resume": {"POST": MANAGE},
    "queue-drain": {"POST": MANAGE},
    "operations": {"GET": OPERATORS},
    "operation": {"GET": OPERATORS},
    "operation-stop": {"POST": MANAGE},
    "operation-undo": {"POST": MANAGE},
    "workers": {"GET": OPERATORS},
    "limits": {"GET": OPERATORS, "POST": MANAGE},
    "limit-remove": {"POST": MANAGE},
    "limit-close": {"POST": MANAGE},
    "limit-open": {"POST": MANAGE},
    "metrics": {"GET": READ},
    "failures": {"GET": OPERATORS},
    "failure-retry": {"POST": MANAGE},
    "schedules": {"GET": OPERATORS, "POST": MANAGE},
    "schedule": {"GET": OPERATORS, "PUT": MANAGE, "PATCH": MANAGE, "DELETE": MANAGE},
    "schedule-run": {"POST": MANAGE},
    "events": {"GET": READ},
}

# What stands in an address: an object of `tests.api.world` by its name, or else the text itself.
PLACES = {
    "notification": {"id": "notification"},
    "auth-own-token": {"token": "token"},
    "notification-read": {"id": "notification"},
    "job": {"id": "job"},
    "job-retry": {"id": "failed_job"},
    "job-cancel": {"id": "job"},
    "job-promote": {"id": "delayed_job"},
    "queue": {"queue": "notifications"},
    "queue-pause": {"queue": "notifications"},
    "queue-resume": {"queue": "notifications"},
    "queue-drain": {"queue": "notifications"},
    "operation": {"id": "operation"},
    "operation-stop": {"id": "operation"},
    "operation-undo": {"id": "operation"},
    "failure-retry": {"fingerprint": "fingerprint"},
    "schedule": {"schedule": "nightly"},
    "schedule-run": {"schedule": "nightly"},
}

# Routes about something that belongs to the user A of the tests: the user B finds nothing there.
OWNED = frozenset(
    {
        "auth-own-token",
        "notification",
        "notification-read",
        "job",
        "job-retry",
        "job-cancel",
        "job-promote",
    }
)
# Those of them where even staff find nothing.
PRIVATE = frozenset({"auth-own-token", "notification", "notification-read"})
# Those of them that are there for the owner's session, and for none of their tokens.
BY_SESSION = frozenset({"auth-own-token"})

A_JOB = {"kind": "notification", "payload": {"userId": "$me", "type": "info", "message": "x"}}
A_SCHEDULE = {"kind": "fetch-all-posts", "payload": {}, "every": 3_600_000}
# A body that is carried out, where an empty one is not; `$me` is the caller's id.
BODIES = {
    ("auth-token", "POST"): {"username": "a", "password": "a-long-secret"},
    ("auth-password", "POST"): {
        "username": "a",
        "oldPassword": "a-long-secret",
        "newPassword": "correct horse battery",
    },
    ("test-simple", "POST"): {"data": "x"},
    ("test-user-action", "POST"): {"action": "like-post", "targetId": "1"},
    ("test-notification", "POST"): {"message": "x"},
    ("jobs", "POST"): A_JOB,
    ("jobs-bulk", "POST"): {"jobs": [A_JOB]},
    ("job", "PATCH"): {"priority": 1},
    ("job-actions", "POST"): {"verb": "retry", "filter": {"state": "failed"}},
    ("limits", "POST"): {"key": "example.org", "concurrency": 5},
    ("limit-remove", "POST"): {"key": "limited.example"},
    ("limit-close", "POST"): {"key": "example.org", "duration": 60000},
    ("limit-open", "POST"): {"key": "closed.example"},
    ("schedules", "POST"): {"name": "hourly", **A_SCHEDULE},
    ("schedule", "PUT"): A_SCHEDULE,
    ("schedule", "PATCH"): {"isEnabled": False},
    ("schedule-run", "POST"): {"reason": "x"},
}
