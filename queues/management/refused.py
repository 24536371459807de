"""Commands of django-rq that this project has no use for, and that would do harm."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError


class RefusedCommand(BaseCommand):
    """Refuses whatever it is asked, and says what to use instead."""

    why: ClassVar[str]
    instead: ClassVar[str]

    def run_from_argv(self, argv: list[str]) -> None:
        """Leave the arguments aside: the answer is the same for all of them."""
        super().run_from_argv(argv[:2])

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Raise CommandError."""
        raise CommandError(f"{self.why} Use instead: {self.instead}.")
