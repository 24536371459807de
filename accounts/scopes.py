"""What an API token may be for. No scope implies another."""

from __future__ import annotations

from typing import Final

from queues.permissions import MANAGE, READ, WRITE

HUB_READ: Final = "hub:read"
HUB_WRITE: Final = "hub:write"
SCOPES: Final = (READ, WRITE, MANAGE, HUB_READ, HUB_WRITE)
# What somebody gets who signs in and says nothing of scopes.
USUAL: Final = (READ, WRITE, HUB_READ, HUB_WRITE)
