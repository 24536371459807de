from __future__ import annotations

from typing import Final

from queues.api.fields import StrictCharField, StrictIntegerField, StrictSerializer

MAX_DELAY_MS: Final = 7 * 24 * 3600 * 1000
MAX_DATA: Final = 1000


class SimpleTestSerializer(StrictSerializer):
    """What the open test endpoint takes."""

    # DRF takes the fields out of the class, so this one does not hide Serializer.data.
    data = StrictCharField(  # type: ignore[assignment]
        default="Test job",
        allow_blank=True,
        trim_whitespace=False,
        max_length=MAX_DATA,
        help_text="A message that the job hands back.",
    )
    delay = StrictIntegerField(
        default=0,
        min_value=0,
        max_value=MAX_DELAY_MS,
        help_text="Milliseconds until the job may start.",
    )
