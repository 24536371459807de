from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Coalesce, Now

from queues.conf import MAX_PRIORITY
from queues.states import State
from queues.unique import Answer


class Cause(models.TextChoices):
    """Why a job ended as failed."""

    NONE = "", "none"
    ATTEMPTS = "attempts", "attempts spent"
    REFUSED = "refused", "the handler gave up"
    TIMEOUT = "timeout", "ran out of time"
    CRASHED = "crashed", "its workers died"
    CHILD = "child", "a job that it waited for failed"


class Job(models.Model):
    """A job: the row is the job, and Redis only hints at it.

    `state` is moved by guarded UPDATEs alone (see `queues.statements`). `token` grows with every
    claim, and whoever writes with an old one changes nothing. `attempt` counts tries that were not
    given back, `crashes` the deaths in a row that were its own (see ADR 0026); a job that died
    together with others `is_suspect`. `run_at` is when the job is or was due, by
    Postgres' clock. The `keep_` columns are the job's own retention, as counts (-1 for all) and
    seconds; null means the queue's. `unique_key` is held while not empty: until `unique_until` if
    that is set, else until the job is finished. `successor` is what was enqueued meanwhile, to
    become a job when this one is finished. `limit_key` is what limits and fair turns go by (see
    `queues.limits`), `payload_version` is what the payload was written as, `code_version` what its
    last attempt ran with, `worker_name` who made it, `fingerprint` what its last failure is grouped
    by. `schedule_id` names the schedule whose tick it is, `is_child` says that other jobs wait for
    it.
    """

    # What became of the enqueue that returned this object; no column.
    answer: Answer = Answer.CREATED

    queue = models.CharField(max_length=64)
    kind = models.CharField(max_length=100)
    name = models.CharField(max_length=200, help_text="What people call it.")
    owner = models.CharField(max_length=64, blank=True, help_text="Whose job it is.")
    payload = models.JSONField(default=dict)
    payload_version = models.PositiveSmallIntegerField(db_default=1)
    limit_key = models.CharField(max_length=200, blank=True, db_default="")
    schedule_id = models.BigIntegerField(null=True)
    is_child = models.BooleanField(db_default=False)

    state = models.CharField(max_length=16, choices=[(s.value, s.value) for s in State])
    priority = models.PositiveIntegerField(default=0, help_text="0 goes first, then 1, 2, …")
    front = models.BooleanField(default=False, help_text="Goes before its whole queue.")
    attempt = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=1)
    backoff = models.JSONField(default=dict)
    timeout = models.PositiveIntegerField(default=180, help_text="Seconds from its start.")
    token = models.BigIntegerField(default=0)
    crashes = models.PositiveSmallIntegerField(default=0)
    is_suspect = models.BooleanField(db_default=False)
    keep_completed = models.IntegerField(null=True)
    keep_completed_age = models.PositiveIntegerField(null=True)
    keep_failed = models.IntegerField(null=True)
    keep_failed_age = models.PositiveIntegerField(null=True)
    unique_key = models.CharField(max_length=200, blank=True, db_default="")
    unique_until = models.DateTimeField(null=True)
    successor = models.JSONField(null=True)

    created_at = models.DateTimeField(db_default=Now())
    run_at = models.DateTimeField(db_default=Now())
    turn_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    worker = models.ForeignKey(
        "queues.Worker",
        null=True,
        on_delete=models.SET_NULL,
        related_name="jobs",
        db_index=False,  # job_active is the index
        db_constraint=False,  # checked once a claim, not once a row: see ADR 0009
    )

    progress = models.JSONField(null=True)
    result = models.JSONField(null=True)
    cause = models.CharField(max_length=16, choices=Cause.choices, blank=True, default=Cause.NONE)
    error_class = models.CharField(max_length=200, blank=True)
    error_message = models.TextField(blank=True)
    code_version = models.CharField(max_length=50, blank=True, db_default="")
    worker_name = models.CharField(max_length=200, blank=True, db_default="")
    fingerprint = models.CharField(max_length=16, blank=True, db_default="")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state__in=[s.value for s in State]), name="job_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(priority__lte=MAX_PRIORITY), name="job_priority_range"
            ),
            models.CheckConstraint(
                condition=~models.Q(state=State.ACTIVE) | models.Q(worker__isnull=False),
                name="job_active_has_worker",
            ),
            models.UniqueConstraint(
                fields=["kind", "unique_key"],
                condition=~models.Q(unique_key=""),
                name="job_unique_key",
            ),
        ]
        indexes: ClassVar = [
            # What a worker looks for when Redis has nothing to offer, in the order of service: of
            # all that has no key, or key by key.
            models.Index(
                "queue",
                "limit_key",
                models.F("front").desc(),
                "priority",
                Coalesce("turn_at", "run_at"),
                "id",
                condition=models.Q(state=State.WAITING),
                name="job_place",
            ),
            # Which owner's turn it is, and where each owner's turns end: for the trigger that gives
            # waiting jobs their `turn_at`. Jobs that are nobody's cost nothing here.
            models.Index(
                "queue",
                "priority",
                "turn_at",
                condition=models.Q(state=State.WAITING) & ~models.Q(owner=""),
                name="job_turn_next",
            ),
            models.Index(
                "queue",
                "owner",
                "priority",
                "turn_at",
                condition=models.Q(state=State.WAITING) & ~models.Q(owner=""),
                name="job_turn_last",
            ),
            # How many jobs of a key run.
            models.Index(
                "limit_key",
                condition=models.Q(state=State.ACTIVE) & ~models.Q(limit_key=""),
                name="job_running_key",
            ),
            # Whether an earlier tick of a schedule still runs or waits.
            models.Index(
                "schedule_id",
                condition=models.Q(schedule_id__isnull=False, finished_at__isnull=True),
                name="job_tick",
            ),
            models.Index(
                "fingerprint", "id", condition=models.Q(state=State.FAILED), name="job_failures"
            ),
            models.Index(
                "run_at", "id", condition=models.Q(state=State.DELAYED), name="job_delayed"
            ),
            models.Index("worker", condition=models.Q(state=State.ACTIVE), name="job_active"),
            # Parents, of whom a duty looks whether they wait for nothing.
            models.Index(
                "id", condition=models.Q(state=State.WAITING_CHILDREN), name="job_parents"
            ),
            # What somebody's jobs are. Jobs that are nobody's cost nothing here.
            models.Index("owner", "id", condition=~models.Q(owner=""), name="job_owner"),
            # Counting, which reads nothing but this.
            models.Index(fields=["queue", "state"], name="job_counts"),
            # Retention: the newest finished jobs of one queue and state.
            models.Index(
                "queue",
                "state",
                models.F("finished_at").desc(),
                models.F("id").desc(),
                condition=models.Q(finished_at__isnull=False),
                name="job_finished",
            ),
        ]

    def __str__(self) -> str:
        return f"job {self.pk} ({self.name})"
