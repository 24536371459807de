"""`manage.py rotate_token_keys`: the tokens of linked accounts under a new key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.core.management.base import BaseCommand, CommandError

from accounts.secrets import KeysError
from accounts.services.rotating import count_by_key, rotate

if TYPE_CHECKING:
    from argparse import ArgumentParser

# So many accounts are named in an error; the rest are counted.
MAX_NAMED: Final = 20


class Command(BaseCommand):
    """Seal all tokens of linked accounts with the first of TOKEN_KEYS.

    May be ended at any time and run again; workers and the web need not stop. Exits with 1 if a
    token could not be opened or, with --check, if one is not sealed with the first key.
    """

    help = "Seals the tokens of linked accounts with the first of TOKEN_KEYS."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="count the tokens by key id, and write nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print how many there were. Raises CommandError if some are left."""
        try:
            if options["check"]:
                self._check()
            else:
                self._rotate()
        except KeysError as error:
            raise CommandError(str(error)) from error

    def _check(self) -> None:
        counts = count_by_key()
        first = next(iter(counts))
        for key_id, number in counts.items():
            self.stdout.write(f"{key_id}: {number}")
        if left := counts.total() - counts[first]:
            raise CommandError(f"{left} tokens are not sealed with {first}, the first key.")

    def _rotate(self) -> None:
        done = rotate()
        self.stdout.write(f"{done.resealed} tokens were sealed with the first key.")
        if done.unreadable:
            named = ", ".join(map(str, done.unreadable[:MAX_NAMED]))
            raise CommandError(
                f"{len(done.unreadable)} tokens cannot be opened, and stay as they are. They belong"
                f" to the linked accounts {named}{', …' if done.unreadable[MAX_NAMED:] else ''}."
            )
