"""Reading the environment without ever raising: what is wrong becomes a system check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

TRUE = frozenset({"true", "1", "yes", "on"})
FALSE = frozenset({"false", "0", "no", "off"})
MAX_PORT = 65_535


@dataclass(frozen=True)
class Problem:
    """One variable that is missing or wrong. `id` is the stable id of its system check."""

    id: str
    message: str
    hint: str


env = environ.Env()
problems: list[Problem] = []


def complain(check_id: str, message: str, hint: str) -> None:
    """Remember a problem; `fediverse.checks` reports it."""
    problems.append(Problem(id=check_id, message=message, hint=hint))


def read(cast: Callable[..., T], name: str, default: T, *, hint: str) -> T:
    """Return the variable through one of django-environ's casts.

    A value that cannot be cast is remembered as fediverse.E001, and the default is returned, so
    that `manage.py check` can name every mistake at once.
    """
    try:
        return cast(name, default=default)
    except (ValueError, TypeError, KeyError, ImproperlyConfigured):
        complain("fediverse.E001", f"{name} has a value that cannot be read.", hint)
        return default


def boolean(name: str, *, default: bool) -> bool:
    """Return true or false; an empty variable is the default, anything else fediverse.E001.

    django-environ takes every word that it does not know for false.
    """
    text = str(env.str(name, default="")).strip().lower()
    if not text:
        return default
    if text in TRUE or text in FALSE:
        return text in TRUE
    complain(
        "fediverse.E001", f"{name} is neither true nor false.", f"Set {name} to true or false."
    )
    return default


def one_of(name: str, allowed: tuple[str, ...], *, default: str) -> str:
    """Return one of the allowed words, in whatever case; another one is fediverse.E001."""
    text = str(env.str(name, default="")).strip() or default
    for word in allowed:
        if text.lower() == word.lower():
            return word
    hint = f"Set {name} to one of {', '.join(allowed)}."
    complain("fediverse.E001", f"{name} has a value that is not allowed.", hint)
    return default


def number(name: str, default: int, *, least: int, most: int) -> int:
    """Return a whole number within [least, most]; outside of it is fediverse.E001."""
    hint = f"Give {name} a whole number from {least} to {most}, or leave it out for {default}."
    value = read(env.int, name, default, hint=hint)
    if not least <= value <= most:
        complain("fediverse.E001", f"{name} is {value}, which is out of range.", hint)
        return default
    return value


def required(name: str, check_id: str, *, when: bool, hint: str) -> str:
    """Return the variable; if it is empty and `when` holds, that is the given check's error."""
    value = str(env.str(name, default=""))
    if not value and when:
        complain(check_id, f"{name} is not set.", hint)
    return value


def database(name: str) -> dict[str, Any]:
    """Return Django's settings for a postgres:// URL. Other databases are fediverse.E004.

    SQLite ignores SKIP LOCKED without a word, so two workers would claim the same job.
    """
    hint = f"Set {name} to postgres://user:password@host:5432/name."
    unset = {"ENGINE": "django.db.backends.postgresql", "NAME": "unset"}
    url = required(name, "fediverse.E004", when=True, hint=hint)
    if not url:
        return unset
    try:
        config: dict[str, Any] = environ.Env.db_url_config(url)
    except (ValueError, ImproperlyConfigured):
        config = {}
    if config.get("ENGINE") != unset["ENGINE"]:
        complain("fediverse.E004", f"{name} does not name a Postgres database.", hint)
        return unset
    return config


def redis(name: str) -> dict[str, Any]:
    """Return host, port, db, user name and password of a redis:// or rediss:// URL.

    The parts and not the URL go to django-rq, which drops the client's timeouts beside a URL.
    Anything else is fediverse.E005.
    """
    hint = f"Set {name} to redis://user:password@host:6379/0, or rediss:// for TLS."
    url = required(name, "fediverse.E005", when=True, hint=hint)
    try:
        parts = urlsplit(url or "redis://127.0.0.1:6379/0")
        schemes = {"redis": False, "rediss": True}
        return {
            "HOST": parts.hostname or "127.0.0.1",
            "PORT": parts.port or 6379,
            "DB": int(parts.path.strip("/") or 0),
            "USERNAME": unquote(parts.username) if parts.username else None,
            "PASSWORD": unquote(parts.password) if parts.password else None,
            "SSL": schemes[parts.scheme],
        }
    except (ValueError, KeyError):
        complain("fediverse.E005", f"{name} does not name a Redis or Valkey server.", hint)
        return {"HOST": "127.0.0.1", "PORT": 6379, "DB": 0}


def local_hosts(name: str) -> frozenset[tuple[str, int]]:
    """Return the (host, port) pairs of a comma separated list; a wrong entry is fediverse.E001."""
    pairs: set[tuple[str, int]] = set()
    for entry in env.list(name, default=[]):
        host, _, port = entry.rpartition(":")
        is_port = port.isascii() and port.isdecimal() and 0 < int(port[:6]) <= MAX_PORT
        if host and is_port:
            pairs.add((host, int(port)))
        else:
            hint = f"Write {name} as host:port, several with commas between."
            complain("fediverse.E001", f"{name} has an entry that is not host:port.", hint)
    return frozenset(pairs)
