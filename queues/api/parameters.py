"""Reading the query string of an address, where nothing is ignored in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.datastructures import MultiValueDict
from rest_framework.exceptions import ValidationError
from rest_framework.settings import api_settings

from queues.spelling import strangers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rest_framework.request import Request

    from queues.api.fields import StrictSerializer


def given(request: Request) -> dict[str, str]:
    """Return the parameters that were given; one that is empty was left out, as forms do.

    Raises ValidationError for a name that is given twice.
    """
    found = {}
    for name, values in request.query_params.lists():
        if len(values) > 1:
            raise ValidationError(
                {name: [f"Given {len(values)} times; allowed: once."]}, code="repeated"
            )
        if values[0]:
            found[name] = values[0]
    return found


def refuse_unknown(request: Request, known: Iterable[str]) -> None:
    """Raise ValidationError for parameters that are none of the known ones, by name."""
    # The browsable API says with `format` how it wants to see an answer.
    names = set(request.query_params) - {str(api_settings.URL_FORMAT_OVERRIDE)}
    if wrong := strangers("parameter", names, known):
        raise ValidationError(wrong)


def asked(
    request: Request, of: type[StrictSerializer], *, beside: Iterable[str] = ()
) -> dict[str, Any]:
    """Return what an address says; `beside` are parameters that somebody else reads.

    Raises ValidationError, by the parameter's name.
    """
    names = [*of().fields]
    refuse_unknown(request, [*names, *beside])
    words = given(request)
    # As those of a form, all values are text.
    said = MultiValueDict({name: [words[name]] for name in names if name in words})
    serializer = of(data=said)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
