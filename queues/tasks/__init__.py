"""The backend that lets every `@task` of Django's task framework run in these queues."""

from __future__ import annotations

from queues.tasks.backend import HubBackend

__all__ = ["HubBackend"]
