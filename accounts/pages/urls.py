from __future__ import annotations

from django.urls import re_path

from accounts.pages.views import AccountView, NewTokenView, PasswordView, RevokeView

urlpatterns = [
    re_path(r"^/?$", AccountView.as_view(), name="account"),
    re_path(r"^/tokens/new/?$", NewTokenView.as_view(), name="account-token-new"),
    re_path(r"^/tokens/revoke/?$", RevokeView.as_view(), name="account-token-revoke"),
    re_path(r"^/password/?$", PasswordView.as_view(), name="account-password"),
]
