from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Final

from fediverse.activities.payloads.fields import fits, within
from queues.arguments import Arguments

MAX_TYPE: Final = 64
MAX_MESSAGE: Final = 2000
TYPE: Final = re.compile(rf"[A-Za-z0-9_.-]{{1,{MAX_TYPE}}}")
TYPE_IN_WORDS: Final = f"1 to {MAX_TYPE} letters, digits, dots, hyphens and underscores"


@dataclass(frozen=True, kw_only=True)
class Notify(Arguments):
    """Tell a user something. Raises FieldError for a type or a message out of bounds."""

    kind: ClassVar[str] = "notification"
    private: ClassVar[frozenset[str]] = frozenset({"message"})

    user_id: str
    type: str
    message: str

    def __post_init__(self) -> None:
        fits("type", self.type, TYPE, TYPE_IN_WORDS)
        within("message", self.message, MAX_MESSAGE)

    @property
    def job_name(self) -> str:
        return f"notification-{self.type}"

    @property
    def owner(self) -> str:
        return self.user_id
