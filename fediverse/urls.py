"""Every address, with and without a trailing slash."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from fediverse.health import health
from fediverse.problems import nowhere
from fediverse.root import ApiRootView, favicon

urlpatterns = [
    path("", RedirectView.as_view(url="/api/")),
    re_path(r"^health/?$", health, name="health"),
    re_path(r"^api/?$", ApiRootView.as_view(), name="api-root"),
    path("api/", include("fediverse.activities.api.urls")),
    path("api/", include("accounts.api.urls")),
    path("api/queue/", include("queues.api.urls")),
    re_path(r"^api/schema/?$", SpectacularAPIView.as_view(), name="schema"),
    re_path(r"^api/docs/?$", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("api-auth/", include("rest_framework.urls")),
    re_path(r"^admin$", RedirectView.as_view(url="/admin/")),
    path("admin/", admin.site.urls),
    path("favicon.ico", favicon),
    # Last: with DEBUG, Django would answer what is left with a page of HTML.
    re_path(r"^(?!admin/)", nowhere),
]

handler400 = "fediverse.problems.bad_request"
handler403 = "fediverse.problems.permission_denied"
handler404 = "fediverse.problems.not_found"
handler500 = "fediverse.problems.server_error"
