"""The platforms by name. A new one is a folder beside this file and a line in here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fediverse.platforms.mastodon.adapter import Mastodon

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fediverse.platforms.base import Loads, Platform
    from fediverse.platforms.http import HttpClient

PLATFORMS: Final[Mapping[str, Callable[[HttpClient, Loads], Platform]]] = {"mastodon": Mastodon}

# What jobs may name. Nobody can link an account on one without an adapter: there is nothing to do.
NAMES: Final = ("mastodon", "lemmy", "peertube")


class UnknownPlatformError(ValueError):
    """There is no adapter of that name."""


def get_platform(name: str, http: HttpClient, loads: Loads) -> Platform:
    """Return the adapter of a platform. `loads` reads the JSON of its servers."""
    if name not in PLATFORMS:
        raise UnknownPlatformError(f"No platform {name!r}; allowed: {', '.join(PLATFORMS)}.")
    return PLATFORMS[name](http, loads)
