"""Payloads that older code wrote, brought to what today's code reads, step by step. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from queues.arguments import Arguments, ArgumentsError

A = TypeVar("A", bound=Arguments)
Payload = dict[str, Any]
Step = Callable[[Payload], Payload]

MAX_VERSION: Final = 32_767

_steps: dict[type[Arguments], dict[int, Step]] = {}


class UpgradeError(ValueError):
    """A step that cannot be declared; the message names the arguments and the version."""


class NewerPayloadError(ArgumentsError):
    """A payload of a version that this process does not know yet."""


def upgrades(arguments: type[Arguments], *, from_version: int) -> Callable[[Step], Step]:
    """Declare the decorated function as the step from one version of a payload to the next.

    It takes a payload's JSON object, which it may change, and returns that of the next version.
    All steps stand above the kind's handler, which is not registered while one is missing. Raises
    UpgradeError for a version that is not below that of the arguments, or has a step already.
    """
    if type(from_version) is not int or not 1 <= from_version < arguments.version:
        raise UpgradeError(
            f"{arguments.__name__}: from_version is {from_version!r}; allowed: "
            f"1 to {arguments.version - 1}, below its version."
        )
    steps = _steps.setdefault(arguments, {})
    if from_version in steps:
        raise UpgradeError(f"{arguments.__name__}: version {from_version} has a step already.")

    def declare(step: Step) -> Step:
        steps[from_version] = step
        return step

    return declare


def missing(arguments: type[Arguments]) -> list[int]:
    """Return the versions below that of the arguments from which no step leads on."""
    known = _steps.get(arguments, {})
    return [version for version in range(1, arguments.version) if version not in known]


def read(arguments: type[A], payload: Any, version: int) -> A:
    """Return the arguments of a payload that was written as `version`.

    The payload may be changed. Raises NewerPayloadError for a version above that of the arguments,
    ArgumentsError as `Arguments.from_json` does, and what a step raises.
    """
    if version > arguments.version:
        raise NewerPayloadError(
            f"Its payload is of version {version} of {arguments.kind}, this process knows "
            f"{arguments.version}."
        )
    steps = _steps.get(arguments, {})
    for number in range(version, arguments.version):
        payload = steps[number](payload)
    return arguments.from_json(payload)
