"""Every subcommand of `manage.py queues`, in the order of its help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from queues.cli import (
    events,
    jobs,
    limits,
    operations,
    queue_settings,
    queue_verbs,
    schedules,
    show,
    status,
    verbs,
    workers,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from queues.cli.console import Subcommand

MODULES: Final = (
    status, jobs, show, verbs, operations, queue_settings, queue_verbs, schedules, workers, limits,
    events,
)  # fmt: skip
SUBCOMMANDS: Final[Mapping[str, Subcommand]] = {
    one.name: one for module in MODULES for one in module.SUBCOMMANDS
}
