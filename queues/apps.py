from __future__ import annotations

from django.apps import AppConfig


class QueuesConfig(AppConfig):
    name = "queues"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # They register the checks, and the handlers of the engine's own kinds.
        from queues import batch_jobs, bulk_job, checks  # noqa: F401, PLC0415
