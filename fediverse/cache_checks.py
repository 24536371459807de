"""A system check: no cache may unpickle what others can write."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string

# An empty list, pickled.
PICKLED: Final = b"\x80\x04]."
HINT: Final = (
    "Use locmem, or Django's RedisCache with a serializer in OPTIONS that reads JSON: whoever"
    " writes to a cache that unpickles runs code here."
)


@register()
def caches(**_kwargs: Any) -> list[CheckMessage]:
    """Report caches that unpickle what lies in a shared place (fediverse.E006).

    What is none of Django's cannot be known, and is reported too.
    """
    return [
        Error(f"CACHES[{name!r}] unpickles what it reads, or may.", hint=HINT, id="fediverse.E006")
        for name, config in settings.CACHES.items()
        if not is_safe(config)
    ]


def is_safe(config: dict[str, Any]) -> bool:
    """Whether the cache is this process's own, or its serializer does not unpickle."""
    backend = import_string(config["BACKEND"])
    if issubclass(backend, LocMemCache | DummyCache):
        return True
    serializer = config.get("OPTIONS", {}).get("serializer")
    return issubclass(backend, RedisCache) and bool(serializer) and not unpickles(serializer)


def unpickles(serializer: Any) -> bool:
    """Whether a serializer, as Django's RedisCache takes it, makes a list of a pickled one."""
    if isinstance(serializer, str):
        serializer = import_string(serializer)
    if isinstance(serializer, type):
        serializer = serializer()
    try:
        return bool(serializer.loads(PICKLED) == [])
    except (ValueError, TypeError):
        return False
