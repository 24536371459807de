"""What servers do before they serve."""

from __future__ import annotations

import sys

from django.core.checks import run_checks
from django.core.checks.messages import ERROR

# gunicorn's code for an application that cannot be loaded: it does not try again.
CANNOT_START = 4


def refuse_wrong_settings() -> None:
    """Exit, in words, if a system check fails. Web servers run no checks of their own."""
    errors = [message for message in run_checks() if message.is_serious(ERROR)]
    if errors:
        sys.stderr.write("".join(f"{error}\n" for error in errors))
        sys.exit(CANNOT_START)
