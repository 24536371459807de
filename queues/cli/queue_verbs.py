"""`queues drain` and `clean`: deleting the jobs of a queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from queues.cli.asking import add_reason, add_yes, insist
from queues.cli.console import Answer, Subcommand, UsageError, jobs_in_words
from queues.cli.words import known_queues
from queues.filter_words import moment
from queues.queue_control import CHUNK, CLEANABLE, MAX_CLEAN, clean, drain, would_clean, would_drain

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from queues.cli.console import Console, Options


def _add_drain(parser: ArgumentParser) -> None:
    parser.add_argument("queue", metavar="QUEUE", help=known_queues())
    parser.add_argument("--delayed", action="store_true", help="delayed jobs too")
    add_yes(parser)
    add_reason(parser)


def _add_clean(parser: ArgumentParser) -> None:
    parser.add_argument("queue", metavar="QUEUE", help=known_queues())
    parser.add_argument("state", metavar="STATE", choices=CLEANABLE, help=", ".join(CLEANABLE))
    parser.add_argument("--older-than", metavar="AGE", help="an age such as 90s, 15m, 2h or 7d")
    parser.add_argument("--limit", type=int, default=CHUNK, help=f"at most; usually {CHUNK}")
    add_yes(parser)
    add_reason(parser)


def drain_queue(options: Options, console: Console) -> Answer:
    """Delete what has not begun, if it is meant so."""
    queue, delayed = options["queue"], options["delayed"]
    found = would_drain(queue, delayed=delayed)
    kinds = "waiting or delayed" if delayed else "waiting"
    sentence = f"{jobs_in_words(found)} of {queue} ({kinds}) will be deleted."
    if options["dry_run"]:
        return _dry("drain", queue, found, sentence)
    insist(sentence, options, console)
    return _removed("drain", queue, drain(queue, delayed=delayed))


def clean_queue(options: Options, console: Console) -> Answer:
    """Delete the oldest jobs of a state, if it is meant so."""
    queue, state, limit = options["queue"], options["state"], options["limit"]
    if not 1 <= limit <= MAX_CLEAN:
        raise UsageError(f"--limit is {limit}; allowed: 1 to {MAX_CLEAN}.")
    since = console.now
    if options["older_than"] is not None:
        since = moment("--older-than", options["older_than"], console.now)
    age = (console.now - since).total_seconds()
    found = would_clean(queue, state, older_than=age, limit=limit)
    sentence = f"{jobs_in_words(found)} of {queue} ({state}, the oldest) will be deleted."
    if options["dry_run"]:
        return _dry("clean", queue, found, sentence)
    insist(sentence, options, console)
    return _removed("clean", queue, clean(queue, state, older_than=age, limit=limit))


def _dry(verb: str, queue: str, found: int, sentence: str) -> Answer:
    data = {"verb": verb, "queue": queue, "isDryRun": True, "count": found}
    return Answer(data=data, lines=[sentence])


def _removed(verb: str, queue: str, removed: int) -> Answer:
    data = {"verb": verb, "queue": queue, "isDryRun": False, "count": removed}
    return Answer(data=data, lines=[f"{jobs_in_words(removed)} of {queue}: deleted."])


SUBCOMMANDS = (
    Subcommand(
        name="drain", help="delete what waits in a queue", run=drain_queue,
        add_arguments=_add_drain,
    ),
    Subcommand(
        name="clean", help="delete the oldest jobs of a queue and state", run=clean_queue,
        add_arguments=_add_clean,
    ),
)  # fmt: skip
