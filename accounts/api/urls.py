from __future__ import annotations

from accounts.api import schema  # noqa: F401  (registers how OpenAPI calls our tokens)
from accounts.api.views import TokenView
from queues.api.routes import route

urlpatterns = [
    route("auth/token", TokenView, "auth-token"),
]
