from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from fediverse.activities.outcomes import as_outcomes
from fediverse.activities.payloads import PerformAction
from fediverse.activities.services.acting import NoAccountError, account_for, act
from queues.outcomes import Fail
from queues.registry import handles

if TYPE_CHECKING:
    from accounts.models import LinkedAccount
    from queues.context import Context

log = logging.getLogger(__name__)

QUEUE: Final = "user-actions"


@handles(PerformAction, queue=QUEUE)
def perform_action(arguments: PerformAction, context: Context) -> dict[str, object]:
    """Return by which account the action was carried out, and what its server says of the post.

    Carried out once, however often the job runs. A worker that dies between the server's answer
    and its being kept asks again, and so does one that got no answer in time: likes and boosts bear
    that, and an answer is sent again with the same Idempotency-Key. A server that does not know
    such keys may then have it twice.
    """
    log.info(
        "Processing user action job for user %s on %s",
        arguments.user_id,
        arguments.platform,
        extra={
            "job_id": context.job_id,
            "user": arguments.user_id,
            "platform": arguments.platform,
            "account_id": arguments.account_id,
        },
    )
    try:
        account = account_for(arguments)
    except NoAccountError as error:
        raise Fail(str(error)) from error
    with as_outcomes(account):
        said = context.once(arguments.action, lambda key: _act(account, arguments, key))
    return {"action": arguments.action, "accountId": account.pk, "post": said}


def _act(account: LinkedAccount, arguments: PerformAction, key: str) -> dict[str, str]:
    said = act(account, arguments, key)
    return {"nativeId": said.native_id, "url": said.url}
