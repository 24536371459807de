"""The one JSON parser of the API."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from django.conf import settings
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

from queues.strict_json import StrictJSONError, loads

if TYPE_CHECKING:
    from collections.abc import Mapping


class PayloadTooLarge(APIException):
    """A body beyond the limit."""

    status_code = 413
    default_code = "payload_too_large"


class StrictJSONParser(BaseParser):
    """Reads JSON by the rules of `queues.strict_json`, up to `API_MAX_BODY_BYTES`."""

    media_type = "application/json"
    # What the browsable API writes into its form for raw data.
    renderer_class = JSONRenderer

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the document. Raises ParseError with the strict reader's code, or a 413."""
        most = settings.API_MAX_BODY_BYTES
        raw = stream.read(most + 1)
        if len(raw) > most:
            raise PayloadTooLarge(f"The body is larger than {most} bytes.")
        try:
            return loads(raw)
        except StrictJSONError as error:
            raise ParseError(str(error), code=error.code) from error
