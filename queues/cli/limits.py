"""`queues limits`: what the jobs of a key may do over all workers, and what they do now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from queues.cli.asking import add_reason
from queues.cli.console import Answer, Subcommand, UsageError
from queues.cli.tables import one_line
from queues.limits import keys_in_use
from queues.models import Limit
from queues.operations import LIMIT_VERBS, KeyWords

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from queues.cli.console import Console, Options
    from queues.limits import KeyInUse

MOST_KEYS: Final = 50
# What JSON says of a key, and what people are told.
SAID: Final = {
    "remove": ("removed", "has no limit any more"),
    "open": ("opened", "is open"),
    "close": ("closed", "is closed for {seconds:g} s"),
}


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("verb", nargs="?", choices=LIMIT_VERBS, metavar="|".join(LIMIT_VERBS))
    parser.add_argument("key", nargs="?", metavar="KEY", help="a key, or its beginning and *")
    parser.add_argument("--concurrency", type=int, metavar="N", help="jobs that run at once")
    parser.add_argument("--rate", default="", metavar="N/SECONDS", help="jobs that begin in a time")
    parser.add_argument("--seconds", type=float, metavar="N", help="how long a key is closed")
    add_reason(parser)


def limits(options: Options, console: Console) -> Answer:
    """Answer with the limits and the keys in use, or do a verb to a limit or a key."""
    verb, key = options["verb"], options["key"]
    if verb is None:
        return _list(console)
    if key is None:
        raise UsageError(f"KEY is missing; allowed: limits {verb} KEY.")
    _check(verb, options)
    words = KeyWords(**{name: options[name] for name in ("key", "concurrency", "rate", "seconds")})
    done = LIMIT_VERBS[verb](words)
    return _about(done) if isinstance(done, Limit) else _said(verb, words)


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


def _check(verb: str, options: Options) -> None:
    if verb == "set" and not options["rate"] and options["concurrency"] is None:
        raise UsageError("There is nothing to set; allowed: --concurrency, --rate.")
    if verb == "close" and options["seconds"] is None:
        raise UsageError("--seconds is missing; allowed: limits close KEY --seconds N.")


def _about(limit: Limit) -> Answer:
    words = f"{one_line(limit.key)}: {_or_dash(limit.concurrency)} at once, rate {_rate(limit)}."
    return Answer(data={"limit": _as_json(limit)}, lines=[words])


def _said(verb: str, words: KeyWords) -> Answer:
    name, sentence = SAID[verb]
    line = f"{one_line(words.key)} {sentence.format(seconds=words.seconds)}."
    return Answer(data={name: words.key}, lines=[line])


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
