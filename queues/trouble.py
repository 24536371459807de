"""Why an attempt did not complete its job, in text that Postgres can store."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import Final

from queues.conf import MAX_MESSAGE, MAX_TRACEBACK
from queues.fingerprint import fingerprint, place_of
from queues.models.attempt import Outcome


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What is kept of an attempt that did not complete its job.

    `place` is where its error comes from (see `queues.fingerprint`).
    """

    error_class: str
    message: str
    place: str = ""
    traceback: str = ""
    outcome: Outcome = Outcome.FAILED

    @classmethod
    def of(
        cls,
        *,
        error_class: str,
        message: str,
        place: str = "",
        traceback: str = "",
        outcome: Outcome = Outcome.FAILED,
    ) -> Trouble:
        """Return a trouble whose texts are cut, with NULs and lone surrogates replaced."""
        return cls(
            error_class=scrub(error_class)[:200],
            message=scrub(message)[:MAX_MESSAGE],
            place=scrub(place),
            traceback=scrub(traceback)[-MAX_TRACEBACK:],
            outcome=outcome,
        )

    def fingerprint(self, kind: str) -> str:
        """Return what failures of a kind are grouped by; empty for a snooze, which is none."""
        if self.outcome is Outcome.SNOOZED:
            return ""
        return fingerprint(kind, self.error_class, self.place)


TIMED_OUT: Final = Trouble(
    error_class="TimeoutError",
    message="The attempt ran longer than the job's timeout.",
    outcome=Outcome.TIMED_OUT,
)
WORKER_LOST: Final = Trouble(
    error_class="WorkerLost",
    message="Its worker stopped beating.",
    outcome=Outcome.CRASHED,
)


def scrub(text: str) -> str:
    """Return text without NULs and lone surrogates, neither of which Postgres stores."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def trouble_of(error: BaseException) -> Trouble:
    """Return what is kept of an exception, whatever its own methods do."""
    kind = type(error)
    lines = traceback.format_exception(error)
    # The last line is made by the traceback module, which survives a __str__ that raises.
    message = lines[-1].strip().removeprefix(f"{kind.__module__}.")
    return Trouble.of(
        error_class=f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins."),
        message=message.removeprefix(f"{kind.__qualname__}: "),
        place=place_of(error),
        traceback="".join(lines),
    )
