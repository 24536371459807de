from __future__ import annotations

from accounts.models.instance import Instance
from accounts.models.linked_account import LinkedAccount
from accounts.models.user import User

__all__ = ["Instance", "LinkedAccount", "User"]
