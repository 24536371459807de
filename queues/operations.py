"""The verbs of `queues.control`, `queue_control` and `limits` by the words of a form.

One place for what a person may send, for the admin and the command line.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from queues import control, limits, queue_control
from queues.control import ControlError
from queues.digits import ANY, digits
from queues.strict_json import StrictJSONError, loads

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, kw_only=True)
class Verb:
    """What is done to a job, and how a log or a message says that it was."""

    done: str
    apply: Callable[[int, str], object]


@dataclass(frozen=True, kw_only=True)
class KeyWords:
    """A key, and what a verb for it may need: `rate` is such as `300/60`, empty for none."""

    key: str
    concurrency: int | None = None
    rate: str = ""
    seconds: float | None = None


JOB_VERBS: Final[Mapping[str, Verb]] = {
    "retry": Verb(done="waits again", apply=lambda id_, _: control.retry(id_)),
    "retry-once": Verb(
        done="waits for one more attempt", apply=lambda id_, _: control.retry(id_, reset=False)
    ),
    "cancel": Verb(done="is cancelled", apply=lambda id_, _: control.cancel(id_)),
    "promote": Verb(done="waits now", apply=lambda id_, _: control.promote(id_)),
    "remove": Verb(done="is removed", apply=lambda id_, _: control.remove(id_)),
    "priority": Verb(
        done="has a new priority",
        apply=lambda id_, text: control.change_priority(id_, whole("priority", text)),
    ),
    "delay": Verb(
        done="has a new delay",
        apply=lambda id_, text: control.change_delay(id_, whole("delay", text)),
    ),
    "payload": Verb(
        done="has a new payload",
        apply=lambda id_, text: control.change_payload(id_, document(text)),
    ),
}
QUEUE_VERBS: Final[Mapping[str, Callable[[str, str], object]]] = {
    "pause": lambda queue, _: queue_control.pause(queue),
    "resume": lambda queue, _: queue_control.resume(queue),
    "cap": lambda queue, text: queue_control.set_cap(queue, optional("cap", text)),
    "slots": lambda queue, text: queue_control.set_slots(queue, optional("slots", text)),
    "rate": lambda queue, text: queue_control.set_rate(queue, limits.parse_rate(text)),
    "fair": lambda queue, _: queue_control.set_fair(queue, True),
    "first-come": lambda queue, _: queue_control.set_fair(queue, False),
}
LIMIT_VERBS: Final[Mapping[str, Callable[[KeyWords], object]]] = {
    "set": lambda words: limits.set_limit(
        words.key, concurrency=words.concurrency, rate=limits.parse_rate(words.rate)
    ),
    "remove": lambda words: limits.remove_limit(words.key),
    "close": lambda words: limits.close_key(words.key, words.seconds or 0),
    "open": lambda words: limits.open_key(words.key),
}


def whole(name: str, text: str) -> int:
    """Return the whole number in a text. Raises ControlError."""
    number = digits(text, ANY)
    if number is None:
        raise ControlError(f"{name} is {text[:30]!r}; allowed: a whole number.")
    return number


def optional(name: str, text: str) -> int | None:
    """Return the whole number in a text, or None for an empty one. Raises ControlError."""
    return whole(name, text.strip()) if text.strip() else None


def document(text: str) -> dict[str, object]:
    """Return the JSON object in a text. Raises ControlError."""
    try:
        value = loads(text.encode("utf-8", "surrogatepass"))
    except StrictJSONError as error:
        raise ControlError(f"payload: {error}") from error
    if not isinstance(value, dict):
        raise ControlError(f"payload is {json.dumps(value)[:30]}; allowed: an object.")
    return value
