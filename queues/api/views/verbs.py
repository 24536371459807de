"""What the views have in common that do one thing, for a reason."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from drf_spectacular.utils import extend_schema, extend_schema_view

from queues.api.schema import enveloped
from queues.api.scopes import MANAGE
from queues.api.serializers.reasons import ReasonSerializer
from queues.api.views.base import ApiView, acting, answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from drf_spectacular.utils import OpenApiExample
    from rest_framework.request import Request
    from rest_framework.response import Response
    from rest_framework.serializers import BaseSerializer

    Said = Mapping[str, Any]

View = TypeVar("View", bound="type[VerbView]")


class VerbView(ApiView):
    """Does one thing, for a reason: a subclass says in `do` what, and in `answers` what is shown.

    The body is its serializer's, which has a reason.
    """

    scopes = {"POST": MANAGE}
    serializer_class = ReasonSerializer
    answers: ClassVar[type[BaseSerializer[Any]]]
    status: ClassVar[int] = 200

    def find(self, **named: str) -> Any:
        """Return what the address names. Raises NotFound, whatever the body is."""
        return named

    def do(self, what: Any, said: Said) -> Any:
        """Do it to what was found, as the body says; return what is answered."""
        raise NotImplementedError

    def answered(self, request: Request, act: Callable[[], Any]) -> Response:
        """Let it be done, and answer with what came of it."""
        return answer(self.answers(act()).data, status=self.status)

    def post(self, request: Request, **named: str) -> Response:
        """Do it in the caller's name."""
        what, said = self.find(**named), self.valid(request)

        def act() -> Any:
            with acting(request, said["reason"]):
                return self.do(what, said)

        return self.answered(request, act)


def verb(
    summary: str, *, tag: str, examples: Iterable[OpenApiExample] = ()
) -> Callable[[View], View]:
    """Describe a VerbView in the OpenAPI document; its `do` says there what it does."""

    def describe(view: View) -> View:
        # mypy takes the __hash__ of a class for that of its instances.
        answers = enveloped(view.answers)  # type: ignore[arg-type]
        operation = extend_schema(
            summary=summary,
            description=inspect.getdoc(view.do),
            responses={view.status: answers},
            tags=[tag],
            examples=[*examples],
        )
        return extend_schema_view(post=operation)(view)

    return describe
