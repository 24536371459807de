"""Stops a worker of the tests where no signal from outside can hit it. Never part of the engine.

The variable TESTS_STOP_AT names the place; the process that reaches it first stops there, as if
by SIGSTOP, and goes on when it is told to.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

from queues import turns


def stop_once(flag):
    """Stop this process, unless it or another one has stopped at this flag before."""
    with suppress(FileExistsError):
        Path(flag).touch(exist_ok=False)
        os.kill(os.getpid(), signal.SIGSTOP)


def arm():
    """Arm the place that the environment names, as `place:path of a flag`."""
    place, _, flag = os.environ.get("TESTS_STOP_AT", "").partition(":")
    if place:
        PLACES[place](flag)


def _in_a_claim_by_turns(flag):
    """Between the locks of limited queues and keys and the claim, in its transaction."""
    usual = turns._take

    def take(*arguments):
        stop_once(flag)
        return usual(*arguments)

    turns._take = take


PLACES = {"turn": _in_a_claim_by_turns}
