"""System checks of the environment, one error for each variable that is missing or wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

if TYPE_CHECKING:
    from fediverse.env import Problem


@register()
def environment(**_kwargs: Any) -> list[CheckMessage]:
    """Report what `settings.py` could not use.

    fediverse.E001 unreadable value, E002 no secret, E003 no hosts, E004 no Postgres, E005 no Redis.
    """
    found: list[Problem] = settings.ENV_PROBLEMS
    return [Error(problem.message, hint=problem.hint, id=problem.id) for problem in found]
