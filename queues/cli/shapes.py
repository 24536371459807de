"""Rows as JSON. The keys are a promise to scripts: they are added to, never renamed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from queues.models import Attempt, Job, LogLine, Operation, Schedule, Worker


def job_in_short(job: Job) -> dict[str, Any]:
    """Return a job as lists have it."""
    return {
        "id": job.pk,
        "queue": job.queue,
        "kind": job.kind,
        "name": job.name,
        "owner": job.owner,
        "state": job.state,
        "priority": job.priority,
        "attempt": job.attempt,
        "maxAttempts": job.max_attempts,
        "createdAt": job.created_at,
        "runAt": job.run_at,
        "startedAt": job.started_at,
        "finishedAt": job.finished_at,
        "errorClass": job.error_class,
        "errorMessage": job.error_message,
    }


def job_in_full(job: Job) -> dict[str, Any]:
    """Return all of a job's own row that people ask for."""
    return {
        **job_in_short(job),
        "payload": job.payload,
        "payloadVersion": job.payload_version,
        "result": job.result,
        "progress": job.progress,
        "cause": job.cause,
        "timeoutSeconds": job.timeout,
        "backoff": job.backoff,
        "crashes": job.crashes,
        "isFront": job.front,
        "limitKey": job.limit_key,
        "uniqueKey": job.unique_key,
        "scheduleId": job.schedule_id,
        "workerId": job.worker_id,
        "worker": job.worker_name,
        "codeVersion": job.code_version,
        "fingerprint": job.fingerprint,
    }


def attempt(row: Attempt) -> dict[str, Any]:
    """Return an attempt that did not complete its job."""
    return {
        "number": row.number,
        "outcome": row.outcome,
        "worker": row.worker_name,
        "startedAt": row.started_at,
        "finishedAt": row.finished_at,
        "errorClass": row.error_class,
        "errorMessage": row.error_message,
        "traceback": row.traceback,
    }


def log_line(row: LogLine) -> dict[str, Any]:
    """Return a line that a handler wrote."""
    return {"at": row.at, "text": row.text}


def worker(row: Worker, running: int, *, is_live: bool) -> dict[str, Any]:
    """Return a worker and how many jobs it runs."""
    return {
        "name": row.name,
        "host": row.host,
        "pid": row.pid,
        "version": row.version,
        "slots": row.slots,
        "running": running,
        "isLive": is_live,
        "startedAt": row.started_at,
        "beatAt": row.beat_at,
    }


def schedule(row: Schedule) -> dict[str, Any]:
    """Return a schedule and its next tick."""
    return {
        "name": row.name,
        "kind": row.kind,
        "payload": row.payload,
        "cron": row.cron,
        "everySeconds": row.every_seconds,
        "timeZone": row.time_zone,
        "isEnabled": row.is_enabled,
        "nextAt": row.next_at,
        "lastAt": row.last_at,
        "lastJobId": row.last_job_id,
        "ticks": row.ticks,
        "skipped": row.skipped,
        "lastError": row.last_error,
    }


def operation(row: Operation) -> dict[str, Any]:
    """Return a verb that is done to many jobs, and how far it is."""
    return {
        "id": row.pk,
        "verb": row.verb,
        "filter": row.filter,
        "value": row.value,
        "actor": row.actor,
        "reason": row.reason,
        "undoes": row.undoes_id,
        "state": row.state,
        "jobId": row.job_id,
        "total": row.total,
        "done": row.done,
        "passedOver": row.passed_over,
        "createdAt": row.created_at,
        "finishedAt": row.finished_at,
    }
