"""The words of a filter as parameters of an address, and the form for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.template import loader
from rest_framework.filters import BaseFilterBackend

from queues import registry
from queues.api.filter_bodies import NAMES as ALL_NAMES
from queues.api.filter_bodies import queue_word
from queues.api.pagination import PARAMETERS, parameter
from queues.api.parameters import given, refuse_unknown
from queues.conf import get_queues
from queues.filters import JobFilter, parse
from queues.states import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rest_framework.request import Request
    from rest_framework.views import APIView

# A list without words is a list of all jobs, so it needs no word to say that.
NAMES: Final = {name: word for name, word in ALL_NAMES.items() if word != "all"}
_DATE: Final = "a date, or an age: 90s, 15m, 2h, 7d, 4w"
HELP: Final = {
    "queue": "its name, or its name in JSON",
    "state": "one or more, with commas between",
    "kind": "just so",
    "name": "part of the name",
    "owner": "just so: a user's id",
    "key": "the limitKey, or its beginning and *",
    "error": "part of the last error's message",
    "payload": 'part of the payload\'s JSON, such as "userId": "7"',
    "errorClass": "just so",
    "fingerprint": "just so: of a group of failures",
    "schedule": "the id of the schedule that made it",
    "parent": "the id of a job that waits for it",
    "createdAfter": _DATE,
    "createdBefore": _DATE,
    "finishedAfter": _DATE,
    "finishedBefore": _DATE,
    "ids": "with commas between",
    "priority": "a number",
    "attemptOver": "a number: it was tried more often",
}


def filter_of(said: Mapping[str, str]) -> JobFilter:
    """Return the filter of words in camelCase. Raises FilterError and ValidationError."""
    words = {NAMES[name]: value for name, value in said.items() if name in NAMES}
    if "queue" in words:
        words["queue"] = queue_word(words["queue"])
    return parse(words)


class JobFilterBackend(BaseFilterBackend):
    """Narrows a list of jobs by the words of a filter, and refuses all other parameters."""

    template = "rest_framework/filters/jobs.html"

    def filter_queryset(self, request: Request, queryset: Any, view: APIView) -> Any:
        """Return the jobs that fit. Raises FilterError and ValidationError."""
        refuse_unknown(request, [*NAMES, *PARAMETERS])
        return filter_of(given(request)).among(queryset)

    def to_html(self, request: Request, queryset: Any, view: APIView) -> str:
        """Return the form of the browsable API. It goes to the first page."""
        said, known = request.query_params, _known()
        fields = [
            {"name": name, "value": said.get(name, ""), "help": HELP[name],
             "known": known.get(name, ())} for name in NAMES
        ]  # fmt: skip
        orderings = getattr(view, "orderings", {})
        context = {
            "fields": fields,
            "orderings": [*orderings],
            "ordering": said.get("ordering") or getattr(view, "default_ordering", ""),
            "pageSize": said.get("pageSize", ""),
            "action": request.path,
        }
        return str(loader.get_template(self.template).render(context))

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Return the parameters as the OpenAPI document has them."""
        return [parameter(name, f"{HELP[name]}.", type="string") for name in NAMES]


def _known() -> dict[str, list[str]]:
    """Return what a form proposes for some of the words."""
    return {
        "queue": [queue.json_name for queue in get_queues().values()],
        "state": [state.value for state in State],
        "kind": sorted(registry.kinds()),
    }
