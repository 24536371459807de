from __future__ import annotations

from rest_framework.renderers import JSONRenderer


class EventStreamRenderer(JSONRenderer):
    """Lets clients ask for `text/event-stream`. What goes wrong before it begins is JSON."""

    media_type = "text/event-stream"
    format = "event-stream"
