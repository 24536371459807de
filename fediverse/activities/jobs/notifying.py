from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from fediverse.activities.payloads import Notify
from fediverse.activities.services.notifying import NoUserError, store
from queues.outcomes import Fail
from queues.registry import handles

if TYPE_CHECKING:
    from queues.context import Context

log = logging.getLogger(__name__)

QUEUE: Final = "notifications"


@handles(Notify, queue=QUEUE, atomic=True)
def notify(arguments: Notify, context: Context) -> dict[str, int]:
    """Return the id of the notification, which is stored together with the job's end."""
    log.info(
        "Processing notification job for user %s",
        arguments.user_id,
        extra={"job_id": context.job_id, "user": arguments.user_id},
    )
    try:
        stored = store(
            arguments.user_id,
            type=arguments.type,
            message=arguments.message,
            job_id=context.job_id,
        )
    except NoUserError as error:
        raise Fail(str(error)) from error
    return {"notificationId": stored.pk}
