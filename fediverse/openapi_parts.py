"""Parts of the OpenAPI document that are written by hand."""

from __future__ import annotations

from typing import Any, Final

from queues.states import State

# As the choices of a field, so that they are known again.
STATES: Final = [state.value for state in State]
TAGS: Final = {
    "Entry": "Where everything is.",
    "Jobs": "Make jobs, look for them, and retry, cancel or promote them, one or many at once.",
    "Queues": "What waits, runs and failed in each queue; pause, resume and drain them.",
    "Operations": "Verbs for all jobs of a filter, carried out by workers; stop and undo them.",
    "Schedules": "Jobs that come again: by a cron expression, or every so many milliseconds.",
    "Workers": "Who is there to run jobs.",
    "Limits": "How many jobs of one key may run side by side, and how many in a time.",
    "Metrics": "What was counted of each queue and kind, minute by minute.",
    "Failures": "Failed jobs by what they failed of.",
    "Events": "What happens to jobs, as it happens.",
    "Signing in": "Tokens for programs: get one, list and end them; and your password.",
    "Notifications": "What jobs have to say to their users.",
    "Test": "Make jobs to try the queue with.",
}
# One that an operator may make without having linked an account.
JOB: Final = {"kind": "fetch-posts", "payload": {"userId": "1", "platform": "mastodon"}}
DESCRIPTIONS: Final = {
    "4XX": "Refused: the document says why.",
    "5XX": "Not possible: the document says no more than the id under which it is in the log.",
    "400": "The request is wrong; `errors` names the fields.",
    "401": "Nobody is known by these credentials, or there are none.",
    "403": "The caller is known, and may not do this; a missing scope is named.",
    "404": "There is no such thing, or it is somebody else's.",
    "409": "It does not fit how things are now; `code` says what.",
    "413": "The body is too large.",
    "415": "The body is neither JSON nor a form, or not in UTF-8.",
    "422": "The Idempotency-Key was used with another request.",
    "503": "The database cannot be reached just now; Retry-After says when to ask again.",
}
REQUEST_ID: Final[dict[str, Any]] = {
    "description": "What the log calls this request: the X-Request-ID that was sent, or a new one.",
    "schema": {"type": "string"},
}
REPLAYED: Final[dict[str, Any]] = {
    "description": "`true` if this was answered earlier, under the same Idempotency-Key.",
    "schema": {"type": "string", "enum": ["true"]},
}
IDEMPOTENCY_KEY: Final[dict[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "1 to 255 visible characters. Sent again with the same key, the request is not "
    "carried out again: the first answer is given once more.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
}
PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "A problem document (RFC 9457).",
    "required": [
        "type",
        "title",
        "status",
        "success",
        "code",
        "detail",
        "errors",
        "requestId",
    ],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string", "description": "The status in words."},
        "status": {"type": "integer"},
        "success": {"type": "boolean", "enum": [False]},
        "code": {"type": "string", "description": "Stable, for programs."},
        "detail": {"type": "string", "description": "For people."},
        "errors": {
            "type": "array",
            "description": "What was wrong with the request, field by field.",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
        "requestId": {"type": "string", "description": "What the log calls this request."},
    },
    "example": {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "success": False,
        "code": "invalid",
        "detail": "delay: Ensure this value is greater than or equal to 0.",
        "errors": [
            {
                "field": "delay",
                "code": "min_value",
                "message": "Ensure this value is greater than or equal to 0.",
            }
        ],
        "requestId": "0d6e2f8a4c1b4e0fa1c2d3e4f5a6b7c8",
    },
}
