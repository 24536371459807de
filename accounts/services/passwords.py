"""Changing one's own password."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from queues import audit

if TYPE_CHECKING:
    from accounts.models import User

log = logging.getLogger(__name__)


@sensitive_variables("old", "new")
def change_password(user: User, *, old: str, new: str) -> None:
    """Give a user, whose old password is known to be right, a new one.

    It ends all of their API tokens and sessions. Raises Django's ValidationError, with a message
    for each thing that is wrong with the new password.
    """
    if new == old:
        raise ValidationError("This is the old password.", code="password_unchanged")
    validate_password(new, user)
    user.set_password(new)
    with transaction.atomic():
        user.save(update_fields=["password"])
        audit.record("change-password", {"user": user.get_username()})
    log.info("User %s changed their password", user.pk, extra={"user": str(user.pk)})
