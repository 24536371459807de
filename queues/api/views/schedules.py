"""Schedules. They belong to operators: who may see everybody's jobs sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from queues import schedules
from queues.api.keyset import orderings
from queues.api.kinds import EXAMPLE, refuse_internal
from queues.api.pagination import PARAMETERS, KeysetPagination
from queues.api.parameters import asked
from queues.api.schedule_fields import NameField
from queues.api.schedule_words import condition, described, told
from queues.api.schema import enveloped
from queues.api.scopes import MANAGE, READ, require_all
from queues.api.serializers.jobs import MadeJobSerializer
from queues.api.serializers.reasons import ReasonSerializer
from queues.api.serializers.schedules import (
    ChangesSerializer,
    NewScheduleSerializer,
    RunsSerializer,
    ScheduleDetailSerializer,
    ScheduleFilterSerializer,
    ScheduleSerializer,
)
from queues.api.views.base import ApiView, acting, answer, once
from queues.models import Schedule
from queues.schedules import NameTakenError, NoScheduleError

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.serializers import BaseSerializer

TAGS: Final = ["Schedules"]
DETAIL: Final = enveloped(ScheduleDetailSerializer)
NIGHTLY: Final = {
    **EXAMPLE,
    "cron": "30 2 * * *",
    "timeZone": "Europe/Berlin",
    "options": {"attempts": 5},
}
CREATION: Final = OpenApiExample("Nightly", value={"name": "nightly", **NIGHTLY}, request_only=True)
REPLACEMENT: Final = OpenApiExample("Nightly", value=NIGHTLY, request_only=True)
CHANGE: Final = OpenApiExample("Each minute", value={"every": 60_000}, request_only=True)


class SchedulesView(ApiView):
    """Jobs that are made again and again, by cron or at a fixed distance."""

    name = "Schedules"
    scopes = {"GET": READ, "POST": MANAGE}
    parameters = None
    is_idempotent = True
    queryset = Schedule.objects.all()
    serializer_class = NewScheduleSerializer
    pagination_class = KeysetPagination
    orderings = orderings(name="name", createdAt="created_at", nextAt="next_at")
    default_ordering = "name"

    @extend_schema(
        summary="List schedules",
        parameters=[ScheduleFilterSerializer],
        responses=ScheduleSerializer(many=True),
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        """Every schedule in the order of their names, with its next tick."""
        require_all(request)
        wanted = asked(request, ScheduleFilterSerializer, beside=PARAMETERS)
        rows = self.paginate_queryset(self.get_queryset().filter(condition(wanted)))
        return self.get_paginated_response(ScheduleSerializer(rows, many=True).data)

    @extend_schema(
        summary="Create a schedule",
        responses={201: DETAIL},
        examples=[CREATION],
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        """Make a schedule, if its name is free; else the answer is 409. PUT makes or replaces one.

        There is a cron expression or `every`, not both. With an Idempotency-Key it is made once.
        """
        said = self.valid(request)
        name, reason = said.pop("name"), said.pop("reason")
        wanted = described(said)

        def carry_out() -> Response:
            with acting(request, reason):
                return _shown(schedules.create(name, **wanted), 201)

        response = once(request, carry_out)
        address = reverse("schedule", kwargs={"schedule": name})
        response["Location"] = request.build_absolute_uri(address)
        return response


class ScheduleView(ApiView):
    """A schedule, by its name."""

    name = "Schedule"
    scopes = {"GET": READ, "PUT": MANAGE, "PATCH": MANAGE, "DELETE": MANAGE}
    parameters = None
    serializer_class = ChangesSerializer

    def get_object(self) -> Schedule:
        """Return what DRF asks for where it describes PUT. Raises NoScheduleError."""
        return _known(self.kwargs["schedule"])

    def get_serializer(self, *args: Any, **kwargs: Any) -> BaseSerializer[Any]:
        """Return the serializer; the browsable API's form to replace a schedule shows it."""
        if "schedule" in self.kwargs and "data" not in kwargs:
            kwargs["instance"] = Schedule.objects.filter(name=self.kwargs["schedule"]).first()
        return super().get_serializer(*args, **kwargs)

    @extend_schema(
        summary="Read a schedule", parameters=[RunsSerializer], responses=DETAIL, tags=TAGS
    )
    def get(self, request: Request, schedule: str) -> Response:
        """A schedule and its next runs, also as the clocks of its time zone show them.

        A run with the mark `moved` is one whose local time the clocks skip; `repeated` is the
        first of two at the same local time.
        """
        require_all(request)
        wanted = asked(request, RunsSerializer)
        return _shown(_known(schedule), **wanted)

    @extend_schema(
        summary="Create or replace a schedule",
        responses={200: DETAIL, 201: DETAIL},
        examples=[REPLACEMENT],
        tags=TAGS,
    )
    def put(self, request: Request, schedule: str) -> Response:
        """Let there be a schedule of this name that is just so: 201 if it is new, else 200.

        What is left out is at its default, but for `isEnabled`, which is left as it is.
        """
        name = _name(schedule)
        said = self.valid(request)
        reason, wanted = said.pop("reason"), described(said)
        with acting(request, reason):
            try:
                return _shown(schedules.create(name, **wanted), 201)
            except NameTakenError:
                return _shown(schedules.upsert(name, **wanted))

    @extend_schema(summary="Change a schedule", responses=DETAIL, examples=[CHANGE], tags=TAGS)
    def patch(self, request: Request, schedule: str) -> Response:
        """Change what is named, and nothing else; null is none.

        `payload` and `options` are replaced as a whole. To name one of `cron` and `every` takes the
        other one's place.
        """
        said = self.valid(request, partial=True)
        if "payload" in said and "kind" not in said:
            refuse_internal(_known(schedule).kind)
        with acting(request, said.pop("reason", "")):
            return _shown(schedules.change(schedule, **told(said)))

    @extend_schema(
        summary="Remove a schedule",
        parameters=[ReasonSerializer],
        request=None,
        responses={204: None},
        tags=TAGS,
    )
    def delete(self, request: Request, schedule: str) -> Response:
        """Remove a schedule; jobs that it has made stay. `?reason=` is for the audit."""
        with acting(request, asked(request, ReasonSerializer)["reason"]):
            schedules.remove(schedule)
        return Response(status=204)


class RunScheduleView(ApiView):
    """Make a job of a schedule now, beside its ticks."""

    name = "Run"
    scopes = {"POST": MANAGE}
    is_idempotent = True
    serializer_class = ReasonSerializer

    @extend_schema(
        summary="Run a schedule now",
        responses={201: enveloped(MadeJobSerializer)},
        tags=TAGS,
    )
    def post(self, request: Request, schedule: str) -> Response:
        """Make a job of a schedule now, whatever its times, overlap and limit say; return the job.

        It is no tick, and moves none. With an Idempotency-Key it is made once.
        """
        reason = self.valid(request)["reason"]

        def carry_out() -> Response:
            with acting(request, reason):
                job = schedules.run_now(schedule)
            return answer(MadeJobSerializer(job, context={"request": request}).data, status=201)

        return once(request, carry_out)


def _known(name: str) -> Schedule:
    schedule = Schedule.objects.filter(name=name).first()
    if schedule is None:
        raise NoScheduleError("name", f"is {name!r:.50}; allowed: that of a schedule.")
    return schedule


def _name(of_address: str) -> str:
    """Return a name that a new schedule may have. Raises ValidationError."""
    try:
        return str(NameField().run_validation(of_address))
    except ValidationError as error:
        raise ValidationError({"name": error.detail}) from error


def _shown(schedule: Schedule, status: int = 200, **context: Any) -> Response:
    return answer(ScheduleDetailSerializer(schedule, context=context).data, status=status)
