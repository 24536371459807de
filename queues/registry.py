"""Which function runs which kind. Filled by `@handles` when the apps load their jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from queues.arguments import Arguments, field_types
from queues.conf import get_queues

if TYPE_CHECKING:
    from collections.abc import Callable

    from queues.context import Context

A = TypeVar("A", bound=Arguments)


class RegistryError(ValueError):
    """A handler that cannot be registered; the message names kind and reason."""


@dataclass(frozen=True, kw_only=True)
class Spec:
    """A kind: its arguments, its queue, and the function that runs it."""

    arguments: type[Arguments]
    queue: str
    handler: Callable[[Any, Context], object]

    @property
    def kind(self) -> str:
        """The stable name under which rows are queued."""
        return self.arguments.kind


_specs: dict[str, Spec] = {}


def handles(
    arguments: type[A], *, queue: str
) -> Callable[[Callable[[A, Context], object]], Callable[[A, Context], object]]:
    """Register the decorated function as the handler of `arguments.kind` on `queue`.

    Raises RegistryError for a missing or doubled kind, an unknown queue, or a field that cannot
    travel as JSON.
    """

    def register(handler: Callable[[A, Context], object]) -> Callable[[A, Context], object]:
        spec = Spec(arguments=arguments, queue=queue, handler=handler)
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


def _refuse_bad(spec: Spec) -> None:
    name = spec.arguments.__name__
    if not spec.kind:
        raise RegistryError(f"{name} has no kind.")
    if spec.kind in _specs and _specs[spec.kind].handler is not spec.handler:
        raise RegistryError(f"{name}: the kind {spec.kind!r} has a handler already.")
    if spec.queue not in get_queues():
        raise RegistryError(f"{name}: no queue {spec.queue!r}; allowed: {sorted(get_queues())}.")
    try:
        field_types(spec.arguments)
    except ValueError as error:
        raise RegistryError(f"{name}: {error}") from error
