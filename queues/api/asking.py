"""The parameters of an address by the fields of a serializer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.datastructures import MultiValueDict

from queues.api.parameters import given, refuse_unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rest_framework.request import Request

    from queues.api.fields import StrictSerializer


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
