"""Who guesses passwords is locked out: django-axes, told what to keep and what to answer.

Ten wrong passwords for a name from an address lock that pair out for AXES_COOLOFF_TIME. Others get
in with the name from elsewhere, and from the address with other names.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.addresses import client_address
from queues.throttle import Allowance, take

if TYPE_CHECKING:
    from collections.abc import Mapping

API: Final = "/api/auth/"
# So many tries at once from an address, whatever the names, and so many a second from then on.
SIGN_INS: Final = Allowance(burst=30, rate=0.5)
TEXT: Final = "Too many wrong passwords from your address. Try again in {} minutes.\n"


class SparingHandler(AxesDatabaseHandler):  # type: ignore[misc]  # axes ships no types
    """Keeps name, address, path, time and how many; nothing else that a caller sent."""

    def is_allowed(self, request: HttpRequest, credentials: Any = None) -> bool:
        """Whether somebody may try: neither locked out, nor coming too often from their address.

        The API counts its callers itself, before it reads what they sent.
        """
        if not request.path.startswith(API) and not getattr(request, "sign_in_counted", False):
            request.sign_in_counted = True  # type: ignore[attr-defined]  # ours
            if take(f"sign-in:{client_address(request)}", SIGN_INS):
                return False
        return bool(super().is_allowed(request, credentials))

    def user_login_failed(
        self, sender: str, credentials: dict[str, Any], request: Any = None, **kwargs: Any
    ) -> None:
        """Count a wrong password.

        axes would also keep what was posted, field by field, and would turn the tenth wrong
        password into a lock-out already: the one that was seen is the eleventh's.
        """
        super().user_login_failed(sender, credentials, _without_extras(request), **kwargs)
        request.axes_credentials = credentials


def seconds_left(username: str | None, address: str) -> int:
    """Return for how many seconds a name is still locked out from an address, 1 at the least."""
    found = AccessAttempt.objects.filter(username=username, ip_address=address)
    last = found.aggregate(last=Max("attempt_time"))["last"] or timezone.now()
    free_at = last + settings.AXES_COOLOFF_TIME
    return max(1, math.ceil((free_at - timezone.now()).total_seconds()))


def locked_out(
    request: HttpRequest, response: HttpResponse | None, credentials: Mapping[str, Any] | None
) -> HttpResponse:
    """AXES_LOCKOUT_CALLABLE: what a form of a page answers; the API's view has its own answer."""
    wait = seconds_left((credentials or {}).get("username"), client_address(request))
    return HttpResponse(
        TEXT.format(math.ceil(wait / 60)),
        status=429,
        content_type="text/plain; charset=utf-8",
        headers={"Retry-After": str(wait)},
    )


def _without_extras(request: Any) -> HttpRequest:
    """Return a request with what axes counts by, and nothing to keep beside it."""
    bare: Any = HttpRequest()
    bare.axes_updated = True
    bare.axes_locked_out = request.axes_locked_out
    bare.axes_attempt_time = request.axes_attempt_time
    bare.axes_ip_address = request.axes_ip_address
    bare.axes_path_info = request.axes_path_info
    bare.axes_user_agent = bare.axes_http_accept = ""
    return bare  # type: ignore[no-any-return]  # axes adds to it what no type knows
