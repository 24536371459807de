from __future__ import annotations

from django.apps import AppConfig


class QueuesConfig(AppConfig):
    name = "queues"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from queues import (  # noqa: PLC0415
            bulk_job,  # noqa: F401  (registers its handler)
            checks,  # noqa: F401  (registers the checks)
        )
