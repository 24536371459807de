"""`queues limits`: what the jobs of a key may do over all workers, and what they do now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from queues.cli.asking import add_reason
from queues.cli.console import Answer, Subcommand, UsageError
from queues.cli.tables import one_line
from queues.control import ControlError
from queues.limits import close_key, keys_in_use, open_key, remove_limit, set_limit
from queues.models import Limit
from queues.rate import Rate, RateError

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from queues.cli.console import Console, Options
    from queues.limits import KeyInUse

MOST_KEYS: Final = 50
VERBS: Final = ("set", "remove", "close", "open")


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("verb", nargs="?", choices=VERBS, metavar="set|remove|close|open")
    parser.add_argument("key", nargs="?", metavar="KEY", help="a key, or its beginning and *")
    parser.add_argument("--concurrency", type=int, metavar="N", help="jobs that run at once")
    parser.add_argument("--rate", type=int, metavar="N", help="jobs that begin in --per seconds")
    parser.add_argument("--per", type=float, metavar="SECONDS")
    parser.add_argument("--seconds", type=float, metavar="N", help="how long a key is closed")
    add_reason(parser)


def limits(options: Options, console: Console) -> Answer:
    """Answer with the limits and the keys in use, or do a verb to a limit or a key."""
    verb, key = options["verb"], options["key"]
    if verb is None:
        return _list(console)
    if key is None:
        raise UsageError(f"KEY is missing; allowed: limits {verb} KEY.")
    if verb == "set":
        return _set(options)
    return _remove(key) if verb == "remove" else _switch(verb, key, options["seconds"])


def _list(console: Console) -> Answer:
    rows, keys = list(Limit.objects.all()), keys_in_use(most=MOST_KEYS)
    lines = ["There is no limit."]
    if rows:
        cells = [[row.key, _or_dash(row.concurrency), _rate(row)] for row in rows]
        lines = console.table(["LIMIT", "AT ONCE", "RATE"], cells)
    if keys:
        headers = ["KEY", "RUN", "WAIT", "OPENS", "HELD BY"]
        lines = [*lines, "", *console.table(headers, [_key_row(key, console) for key in keys])]
    data = {"limits": [_as_json(row) for row in rows], "keys": [_key_json(key) for key in keys]}
    return Answer(data=data, lines=lines)


def _set(options: Options) -> Answer:
    if (options["rate"] is None) != (options["per"] is None):
        raise UsageError("--rate and --per are one thing; allowed: both, or neither.")
    if options["rate"] is None and options["concurrency"] is None:
        raise UsageError("There is nothing to set; allowed: --concurrency, --rate with --per.")
    try:
        rate = None if options["rate"] is None else Rate(count=options["rate"], per=options["per"])
    except RateError as error:
        raise ControlError(str(error)) from error
    limit = set_limit(options["key"], concurrency=options["concurrency"], rate=rate)
    words = f"{one_line(limit.key)}: {_or_dash(limit.concurrency)} at once, rate {_rate(limit)}."
    return Answer(data={"limit": _as_json(limit)}, lines=[words])


def _remove(key: str) -> Answer:
    remove_limit(key)
    return Answer(data={"removed": key}, lines=[f"{one_line(key)} has no limit any more."])


def _switch(verb: str, key: str, seconds: float | None) -> Answer:
    if verb == "open":
        open_key(key)
        return Answer(data={"opened": key}, lines=[f"{one_line(key)} is open."])
    if seconds is None:
        raise UsageError("--seconds is missing; allowed: limits close KEY --seconds N.")
    close_key(key, seconds)
    return Answer(data={"closed": key}, lines=[f"{one_line(key)} is closed for {seconds:g} s."])


def _key_row(key: KeyInUse, console: Console) -> list[object]:
    is_closed = key.opens_at is not None and key.opens_at > console.now
    opens = console.when(key.opens_at) if is_closed else "-"
    more = ", …" if key.running > len(key.holders) else ""
    return [key.key, key.running, key.waiting, opens, ", ".join(map(str, key.holders)) + more]


def _or_dash(value: int | None) -> str:
    return "-" if value is None else str(value)


def _rate(limit: Limit) -> str:
    return "-" if limit.rate is None else f"{limit.rate} in {limit.per_seconds:g} s"


def _as_json(limit: Limit) -> dict[str, Any]:
    return {
        "key": limit.key,
        "concurrency": limit.concurrency,
        "rate": limit.rate,
        "perSeconds": limit.per_seconds,
    }


def _key_json(key: KeyInUse) -> dict[str, Any]:
    return {
        "key": key.key,
        "active": key.running,
        "holders": key.holders,
        "waiting": key.waiting,
        "opensAt": key.opens_at,
    }


SUBCOMMANDS = (
    Subcommand(
        name="limits", help="what keys may do; set or remove it", run=limits,
        add_arguments=_add_arguments,
    ),
)  # fmt: skip
