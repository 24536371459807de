from __future__ import annotations

from queues.api.fields import StrictCharField, StrictSerializer
from queues.audit import MAX_REASON


class ReasonSerializer(StrictSerializer):
    """Why something is done, for those who read the audit later."""

    reason = StrictCharField(
        default="",
        allow_blank=True,
        max_length=MAX_REASON,
        help_text="Why you do this, in your own words, for the audit.",
    )
