from __future__ import annotations

from queues.models.attempt import Attempt
from queues.models.job import Job
from queues.models.worker import Worker

__all__ = ["Attempt", "Job", "Worker"]
