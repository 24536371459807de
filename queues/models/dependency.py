from __future__ import annotations

from typing import ClassVar

from django.db import models


class OnFailure(models.TextChoices):
    """What a child that does not complete means for its parent."""

    FAIL = "fail", "fail: the parent fails too"
    CONTINUE = "continue", "continue: the parent runs now, whatever else is pending"
    IGNORE = "ignore", "ignore: it counts as ended, and the parent can read why"
    REMOVE = "remove", "remove: it is forgotten"


class ChildState(models.TextChoices):
    """What a parent knows of its child, whose own row may be gone by now."""

    PENDING = "pending", "pending"
    COMPLETED = "completed", "completed"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "cancelled"
    REMOVED = "removed", "removed"


class Dependency(models.Model):
    """A parent waits for a child. The child's result stays here when retention takes its row."""

    parent = models.ForeignKey(
        "queues.Job", on_delete=models.CASCADE, related_name="children", db_constraint=False
    )
    child_id = models.BigIntegerField()
    child_name = models.CharField(max_length=200)
    on_failure = models.CharField(max_length=16, choices=OnFailure.choices, default=OnFailure.FAIL)
    state = models.CharField(max_length=16, choices=ChildState.choices, default=ChildState.PENDING)
    result = models.JSONField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["child_id", "parent"], name="dependency_once")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["parent", "child_id"],
                condition=models.Q(state=ChildState.PENDING),
                name="dependency_pending",
            ),
            # What fails a parent, or lets it go on: few, among many that completed.
            models.Index(
                fields=["parent"],
                condition=models.Q(state__in=["failed", "cancelled", "removed"]),
                name="dependency_troubled",
            ),
        ]

    def __str__(self) -> str:
        return f"job {self.parent_id} waits for job {self.child_id}"
