"""Connections to Redis. One client each for pushing and for taking, kept for the process.

django-rq would open a new client for every queue object.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django_rq.connection_utils import get_redis_connection
from redis import RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from queues.conf import PUSH_TIMEOUT_SECONDS
from queues.transport.replies import bound_replies

if TYPE_CHECKING:
    from redis import Redis

__all__ = ["RedisError", "consumer", "ping", "producer"]


def _connect(connect_timeout: float, timeout: float) -> Redis:
    config: dict[str, Any] = next(iter(settings.RQ_QUEUES.values()))
    kwargs = {
        **config.get("REDIS_CLIENT_KWARGS", {}),
        "socket_connect_timeout": connect_timeout,
        "socket_timeout": timeout,
        # redis-py would try ten times, for seconds, while a request waits.
        "retry": Retry(NoBackoff(), 0),
    }
    return bound_replies(get_redis_connection({**config, "REDIS_CLIENT_KWARGS": kwargs}))


@cache
def producer() -> Redis:
    """The client that pushes hints: gives up within a tenth of a second, for the row is safe."""
    return _connect(PUSH_TIMEOUT_SECONDS, PUSH_TIMEOUT_SECONDS)


@cache
def consumer() -> Redis:
    """The client of a worker's loop, patient enough for its blocking wait of one second."""
    return _connect(1.0, 2.0)


def ping() -> None:
    """Raise RedisError unless Redis answers within half a second."""
    prober().ping()


@cache
def prober() -> Redis:
    return _connect(0.5, 0.5)
