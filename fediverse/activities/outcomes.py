"""What the errors of the adapters mean for a job."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from accounts.secrets import UnsealError
from accounts.services.linking import mark_needs_reauth
from fediverse.platforms.errors import AuthRevoked, BadPayload, Permanent, RateLimited, Refused
from queues.outcomes import Fail, Snooze

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accounts.models import LinkedAccount

LEAST_SNOOZE_SECONDS: Final = 1.0
MOST_SNOOZE_SECONDS: Final = 3600.0


@contextmanager
def as_outcomes(account: LinkedAccount) -> Iterator[None]:
    """Speak for an account; what went wrong is raised as what the engine shall do.

    A rate limit is a Snooze, an hour at most. A token of no use marks the account, and it, a
    refusal or nonsense is a Fail: trying again would change nothing. What may pass is raised as it
    is, and costs an attempt.
    """
    try:
        yield
    except RateLimited as error:
        wait = min(max(error.retry_after, LEAST_SNOOZE_SECONDS), MOST_SNOOZE_SECONDS)
        raise Snooze(wait) from error
    except (AuthRevoked, UnsealError) as error:
        mark_needs_reauth(account)
        raise Fail(f"{account} needs a new sign-in: {error}") from error
    except (Permanent, Refused, BadPayload) as error:
        raise Fail(f"{account}: {error}") from error
