from __future__ import annotations

from django.apps import AppConfig


class HubConfig(AppConfig):
    """The wiring as an app: it has checks and commands, and no models."""

    name = "fediverse"
    label = "hub"

    def ready(self) -> None:
        # They register the checks.
        from fediverse import cache_checks, checks, deploy_checks  # noqa: F401, PLC0415
