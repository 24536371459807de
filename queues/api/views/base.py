"""What the views of the queue API have in common."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, Final

from rest_framework.generics import GenericAPIView
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from queues import idempotency
from queues.api.parameters import refuse_unknown
from queues.api.scopes import READ, HasScope, changes_all, has_scope
from queues.audit import Door, acting_as
from queues.idempotency import Answered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from contextlib import AbstractContextManager

    from rest_framework.request import Request

    from queues.audit import Actor

IDEMPOTENCY_HEADER: Final = "Idempotency-Key"
REPLAYED_HEADER: Final = "Idempotency-Replayed"
# Larger answers are kept in brief, in bytes: a caller may have many keys in a day.
MAX_KEPT: Final = 8192
BRIEF: Final = ("id", "state", "answer", "count", "ids", "jobs", "timestamp")


class ApiView(GenericAPIView[Any]):
    """A view whose callers need a scope: `scopes` names one for each method."""

    permission_classes = (HasScope,)
    scopes: ClassVar[Mapping[str, str]] = {}
    # What its address takes beside paging; None where the view sees to that itself.
    parameters: ClassVar[Iterable[str] | None] = ()
    # Whether its POST goes through `once`, for the OpenAPI document.
    is_idempotent: ClassVar[bool] = False
    # How many requests one that writes counts as, see `queues.api.throttles`.
    weight: ClassVar[int] = 1

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let callers in who may, and whose address says nothing that would be ignored."""
        super().initial(request, *args, **kwargs)
        if self.parameters is not None:
            paging = getattr(self.paginator, "parameters", ())
            refuse_unknown(request, [*self.parameters, *paging])

    def valid(self, request: Request, *, partial: bool = False) -> dict[str, Any]:
        """Return the body by the view's serializer. Raises ValidationError.

        With `partial`, what the body leaves out is left out.
        """
        serializer = self.get_serializer(data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


def answer(data: object, *, status: int = 200, **more: object) -> Response:
    """Return the envelope that every success of the API comes in."""
    return Response({"success": True, "data": data, **more}, status=status)


def acting(request: Request, reason: str = "") -> AbstractContextManager[Actor]:
    """Let the verbs inside of the block be the caller's, in the audit too."""
    return acting_as(request.user.get_username(), Door.API, reason)


def once(
    request: Request, carry_out: Callable[[], Response], *, principal: str | None = None
) -> Response:
    """Carry a request out, by its Idempotency-Key if it has one; see `queues.idempotency`.

    The key is the caller's own, or the `principal`'s where nobody signs in. To be called once the
    body is known to be JSON or a form, before anything is written.
    """
    key = request.headers.get(IDEMPOTENCY_HEADER)
    if key is None:
        return carry_out()
    # Nobody is answered by what they were told when they might do more.
    whose = principal or f"{_role(request)}:{request.user.pk}"
    answered = idempotency.once(whose, key, _matter(request), lambda: _answered(carry_out()))
    headers = {REPLAYED_HEADER: "true"} if answered.is_replayed else None
    return Response(answered.document, status=answered.status, headers=headers)


def _role(request: Request) -> str:
    """Return what a caller is, as far as it decides what they are told."""
    if changes_all(request):
        return "operator"
    return "user" if has_scope(request, READ) else "writer"


def _matter(request: Request) -> list[object]:
    """Return what tells one request from another: where it goes, and its body."""
    data = request.data
    lists = getattr(data, "lists", None)
    body = dict(lists()) if lists else data
    if isinstance(body, dict):
        body = {name: value for name, value in body.items() if name != "csrfmiddlewaretoken"}
    return [request.method, request.path.rstrip("/"), body]


def _answered(response: Response) -> Answered:
    text = JSONRenderer().render(response.data) or b"null"
    return Answered(
        status=response.status_code,
        document=json.loads(text),
        kept=None if len(text) <= MAX_KEPT else _in_brief(response.data),
    )


def _in_brief(document: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept of a large answer; all ids of many jobs are."""
    data = document["data"]
    shown = {name: data[name] for name in BRIEF if name in data}
    if "job" in data:
        shown["job"] = {"id": data["job"]["id"]}
    return {**document, "data": shown}
