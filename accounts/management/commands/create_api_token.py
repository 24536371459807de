"""`manage.py create_api_token`: a token that an operator grants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import ApiToken, User
from accounts.scopes import SCOPES
from accounts.services.tokens import MAX_DAYS, TokenError, create_token
from queues.audit import Door, acting_as, terminal_user

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Make a token for a user. Whoever may run this may grant any scope, and that stands.

    The token alone goes to stdout, so that it can be piped to where it is kept.
    """

    help = "Makes an API token for a user, and prints it alone. It cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument(
            "--scope", action="append", default=[], dest="scopes", metavar="SCOPE",
            help=f"what it is for; give it once for each of {', '.join(SCOPES)}",
        )  # fmt: skip
        parser.add_argument(
            "--days", type=int, default=MAX_DAYS,
            help=f"how long it is good for, 1 to {MAX_DAYS} (%(default)s)",
        )  # fmt: skip
        parser.add_argument("--name", default="", help="what it is for, to tell it by")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the token. Raises CommandError, which names what is allowed."""
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['username']!r}.")
        try:
            with acting_as(terminal_user(), Door.CLI):
                _, text = create_token(
                    user, scopes=options["scopes"], days=options["days"],
                    source=ApiToken.Source.GRANTED, name=options["name"],
                )  # fmt: skip
        except TokenError as error:
            raise CommandError(f"{error.field}: {error}") from error
        self.stdout.write(text)
