"""The words behind a subcommand: ids of jobs, or a filter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from queues.cli.console import RefusedError, UsageError
from queues.conf import get_queues
from queues.digits import digits
from queues.filter_words import MAX_ID
from queues.filters import WORDS, JobFilter, parse
from queues.models import Job

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

FILTER_HELP: Final = f"word=value, of {', '.join(WORDS)}"
TARGET_HELP: Final = f"ids of jobs, or {FILTER_HELP}"


def add_filter(parser: ArgumentParser, *, nargs: str = "*", text: str = FILTER_HELP) -> None:
    """Take the words of a filter."""
    parser.add_argument("words", nargs=nargs, metavar="WORD", help=text)


def known_queues() -> str:
    """Return the queues of the settings, for the help of a word that is one."""
    return f"one of {', '.join(get_queues())}"


def add_id(parser: ArgumentParser) -> None:
    """Take the id of one job."""
    parser.add_argument("id", metavar="ID", help="of a job")


def target(words: Sequence[str]) -> list[int] | JobFilter:
    """Return ids, or the filter that the words make. Raises UsageError and FilterError."""
    if any("=" in word for word in words):
        return job_filter(words)
    return list(dict.fromkeys(map(job_id, words)))


def job_filter(words: Sequence[str]) -> JobFilter:
    """Return the filter of `word=value` texts. Raises UsageError and FilterError."""
    found: dict[str, str] = {}
    for word in words:
        name, is_there, value = word.partition("=")
        if not is_there:
            raise UsageError(f"{word[:50]!r} is no part of a filter; allowed: {FILTER_HELP}.")
        if name in found:
            raise UsageError(f"{name} is there twice; allowed: once.")
        found[name] = value
    return parse(found)


def job_id(text: str) -> int:
    """Return the id in a text. Raises UsageError."""
    id_ = digits(text, MAX_ID)
    if id_ is None:
        raise UsageError(f"{text[:50]!r} is no id; allowed: a whole number.")
    return id_


def job_of(text: str) -> Job:
    """Return the job of an id. Raises UsageError, and RefusedError where there is none."""
    id_ = job_id(text)
    job = Job.objects.filter(pk=id_).first()
    if job is None:
        raise RefusedError(f"There is no job {id_}.")
    return job
