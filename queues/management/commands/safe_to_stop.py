"""`manage.py safe_to_stop`: whether stopping workers now would undo long work."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from django.core.management.base import BaseCommand, CommandError

from queues.deploys import DEFAULT_MINUTES, DeployError, LongRun, long_running, versions_in_use

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

ROW: Final = "{:>10}  {:<30}  {:<24}  {:<20}  {:<19}  {}"
HEAD: Final = ("job", "kind", "worker", "host", "started at (UTC)", "version")
BAD_QUESTION: Final = 2


class Command(BaseCommand):
    """Look at what runs now. Nothing is stopped, paused or waited for."""

    help = (
        "Exits with 0 if no job has run for longer than so many minutes, with 1 and a table of "
        "those that have, and with 2 if it was asked wrongly."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--minutes", type=float, default=DEFAULT_MINUTES)
        parser.add_argument("--worker", metavar="NAME", help="only the jobs of this worker")
        parser.add_argument("--json", action="store_true", help="print a JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what runs, and fail if that is anything."""
        minutes = options["minutes"]
        try:
            jobs = long_running(minutes, worker=options["worker"])
        except DeployError as error:
            raise CommandError(str(error), returncode=BAD_QUESTION) from error
        self.stdout.write(_as_json(jobs) if options["json"] else _as_text(jobs))
        if jobs:
            raise CommandError(f"{len(jobs)} jobs have run for more than {minutes:g} minutes.")


def _as_json(jobs: Sequence[LongRun]) -> str:
    found = [{**asdict(job), "started_at": job.started_at.isoformat()} for job in jobs]
    return json.dumps({"is_safe": not jobs, "jobs": found, "versions": versions_in_use()})


def _as_text(jobs: Sequence[LongRun]) -> str:
    table = [ROW.format(*HEAD), *map(_row, jobs)] if jobs else ["Nothing has run for that long."]
    versions = [
        f"Live workers with version {version or 'unknown'}: {number}"
        for version, number in versions_in_use().items()
    ]
    return "\n".join([*table, *versions])


def _row(job: LongRun) -> str:
    started_at = f"{job.started_at:%Y-%m-%d %H:%M:%S}"
    version = job.code_version or "unknown"
    return ROW.format(job.job_id, job.kind, job.worker, job.host, started_at, version)
