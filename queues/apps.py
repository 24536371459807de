from __future__ import annotations

from django.apps import AppConfig


class QueuesConfig(AppConfig):
    name = "queues"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # They register the checks, and the handlers of the engine's own kinds.
        from queues import (  # noqa: PLC0415
            batch_jobs,  # noqa: F401
            bulk_job,  # noqa: F401
            checks,  # noqa: F401
            schedule_checks,  # noqa: F401
        )
        from queues.tasks import job  # noqa: F401, PLC0415
