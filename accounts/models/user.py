from __future__ import annotations

import hashlib

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A person who uses the hub. Ours from the first migration, so that it can grow."""

    @property
    def password_digest(self) -> str:
        """What API tokens remember of the password: another one after every change of it.

        The hash has a random salt, so its digest tells nothing to who does not have the hash.
        """
        return hashlib.sha256(self.password.encode()).hexdigest()

    def check_password(self, raw_password: str | None) -> bool:
        """Return whether it is the password.

        Django may hash the same password anew here, with more rounds. That is no new password, so
        the tokens made under the old hash stay.
        """
        before = self.password_digest
        is_right = super().check_password(raw_password)
        if is_right and self.password_digest != before:
            tokens = self.api_tokens.filter(password_digest=before)
            tokens.update(password_digest=self.password_digest)
        return is_right
