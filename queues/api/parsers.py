"""The one JSON parser of the API."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from django.conf import settings
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

from queues.strict_json import MAX_NODES, StrictJSONError, loads

if TYPE_CHECKING:
    from collections.abc import Mapping


class PayloadTooLarge(APIException):
    """A body beyond the limit."""

    status_code = 413
    default_code = "payload_too_large"


class StrictJSONParser(BaseParser):
    """Reads JSON by the rules of `queues.strict_json`, up to `max_bytes` and `max_nodes` values."""

    media_type = "application/json"
    # So that the browsable API has JSON to begin with in its raw forms.
    renderer_class = JSONRenderer
    max_nodes = MAX_NODES

    @property
    def max_bytes(self) -> int:
        """How many bytes a body may have."""
        return int(settings.API_MAX_BODY_BYTES)

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the document. Raises ParseError with the strict reader's code, or a 413."""
        most = self.max_bytes
        raw = stream.read(most + 1)
        if len(raw) > most:
            raise PayloadTooLarge(f"The body is larger than {most} bytes.")
        try:
            return loads(raw, max_nodes=self.max_nodes)
        except StrictJSONError as error:
            raise ParseError(str(error), code=error.code) from error


class BulkJSONParser(StrictJSONParser):
    """Reads thousands of jobs at once, up to `API_MAX_BULK_BYTES`."""

    max_nodes = 200_000

    @property
    def max_bytes(self) -> int:
        """How many bytes a body may have."""
        return int(settings.API_MAX_BULK_BYTES)
