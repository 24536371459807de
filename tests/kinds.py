"""Kinds that a test registers, and nobody knows after it."""

from __future__ import annotations

from contextlib import contextmanager

from queues import registry


@contextmanager
def only(*kinds):
    """Know these kinds alone, in this order, inside of the block."""
    with forgotten_kinds():
        known = {kind: registry._specs[kind] for kind in kinds}
        registry._specs.clear()
        registry._specs.update(known)
        yield


@contextmanager
def forgotten_kinds():
    """Forget the kinds that are registered inside of the block when it ends."""
    known = dict(registry._specs)
    try:
        yield
    finally:
        registry._specs.clear()
        registry._specs.update(known)
