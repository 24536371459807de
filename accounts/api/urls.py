from __future__ import annotations

from accounts.api import schema  # noqa: F401  (registers how OpenAPI calls our tokens)
from accounts.api.own_tokens import OwnTokenView, TokenListView
from accounts.api.password import PasswordView
from accounts.api.views import TokenView
from queues.api.routes import route

urlpatterns = [
    route("auth/token", TokenView, "auth-token"),
    route("auth/tokens", TokenListView, "auth-tokens"),
    route("auth/tokens/<token>", OwnTokenView, "auth-own-token"),
    route("auth/password", PasswordView, "auth-password"),
]
