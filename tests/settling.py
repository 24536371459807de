"""Ending one claim in one way, as the tests of what follows need it."""

from __future__ import annotations

import json

from queues.endings import Raised, Refused, Returned, Snoozed
from queues.settle import settle
from queues.settlement import settlement_of
from queues.trouble import Trouble

TROUBLE = Trouble(error_class="E", message="m")


def end(claim, ending):
    return settle([settlement_of(claim, ending)])[0]


def complete(claim, result=None):
    return end(claim, Returned(json.dumps(result)))


def fail_attempt(claim, trouble=TROUBLE, wait_ms=None):
    return end(claim, Raised(trouble=trouble, wait_ms=wait_ms))


def give_up(claim, trouble=TROUBLE):
    return end(claim, Refused(trouble=trouble))


def snooze(claim, seconds):
    return end(claim, Snoozed(seconds=seconds))
