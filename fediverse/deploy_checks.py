"""What `manage.py check --deploy` says of a deployment that anybody may reach."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import (
    CheckMessage,
    Error,
    Info,
    Tags,
    Warning,  # noqa: A004
    register,
)
from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SHORTEST_SECRET: Final = 50
FEWEST_CHARACTERS: Final = 10
# Parts of the values that examples, tutorials and generators leave for others to replace.
PLACEHOLDERS: Final = ("insecure", "change", "secret", "password", "example", "replace", "your-key")
DEFAULT_PASSWORDS: Final = frozenset({"password", "redis", "valkey", "secret", "foobared", "hub"})
DEFAULT_NAMES: Final = ("admin", "administrator", "root", "superuser", "staff", "test", "user")


@register(deploy=True)
def broker_password(**_kwargs: Any) -> list[CheckMessage]:
    """Report a Redis that anybody may write to (fediverse.E007), or anybody here (W001)."""
    where = settings.REDIS
    hint = "Set REDIS_URL to redis://user:password@host:6379/0, and give Redis that user."
    if (where.get("PASSWORD") or "").lower() in DEFAULT_PASSWORDS:
        text = "REDIS_URL has a password that everybody knows."
        return [Error(text, hint=hint, id="fediverse.E007")]
    if where.get("PASSWORD"):
        return []
    if is_loopback(where["HOST"]):
        text = "REDIS_URL has no password: every user of this machine may write to Redis."
        return [Warning(text, hint=hint, id="fediverse.W001")]
    text = "REDIS_URL has no password: whoever reaches Redis may read and delay what is queued."
    return [Error(text, hint=hint, id="fediverse.E007")]


def is_loopback(host: str) -> bool:
    """Whether only this machine is reached there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@register(deploy=True)
def secret_key(**_kwargs: Any) -> list[CheckMessage]:
    """Report secrets that can be guessed (fediverse.E008), without showing them."""
    named = {"SECRET_KEY": settings.SECRET_KEY}
    named |= {
        f"SECRET_KEY_FALLBACKS[{n}]": key for n, key in enumerate(settings.SECRET_KEY_FALLBACKS)
    }
    hint = "Make one: python3 -c 'import secrets; print(secrets.token_urlsafe(64))'."
    return [
        Error(f"{name} {weakness}.", hint=hint, id="fediverse.E008")
        for name, key in named.items()
        if key and (weakness := weakness_of(key))
    ]


def weakness_of(key: str) -> str | None:
    """Say why a secret can be guessed; None if nothing speaks for it."""
    if len(key) < SHORTEST_SECRET:
        return f"has fewer than {SHORTEST_SECRET} characters"
    if len(set(key)) < FEWEST_CHARACTERS:
        return f"has fewer than {FEWEST_CHARACTERS} different characters"
    if key in (key + key)[1:-1]:
        return "repeats itself"
    if any(word in key.lower() for word in PLACEHOLDERS):
        return "looks like the placeholder of an example"
    return None


@register(deploy=True)
def proxies(**_kwargs: Any) -> list[CheckMessage]:
    """Warn of no proxy in front (fediverse.W002), and of one that is named by halves (W003).

    accounts.W001 is about the other half.
    """
    header: object = settings.SECURE_PROXY_SSL_HEADER
    if header or settings.DEBUG:
        return []
    if settings.NUM_PROXIES:
        return [
            Warning(
                "NUM_PROXIES is set and BEHIND_TLS_PROXY is not: every request seems to be http.",
                hint="Set BEHIND_TLS_PROXY=true if the proxy sets X-Forwarded-Proto itself.",
                id="fediverse.W003",
            )
        ]
    return [
        Warning(
            "No proxy is in front: slow clients hold the web server's threads.",
            hint="Put a proxy that buffers requests and ends TLS in front, and set"
            " BEHIND_TLS_PROXY=true and NUM_PROXIES=1.",
            id="fediverse.W002",
        )
    ]


@register(deploy=True)
def openings(**_kwargs: Any) -> list[CheckMessage]:
    """Warn of LOCAL_INSTANCES (fediverse.W004), and mention the open endpoint (I001)."""
    return [*_openings()]


def _openings() -> Iterator[CheckMessage]:
    if settings.LOCAL_INSTANCES:
        yield Warning(
            "LOCAL_INSTANCES is set: users may let this site speak to those hosts of yours.",
            hint="Leave it empty; it is for a developer's machine.",
            id="fediverse.W004",
        )
    if settings.OPEN_ENDPOINT:
        yield Info(
            "OPEN_ENDPOINT is on: anybody may add test jobs, within its limits.",
            hint="Set OPEN_ENDPOINT=false if nobody needs it.",
            id="fediverse.I001",
        )


@register(Tags.database, deploy=True)
def default_names(databases: Sequence[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """Warn of superusers with a name that is tried first (fediverse.W005).

    Runs with `manage.py check --deploy --database default`.
    """
    users = get_user_model()
    if "default" not in (databases or []) or not _has_table(users._meta.db_table):  # noqa: SLF001
        return []
    names = users.objects.filter(is_superuser=True, is_active=True).values_list(
        "username", flat=True
    )
    return [
        Warning(
            f"There is a superuser called {name!r}, a name that is tried first.",
            hint="Give superusers names of their own, and deactivate this one.",
            id="fediverse.W005",
        )
        for name in names.order_by("username")
        if name.lower() in DEFAULT_NAMES
    ]


def _has_table(name: str) -> bool:
    with connection.cursor() as cursor:
        return name in connection.introspection.table_names(cursor)
