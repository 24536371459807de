"""The units of the API: options are in milliseconds, the engine's are in seconds."""

from __future__ import annotations

from typing import Final

MS: Final = 1000
