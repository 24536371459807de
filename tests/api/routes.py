"""Every address of the project, outside of the admin and of static files."""

from __future__ import annotations

from typing import NamedTuple

from django.urls import URLPattern, get_resolver

READ_ONLY = ("GET",)
SKIPPED = {"admin"}


class Route(NamedTuple):
    """What an address has in it by name, and the methods that it answers."""

    places: tuple[str, ...]
    methods: tuple[str, ...]


def routes():
    """Return each route by its name; HEAD and OPTIONS go with the others."""
    return {
        f"{namespace}:{pattern.name}" if namespace else pattern.name: Route(
            places=tuple(pattern.pattern.regex.groupindex), methods=methods_of(pattern.callback)
        )
        for namespace, pattern in walk(get_resolver())
    }


def walk(resolver, namespace=""):
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            assert pattern.name, f"{pattern.pattern} has no name"
            yield namespace, pattern
        elif pattern.namespace not in SKIPPED:
            yield from walk(pattern, pattern.namespace or namespace)


def methods_of(callback):
    view = getattr(callback, "cls", None) or getattr(callback, "view_class", None)
    if view is None:
        # The project's own functions are for reading alone.
        return READ_ONLY
    allowed = callback.view_initkwargs.get("http_method_names", view.http_method_names)
    return tuple(
        name.upper() for name in allowed if hasattr(view, name) and name not in {"head", "options"}
    )
