"""System checks of the engine's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from queues.conf import QueueSettingsError, get_queues, queue_of_operations
from queues.explain import stranded_kinds

if TYPE_CHECKING:
    from collections.abc import Sequence

JSON_SERIALIZER: Final = "rq.serializers.JSONSerializer"
CLASSES: Final = {
    "QUEUE_CLASS": "queues.transport.queue.HubQueue",
    "JOB_CLASS": "queues.transport.job.HubJob",
    "WORKER_CLASS": "queues.transport.worker.HubWorker",
}


@register()
def queue_settings(**_kwargs: Any) -> list[CheckMessage]:
    """Report a QUEUES setting that cannot be used (queues.E001)."""
    try:
        get_queues()
    except QueueSettingsError as error:
        hint = "See queues.conf.QueueConf for what a queue may set."
        return [Error(f"QUEUES: {error}", hint=hint, id="queues.E001")]
    return []


@register()
def operations_queue(**_kwargs: Any) -> list[CheckMessage]:
    """Report a QUEUE_OF_OPERATIONS that is no queue (queues.E004)."""
    name = queue_of_operations()
    if not name or name in settings.QUEUES:
        return []
    hint = f"Leave it empty, or set it to one of: {', '.join(settings.QUEUES)}."
    return [Error(f"QUEUE_OF_OPERATIONS is {name!r}.", hint=hint, id="queues.E004")]


@register()
def rq_settings(**_kwargs: Any) -> list[CheckMessage]:
    """Report RQ settings that would bring pickle (queues.E002) or RQ's own classes (E003) back."""
    found: list[CheckMessage] = []
    serializers = {
        name: settings.RQ_QUEUES.get(name, {}).get("SERIALIZER")
        for name in {**settings.QUEUES, **settings.RQ_QUEUES}
    }
    for name, serializer in serializers.items():
        if serializer != JSON_SERIALIZER:
            text = f"RQ_QUEUES[{name!r}]['SERIALIZER'] is {serializer!r}."
            hint = f"Set it to {JSON_SERIALIZER!r}: unpickling what lies in Redis runs it as code."
            found.append(Error(text, hint=hint, id="queues.E002"))
    for key, path in CLASSES.items():
        if settings.RQ.get(key) != path:
            text = f"RQ[{key!r}] is {settings.RQ.get(key)!r}."
            found.append(Error(text, hint=f"Set it to {path!r}.", id="queues.E003"))
    return found


@register()
def rq_pages(**_kwargs: Any) -> list[CheckMessage]:
    """Report django-rq's pages in the admin (queues.E005)."""
    if not getattr(settings, "RQ_SHOW_ADMIN_LINK", True):
        return []
    text = "RQ_SHOW_ADMIN_LINK is on, as it is by default: to look at django-rq's pages unpickles."
    return [Error(text, hint="Set RQ_SHOW_ADMIN_LINK = False.", id="queues.E005")]


@register()
def pool_size(**_kwargs: Any) -> list[CheckMessage]:
    """Warn when a worker's threads would wait for each other's connections (queues.W001)."""
    pool = settings.DATABASES["default"].get("OPTIONS", {}).get("pool")
    if not isinstance(pool, dict) or queue_settings():
        return []
    wanted = sum(conf.slots for conf in get_queues().values())
    if pool["max_size"] >= wanted:
        return []
    text = (
        f"A worker with all slots busy needs {wanted} connections, the pool has {pool['max_size']}."
    )
    hint = "Raise DATABASE_POOL_SIZE or lower the SLOTS_ variables."
    return [Warning(text, hint=hint, id="queues.W001")]


def has_pending_migrations() -> bool:
    """Say whether our tables may lack what a query reads: `migrate` runs the checks first."""
    executor = MigrationExecutor(connection)
    targets = [key for key in executor.loader.graph.leaf_nodes() if key[0] == "queues"]
    return bool(executor.migration_plan(targets))


@register(Tags.database)
def unknown_kinds(databases: Sequence[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """Warn of jobs that have waited a quarter of an hour for a worker that knows their kind.

    Runs with `manage.py check --database default`, and says nothing without a live worker.
    """
    if "default" not in (databases or []) or has_pending_migrations():
        return []
    return [
        Warning(
            f"{number} jobs of the kind {kind!r} wait, and no live worker knows it.",
            hint="Deploy workers that have its handler, or cancel the jobs.",
            id="queues.W002",
        )
        for kind, number in stranded_kinds()
    ]
