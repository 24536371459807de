"""What a line of the log is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from django.http import HttpRequest

from queues.logs import add_job

if TYPE_CHECKING:
    from structlog.typing import EventDict


def without_queries(_logger: Any, _method: str, line: EventDict) -> EventDict:
    """Show the request of a line by its method and path.

    Django adds the request itself, which would be shown with its query, and that may be secret.
    """
    request = line.get("request")
    if isinstance(request, HttpRequest):
        line["request"] = f"{request.method} {request.path}"
    return line


def structured(log_format: str) -> dict[str, Any]:
    """Return the formatter, as `LOGGING` takes it, of lines in `json` or for a `console`."""
    return {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [
            structlog.contextvars.merge_contextvars,
            add_job,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            without_queries,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
        ],
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer()
            if log_format == "json"
            else structlog.dev.ConsoleRenderer(colors=False),
        ],
    }
