"""The maintenance duties, run by a thread in every worker."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from django.db import connection

from queues import happenings, metrics
from queues.database import AWAY, is_contended, own_connection
from queues.maintenance import (
    auditing,
    flows,
    operations,
    promote,
    prune,
    requests,
    rescue,
    ticks,
    timeouts,
)
from queues.maintenance.sight import Sight

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from queues.worker.switch import Switch

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Duty:
    """One thing to do every `seconds`. Any number of workers may do it at once."""

    run_once: Callable[[], int]
    seconds: float


DUTIES: Final = (
    Duty(run_once=promote.run_once, seconds=0.02),
    Duty(run_once=ticks.run_once, seconds=0.1),
    Duty(run_once=ticks.note_strangers, seconds=60.0),
    Duty(run_once=timeouts.run_once, seconds=1.0),
    Duty(run_once=prune.run_newest, seconds=1.0),
    Duty(run_once=prune.run_once, seconds=60.0),
    Duty(run_once=flows.run_once, seconds=5.0),
    Duty(run_once=metrics.run_once, seconds=1.0),
    Duty(run_once=happenings.run_once, seconds=0.1),
    Duty(run_once=operations.run_once, seconds=1.0),
    Duty(run_once=operations.forget_changes, seconds=60.0),
    Duty(run_once=requests.run_once, seconds=60.0),
    Duty(run_once=auditing.run_once, seconds=60.0),
)
# Beside these: in a process that goes on, it has to see Postgres for a while first.
RESCUE: Final = Duty(run_once=rescue.run_once, seconds=1.0)
OUTAGE_WAIT_SECONDS: Final = 1.0


class DutiesDiedError(RuntimeError):
    """The thread of the duties ended by an error of its own: the worker must be replaced."""


class Duties:
    """Does the duties, and a worker's `own`, inside a `with` block.

    If they die, the worker is told to stop.
    """

    def __init__(self, switch: Switch, *own: Duty) -> None:
        self._sight = Sight()
        self._duties = (*DUTIES, Duty(run_once=self._rescue, seconds=RESCUE.seconds), *own)
        self._switch = switch
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="duties", daemon=True)
        self.died = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        due = dict.fromkeys(self._duties, time.monotonic())
        try:
            with own_connection():
                while not self._stop.wait(max(0.0, min(due.values()) - time.monotonic())):
                    # One at a time, so that delayed jobs never wait for more than one other duty.
                    self._do(min(due, key=due.__getitem__), due)
        finally:
            if not self._stop.is_set():
                self.died = True
                self._switch.stop.set()

    def _rescue(self) -> int:
        return rescue.run_once(given_up=not self._sight.is_clear)

    def _do(self, duty: Duty, due: dict[Duty, float]) -> None:
        began = time.monotonic()
        try:
            duty.run_once()
            self._sight.saw()
        except AWAY as error:
            self._put_off(duty, error)
        # From its beginning on, and behind all that is overdue by now.
        due[duty] = max(began + duty.seconds, time.monotonic())

    def _put_off(self, duty: Duty, error: Exception) -> None:
        if is_contended(error):
            log.warning("%s was locked out; trying again", duty.run_once.__module__)
            return
        log.warning("Maintenance waits for Postgres: %s", type(error).__name__)
        connection.close()
        self._stop.wait(OUTAGE_WAIT_SECONDS)
