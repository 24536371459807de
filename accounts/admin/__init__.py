"""Who uses the hub, what they have linked, and the tokens of their programs."""

from __future__ import annotations

from accounts.admin import people, tokens

__all__ = ["people", "tokens"]
