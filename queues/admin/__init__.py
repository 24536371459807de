"""The engine's pages for operators."""

from __future__ import annotations

from queues.admin.audit import AuditEntryAdmin
from queues.admin.dashboard import dashboard
from queues.admin.failures import FailureGroupAdmin
from queues.admin.jobs import JobAdmin
from queues.admin.limits import LimitAdmin
from queues.admin.operations import OperationAdmin
from queues.admin.queues import QueueControlAdmin
from queues.admin.schedules import ScheduleAdmin
from queues.admin.workers import WorkerAdmin

__all__ = [
    "AuditEntryAdmin",
    "FailureGroupAdmin",
    "JobAdmin",
    "LimitAdmin",
    "OperationAdmin",
    "QueueControlAdmin",
    "ScheduleAdmin",
    "WorkerAdmin",
    "dashboard",
]
