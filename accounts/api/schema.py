"""How the OpenAPI document names our tokens."""

from __future__ import annotations

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # theirs
    """Registers itself, by being imported."""

    target_class = "accounts.api.authentication.TokenAuthentication"
    name = "bearerAuth"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Return the scheme as OpenAPI has it."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token from POST /api/auth/token, or from an operator.",
        }
