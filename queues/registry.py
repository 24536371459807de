"""Which function runs which kind, and how. Filled by `@handles` when the apps load their jobs."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from queues.arguments import Arguments, ArgumentsError, field_types
from queues.conf import MAX_ATTEMPTS, MAX_TIMEOUT_SECONDS, get_queues
from queues.retry import HANDLER, Backoff, BackoffError, parse_backoff
from queues.upgrades import MAX_VERSION, missing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from queues.context import Context

    Errors = tuple[type[Exception], ...]
    # Returns milliseconds for the number of failures so far (from 1) and the last of them.
    BackoffFunction = Callable[[int, BaseException], int]
    RunIn = Literal["thread", "process"]

A = TypeVar("A", bound=Arguments)


class RegistryError(ValueError):
    """A handler that cannot be registered; the message names kind and reason."""


# Compared by identity: it is a key of what enqueueing remembers.
@dataclass(frozen=True, kw_only=True, eq=False)
class Spec:
    """A kind: its arguments, its queue, and the function that runs it.

    What is None comes from the queue; without a `queue`, each enqueue names one. `atomic` handlers
    run inside the transaction that settles them. `memory_mb` limits the address space of a process.
    Jobs of an internal kind are made by code alone: clients may not.
    """

    arguments: type[Arguments]
    queue: str | None
    handler: Callable[[Any, Context], object]
    attempts: int | None = None
    backoff: Backoff | None = None
    backoff_function: BackoffFunction | None = None
    timeout: int | None = None
    run_in: RunIn = "thread"
    memory_mb: int = 1024
    atomic: bool = False
    retry_on: Errors = (Exception,)
    never_on: Errors = ()
    is_internal: bool = False

    @property
    def kind(self) -> str:
        """The stable name under which rows are queued."""
        return self.arguments.kind

    def retries(self, error: BaseException) -> bool:
        """Say whether an error may be followed by another attempt."""
        # What is no Exception (a cancelled task, an exit) is nobody's policy: it is tried again.
        is_wanted = isinstance(error, self.retry_on) or not isinstance(error, Exception)
        return is_wanted and not isinstance(error, self.never_on)


_specs: dict[str, Spec] = {}


def handles(
    arguments: type[A],
    *,
    queue: str | None,
    attempts: int | None = None,
    backoff: Backoff | Mapping[str, Any] | int | BackoffFunction | None = None,
    timeout: int | None = None,
    run_in: RunIn = "thread",
    memory_mb: int = 1024,
    atomic: bool = False,
    retry_on: Errors = (Exception,),
    never_on: Errors = (),
    is_internal: bool = False,
) -> Callable[[Callable[[A, Context], object]], Callable[[A, Context], object]]:
    """Register the decorated function as the handler of `arguments.kind` on `queue`.

    A kind whose `queue` is None has none of its own: each enqueue names one.

    A `backoff` function takes the number of failures and the error, and returns milliseconds, or
    -1 to end the job as failed. Raises RegistryError for a missing or doubled kind, a handler or a
    backoff function that cannot be called with two arguments, an unknown queue, a field that cannot
    travel as JSON, a version that older payloads cannot be brought to, or an option out of range.
    """

    def register(handler: Callable[[A, Context], object]) -> Callable[[A, Context], object]:
        is_function = callable(backoff)
        spec = Spec(
            arguments=arguments,
            queue=queue,
            handler=handler,
            attempts=attempts,
            backoff=Backoff(type=HANDLER) if is_function else _backoff(arguments, backoff),
            backoff_function=backoff if callable(backoff) else None,
            timeout=timeout,
            run_in=run_in,
            memory_mb=memory_mb,
            atomic=atomic,
            retry_on=retry_on,
            never_on=never_on,
            is_internal=is_internal,
        )
        _refuse_bad(spec)
        _specs[spec.kind] = spec
        return handler

    return register


def get(kind: str) -> Spec:
    """Return what is registered for a kind. Raises RegistryError."""
    if kind not in _specs:
        raise RegistryError(f"No handler is registered for the kind {kind!r}.")
    return _specs[kind]


def kinds() -> list[str]:
    """Return every kind that this process can run."""
    return list(_specs)


def public_kinds() -> list[str]:
    """Return the kinds of which clients may make jobs, in the order of their registration."""
    return [kind for kind, spec in _specs.items() if not spec.is_internal]


def _backoff(arguments: type[Arguments], value: Any) -> Backoff | None:
    try:
        return None if value is None else parse_backoff(value)
    except BackoffError as error:
        raise RegistryError(f"{arguments.__name__}: {error}") from error


def _refuse_bad(spec: Spec) -> None:
    name = spec.arguments.__name__
    if not spec.kind:
        raise RegistryError(f"{name} has no kind.")
    if spec.kind in _specs and _specs[spec.kind].handler is not spec.handler:
        raise RegistryError(f"{name}: the kind {spec.kind!r} has a handler already.")
    if spec.queue is not None and spec.queue not in get_queues():
        raise RegistryError(f"{name}: no queue {spec.queue!r}; allowed: {sorted(get_queues())}.")
    if spec.run_in not in {"thread", "process"}:
        raise RegistryError(f"{name}: run_in is {spec.run_in!r}; allowed: thread, process.")
    if spec.run_in == "process" and spec.atomic:
        raise RegistryError(f"{name}: atomic handlers run in a thread, beside their settling.")
    _refuse_bad_calls(spec)
    _refuse_bad_version(spec.arguments)
    limits = (("attempts", MAX_ATTEMPTS), ("timeout", MAX_TIMEOUT_SECONDS), ("memory_mb", 1 << 20))
    for field, most in limits:
        value = getattr(spec, field)
        if value is not None and (type(value) is not int or not 1 <= value <= most):
            raise RegistryError(f"{name}: {field} is {value!r}; allowed: 1 to {most}.")
    try:
        known = field_types(spec.arguments)
    except ArgumentsError as error:
        raise RegistryError(f"{name}: {error}") from error
    if strangers := sorted(spec.arguments.private - known.keys()):
        raise RegistryError(f"{name}: private names {strangers[0]!r}; allowed: {sorted(known)}.")


def _refuse_bad_calls(spec: Spec) -> None:
    calls: list[tuple[str, Callable[..., object] | None, str]] = [
        ("the handler", spec.handler, "the arguments and the context"),
        ("the backoff function", spec.backoff_function, "the number of failures and the error"),
    ]
    for what, function, takes in calls:
        try:
            if function is not None:
                inspect.signature(function).bind(None, None)
        except TypeError as error:
            name = spec.arguments.__name__
            raise RegistryError(f"{name}: {what} must take {takes} ({error}).") from error
        except ValueError:
            # What is written in C may not tell.
            continue


def _refuse_bad_version(arguments: type[Arguments]) -> None:
    name, version = arguments.__name__, arguments.version
    if type(version) is not int or not 1 <= version <= MAX_VERSION:
        raise RegistryError(f"{name}: version is {version!r}; allowed: 1 to {MAX_VERSION}.")
    if lacking := missing(arguments):
        raise RegistryError(
            f"{name}: nothing upgrades version {lacking[0]}; write "
            f"@upgrades({name}, from_version={lacking[0]}) above its handler."
        )
