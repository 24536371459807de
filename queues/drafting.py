"""Jobs out of what somebody wrote: kind, payload, options. Nothing here touches the database."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from queues import registry
from queues.arguments import ArgumentsError
from queues.options import EnqueueError, Options, draft
from queues.registry import RegistryError
from queues.trouble import trouble_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from queues.arguments import Arguments
    from queues.options import Draft


def arguments_of(kind: str, payload: object) -> Arguments:
    """Return the arguments of a payload. Raises EnqueueError, whatever their own code raises."""
    with refusals():
        return registry.get(kind).arguments.from_json(payload)


def draft_of(arguments: Arguments, options: Options) -> Draft:
    """Return a job as `draft` does. Raises EnqueueError, whatever the arguments' code raises."""
    with refusals():
        return draft(arguments, options)


@contextmanager
def refusals() -> Iterator[None]:
    """Turn whatever is wrong with a kind, arguments and options into EnqueueErrors."""
    try:
        yield
    except EnqueueError as error:
        if error.field not in {"name", "owner"}:
            raise
        # Of the job, which the arguments make up.
        raise EnqueueError("payload", f"{error.field} {error.message}") from error
    except RegistryError as error:
        known = ", ".join(sorted(registry.kinds()))
        raise EnqueueError("kind", f"{error} Allowed: {known}.") from error
    except ArgumentsError as error:
        raise EnqueueError("payload", str(error)) from error
    except Exception as error:
        # The arguments' own code may raise anything, and who reads a payload must survive it.
        trouble = trouble_of(error)
        raise EnqueueError("payload", f"{trouble.error_class}: {trouble.message}") from error
