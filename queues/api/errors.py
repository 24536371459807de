"""What the engine refuses, as errors of the API."""

from __future__ import annotations

from typing import Final

from rest_framework import status
from rest_framework.exceptions import APIException, NotFound, ValidationError

from queues.api.options import CLIENT_NAMES
from queues.arguments import camel
from queues.control import ControlError, NoJobError
from queues.enqueue import EnqueueError, KeyContestedError
from queues.failures import NoGroupError
from queues.filter_words import FilterError
from queues.idempotency import BadKeyError, IdempotencyError, InFlightError, KeyReusedError
from queues.planning import ScheduleError
from queues.schedules import NameTakenError, NoScheduleError

STATUSES: Final = {
    BadKeyError: status.HTTP_400_BAD_REQUEST,
    InFlightError: status.HTTP_409_CONFLICT,
    KeyReusedError: status.HTTP_422_UNPROCESSABLE_ENTITY,
}
MISSING: Final = (NoJobError, NoGroupError, NoScheduleError)


class Conflict(APIException):
    """A verb that does not fit what it was meant for, as that is now."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class Unavailable(APIException):
    """What is needed cannot be reached just now."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "unavailable"
    default_detail = "The database cannot be reached just now; try again."


class TooMany(APIException):
    """Somebody comes too often. `wait` is in how many seconds they may come again."""

    status_code = status.HTTP_429_TOO_MANY_REQUESTS
    default_code = "too_many_requests"

    def __init__(self, detail: str, *, wait: float, code: str | None = None) -> None:
        super().__init__(detail, code)
        # DRF's own handler writes it into Retry-After.
        self.wait = wait


def as_api_error(error: Exception) -> Exception:
    """Return what an error of the engine means to a caller; any other error as it is."""
    if isinstance(error, MISSING):
        return NotFound(str(error))
    if isinstance(error, ControlError | KeyContestedError | NameTakenError):
        return Conflict(str(error))
    if isinstance(error, IdempotencyError):
        answer = APIException(str(error), code=error.code)
        answer.status_code = STATUSES[type(error)]
        return answer
    field, message = _wrong_field(error)
    return ValidationError({field: [message]}) if field else error


def _wrong_field(error: Exception) -> tuple[str, str]:
    """Return a field as clients wrote it, and what was wrong with it; empty if it is no field."""
    if isinstance(error, EnqueueError):
        return place_of_option(error.field), error.message
    if isinstance(error, ScheduleError):
        return dotted(error.field), error.message
    if isinstance(error, FilterError):
        return dotted(error.field), str(error).removeprefix(f"{error.field} ")
    return "", ""


def place_of_option(field: str) -> str:
    """Return where clients wrote what `enqueue` refused: `3.run_at` is `3.options.runAt`."""
    *places, name = field.split(".")
    return ".".join([*places, f"options.{CLIENT_NAMES[name]}" if name in CLIENT_NAMES else name])


def dotted(field: str) -> str:
    """Return a field as clients write it: `created_after` is `createdAfter`."""
    head, dot, name = field.rpartition(".")
    return f"{head}{dot}{CLIENT_NAMES.get(name, name) if head == 'options' else camel(name)}"
