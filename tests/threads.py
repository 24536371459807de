"""Running things side by side, each on a database connection of its own."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connections


def _on_own_connection(function):
    try:
        return function()
    finally:
        connections.close_all()


def in_thread(function):
    """Run a function in another thread and return what it returns."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(_on_own_connection, function).result(timeout=30)


def together(*functions):
    """Start all functions at the same moment and return their results in order."""
    barrier = threading.Barrier(len(functions))

    def start(function):
        barrier.wait(timeout=10)
        return _on_own_connection(function)

    with ThreadPoolExecutor(len(functions)) as pool:
        futures = [pool.submit(start, function) for function in functions]
        return [future.result(timeout=30) for future in futures]
