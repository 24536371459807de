from __future__ import annotations

from accounts.models.api_token import ApiToken
from accounts.models.instance import Instance
from accounts.models.linked_account import LinkedAccount
from accounts.models.user import User

__all__ = ["ApiToken", "Instance", "LinkedAccount", "User"]
