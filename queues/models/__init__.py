from __future__ import annotations

from queues.models.attempt import Attempt
from queues.models.control import QueueControl
from queues.models.effect import Effect
from queues.models.job import Job
from queues.models.log import LogLine
from queues.models.metric import Metric
from queues.models.worker import Worker

__all__ = ["Attempt", "Effect", "Job", "LogLine", "Metric", "QueueControl", "Worker"]
