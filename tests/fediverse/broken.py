"""Addresses that break, beside those of the project. For tests alone."""

from __future__ import annotations

from django.core.exceptions import SuspiciousOperation
from django.db import connection
from django.http import HttpResponse
from django.urls import path
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from fediverse import urls

handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500

SECRET_SQL = "SELECT secret_column FROM secret_table"


def query(*_arguments):
    with connection.cursor() as cursor:
        cursor.execute(SECRET_SQL)


def crash(*_arguments):
    raise RuntimeError("a secret of the code")


def suspicious(*_arguments):
    raise SuspiciousOperation("a secret of Django")


class BreakingView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)
    do = None

    def get(self, request):
        return Response(self.do())


class StreamingBody(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    def post(self, request):
        return Response({"fields": len(request.data)})


def in_view(action):
    return BreakingView.as_view(do=action)


def plain(request):
    query()
    return HttpResponse()


urlpatterns = [
    path("api/broken/query", in_view(query)),
    path("api/broken/crash", in_view(crash)),
    path("api/broken/suspicious", in_view(suspicious)),
    path("api/broken/plain", plain),
    path("api/broken/body", StreamingBody.as_view()),
    *urls.urlpatterns,
]
