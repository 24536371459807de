from __future__ import annotations

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A person who uses the hub. Ours from the first migration, so that it can grow."""
