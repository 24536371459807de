from __future__ import annotations

from django.apps import AppConfig


class TestsConfig(AppConfig):
    """Registers the sample jobs, in the tests and in the workers that they start."""

    name = "tests"

    def ready(self):
        from tests import deploy_jobs, jobs, life_jobs, unit_jobs  # noqa: F401, PLC0415
