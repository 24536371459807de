"""Every address, with and without a trailing slash."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import RedirectView

from fediverse.health import health
from fediverse.problems import nowhere
from fediverse.root import ApiRootView, DocsView, SchemaView, favicon

READING = ["get", "head", "options"]
SEND_TO_API = csrf_exempt(RedirectView.as_view(url="/api/", http_method_names=READING))
SEND_TO_PASSWORD = csrf_exempt(
    RedirectView.as_view(pattern_name="account-password", http_method_names=READING)
)
SEND_TO_ADMIN = csrf_exempt(RedirectView.as_view(url="/admin/", http_method_names=READING))

urlpatterns = [
    path("", SEND_TO_API, name="home"),
    re_path(r"^health/?$", health, name="health"),
    re_path(r"^api/?$", ApiRootView.as_view(), name="api-root"),
    path("api/", include("fediverse.activities.api.urls")),
    path("api/", include("accounts.api.urls")),
    path("api/queue/", include("queues.api.urls")),
    re_path(r"^api/schema/?$", SchemaView.as_view(), name="schema"),
    re_path(r"^api/docs/?$", DocsView.as_view(), name="docs"),
    path("api-auth/", include("rest_framework.urls")),
    path("account", include("accounts.pages.urls")),
    # One page for everybody, which counts wrong old passwords.
    path("admin/password_change/", SEND_TO_PASSWORD, name="admin-password"),
    re_path(r"^admin$", SEND_TO_ADMIN, name="admin-slash"),
    # Django's way to a row's own page, which the hub has none of, breaks on ids of other kinds.
    re_path(r"^admin/r/", nowhere, name="nowhere"),
    path("admin/", admin.site.urls),
    path("favicon.ico", favicon, name="favicon"),
    # Last: with DEBUG, Django would answer what is left with a page of HTML.
    re_path(r"^(?!admin/)", nowhere, name="nowhere"),
]

handler400 = "fediverse.problems.bad_request"
handler403 = "fediverse.problems.permission_denied"
handler404 = "fediverse.problems.not_found"
handler500 = "fediverse.problems.server_error"
