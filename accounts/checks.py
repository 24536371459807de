"""System checks: keys that remote access tokens are sealed with, and whose addresses are seen."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004

from accounts.secrets import KeysError, is_weak, parse_keys

HINT: Final = (
    "Set TOKEN_KEYS to id:key, several with commas between; the first one writes. A key comes from "
    "python3 -c 'import base64, os; print(\"k1:\" + base64.b64encode(os.urandom(32)).decode())'."
)


@register()
def token_keys(**_kwargs: Any) -> list[CheckMessage]:
    """Report TOKEN_KEYS that are missing or malformed, or of which the first is weak; show none.

    accounts.E001: they cannot be used. accounts.W002: one that only reads is weak.
    """
    try:
        keys = parse_keys(settings.TOKEN_KEYS)
    except KeysError as error:
        return [Error(str(error), hint=HINT, id="accounts.E001")]
    return [
        Warning(
            f"The key {key_id} in TOKEN_KEYS is not random.",
            hint="Run manage.py rotate_token_keys, and take the key out.",
            id="accounts.W002",
        )
        for key_id, key in keys.items()
        if is_weak(key)
    ]


@register()
def proxies(**_kwargs: Any) -> list[CheckMessage]:
    """Warn of a proxy whose address would stand for everybody's (accounts.W001)."""
    if not settings.SECURE_PROXY_SSL_HEADER or settings.NUM_PROXIES:
        return []
    return [
        Warning(
            "BEHIND_TLS_PROXY is on and NUM_PROXIES is 0: everybody seems to have one address.",
            hint="Set NUM_PROXIES to how many proxies add to X-Forwarded-For, mostly 1.",
            id="accounts.W001",
        )
    ]
