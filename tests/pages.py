"""Reading what the admin answers."""

from __future__ import annotations


def said(response):
    """Return the messages that a page shows."""
    return [str(message) for message in response.context["messages"]]
