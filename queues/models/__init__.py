from __future__ import annotations

from queues.models.attempt import Attempt
from queues.models.audit import AuditEntry
from queues.models.control import QueueControl
from queues.models.dependency import ChildState, Dependency, OnFailure
from queues.models.effect import Effect
from queues.models.failure import FailureGroup
from queues.models.job import Job
from queues.models.limit import Limit, LimitKey
from queues.models.log import LogLine
from queues.models.metric import Metric
from queues.models.operation import Change, Operation
from queues.models.request import Bucket, IdempotencyKey
from queues.models.schedule import Misfire, Overlap, Schedule
from queues.models.worker import Worker

__all__ = [
    "Attempt", "AuditEntry", "Bucket", "Change", "ChildState", "Dependency", "Effect",
    "FailureGroup", "IdempotencyKey", "Job", "Limit", "LimitKey", "LogLine", "Metric", "Misfire",
    "OnFailure", "Operation", "Overlap", "QueueControl", "Schedule", "Worker",
]  # fmt: skip
