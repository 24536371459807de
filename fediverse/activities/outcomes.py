"""What the errors of the adapters mean for a job."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from accounts.secrets import UnsealError
from accounts.services.linking import mark_needs_reauth
from fediverse.activities.payloads.fields import account_key
from fediverse.platforms import errors
from fediverse.platforms.errors import AuthRevoked, BadPayload, Permanent, Refused
from queues.outcomes import Fail, RateLimited

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accounts.models import LinkedAccount

LEAST_WAIT_SECONDS: Final = 1.0
MOST_WAIT_SECONDS: Final = 3600.0


@contextmanager
def as_outcomes(account: LinkedAccount) -> Iterator[None]:
    """Speak for an account; what went wrong is raised as what the engine shall do.

    A rate limit closes the account for all its jobs, an hour at most: servers count by account. A
    token of no use marks the account, and it, a refusal or nonsense is a Fail: trying again would
    change nothing. What may pass is raised as it is, and costs an attempt.
    """
    try:
        yield
    except errors.RateLimited as error:
        wait = min(max(error.retry_after, LEAST_WAIT_SECONDS), MOST_WAIT_SECONDS)
        key = account_key(account.pk, str(account.user_id))
        raise RateLimited(wait, key) from error
    except (AuthRevoked, UnsealError) as error:
        mark_needs_reauth(account)
        raise Fail(f"{account} needs a new sign-in: {error}") from error
    except (Permanent, Refused, BadPayload) as error:
        raise Fail(f"{account}: {error}") from error
