from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class BenchmarksConfig(AppConfig):
    """Registers the kinds that are measured."""

    name = "benchmarks"

    def ready(self) -> None:
        """Load the handlers."""
        import_module("benchmarks.jobs")
