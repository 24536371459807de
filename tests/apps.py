from __future__ import annotations

from django.apps import AppConfig


class TestsConfig(AppConfig):
    """Registers the sample jobs, in the tests and in the workers that they start."""

    name = "tests"

    def ready(self):
        from tests import (  # noqa: PLC0415
            deploy_jobs,  # noqa: F401
            fault_jobs,  # noqa: F401
            flow_jobs,  # noqa: F401
            jobs,  # noqa: F401
            life_jobs,  # noqa: F401
            lock_jobs,  # noqa: F401
            unit_jobs,  # noqa: F401
        )
        from tests.failpoints import arm  # noqa: PLC0415

        arm()
