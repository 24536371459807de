"""`manage.py rqworker`: django-rq's command, with JSON, our worker and all queues by default."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.core.management.base import CommandError
from django_rq.management.commands.rqworker import Command as RQWorkerCommand

from queues.checks import JSON_SERIALIZER
from queues.conf import MAX_SLOTS, get_queues
from queues.transport.worker import HubWorker

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

FIXED_CLASSES: Final = ("worker_class", "job_class", "queue_class")


class Command(RQWorkerCommand):
    """Run one worker process; see `docs/architecture.md` for what it does with a job."""

    help = "Runs the jobs of the named queues, or of all, until SIGTERM or Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take django-rq's options; django-rq's own default here would be pickle."""
        super().add_arguments(parser)
        parser.set_defaults(serializer=JSON_SERIALIZER)
        parser.add_argument(
            "--slots",
            action="append",
            default=[],
            metavar="QUEUE=N",
            help="run N jobs of the queue side by side; may be given for each queue",
        )

    def handle(self, *args: str, **options: Any) -> None:
        """Refuse what our queues do not have, then work."""
        unknown = sorted(set(args) - set(get_queues()))
        if unknown:
            raise CommandError(f"No queue {unknown[0]!r}; allowed: {', '.join(get_queues())}.")
        for name in FIXED_CLASSES:
            if options[name] is not None:
                flag = name.replace("_", "-")
                raise CommandError(f"--{flag}: not allowed. Other classes run what lies in Redis.")
        if options["serializer"] not in {JSON_SERIALIZER, "json"}:
            raise CommandError("--serializer: allowed: json. Pickle would run what lies in Redis.")
        if options["with_scheduler"]:
            raise CommandError("--with-scheduler: not needed; every worker promotes delayed jobs.")
        queues = args or tuple(get_queues())
        HubWorker.slots = dict(parse_slots(text, queues) for text in options["slots"])
        super().handle(*queues, **options)


def parse_slots(text: str, queues: Sequence[str]) -> tuple[str, int]:
    """Return queue and number of `queue=n`. Raises CommandError."""
    name, _, number = text.partition("=")
    if name not in queues or not number.isascii() or not number.isdigit():
        allowed = f"QUEUE=N, with QUEUE one of {', '.join(queues)}"
        raise CommandError(f"--slots: {text!r}; allowed: {allowed}.")
    if not 1 <= int(number) <= MAX_SLOTS:
        raise CommandError(f"--slots: {text!r}; allowed: 1 to {MAX_SLOTS}.")
    return name, int(number)
