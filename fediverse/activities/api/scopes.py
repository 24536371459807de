"""What a caller may do with what the hub keeps for them; see `queues.api.scopes`."""

from __future__ import annotations

from typing import Final

READ: Final = "hub:read"
WRITE: Final = "hub:write"
