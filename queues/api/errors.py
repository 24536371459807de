"""What the engine refuses, as errors of the API."""

from __future__ import annotations

from typing import Final

from rest_framework import status
from rest_framework.exceptions import APIException, NotFound, ValidationError

from queues.arguments import camel
from queues.control import ControlError, NoJobError
from queues.enqueue import EnqueueError, KeyContestedError
from queues.failures import NoGroupError
from queues.filter_words import FilterError
from queues.idempotency import BadKeyError, IdempotencyError, InFlightError, KeyReusedError
from queues.planning import ScheduleError
from queues.schedules import NoScheduleError

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
    if isinstance(error, IdempotencyError):
        answer = APIException(str(error), code=error.code)
        answer.status_code = STATUSES.get(type(error), status.HTTP_400_BAD_REQUEST)
        return answer
    if isinstance(error, MISSING):
        return NotFound(str(error))
    if isinstance(error, EnqueueError | ScheduleError):
        return ValidationError({dotted(error.field): [error.message]})
    if isinstance(error, FilterError):
        sentence = str(error).removeprefix(f"{error.field} ")
        return ValidationError({dotted(error.field): [sentence]})
    if isinstance(error, ControlError | KeyContestedError):
        return Conflict(str(error))
    return error


def dotted(field: str) -> str:
    """Return a field's place as clients write it: `3.run_at` becomes `3.runAt`."""
    return ".".join(camel(part) for part in field.split("."))
