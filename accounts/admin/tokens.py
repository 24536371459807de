"""API tokens: granting one, which is shown once, and revoking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import admin, messages
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminIntegerFieldWidget

from accounts.admin.people import as_user
from accounts.models import ApiToken
from accounts.scopes import SCOPES, USUAL
from accounts.services.granting import check_grant, grant_token, users_for
from accounts.services.tokens import (
    MAX_DAYS,
    State,
    TokenError,
    check,
    revoke,
    state_of,
)
from queues.admin.acting import as_operator
from queues.admin.listing import CarefulList

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User

COLOURS: Final = {State.ACTIVE: "success", State.REVOKED: "danger"}


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]  # Django 5.2 takes none
    """Grants a token. `granter` is who fills it in; `accounts.services.granting` has the rule."""

    granter: User
    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in SCOPES],
        initial=USUAL,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    days = forms.IntegerField(
        initial=30, min_value=1, max_value=MAX_DAYS, widget=UnfoldAdminIntegerFieldWidget
    )

    def clean(self) -> dict[str, Any]:
        """Say of each field what is wrong, by the rules of `accounts.services.tokens`."""
        given = super().clean() or {}
        if self.errors:
            return given
        try:
            check(**given)
            check_grant(self.granter, given["user"], given["scopes"])
        except TokenError as error:
            self.add_error(error.field, str(error))
        return given


@admin.register(ApiToken)
class ApiTokenAdmin(CarefulList, ModelAdmin):
    """The tokens that somebody may grant, whoever made them.

    None is changed: it is revoked, and another one made.
    """

    list_display = (
        "user", "name", "shown_scopes", "last4", "source", "created_at", "last_used_at",
        "expires_at", "state",
    )  # fmt: skip
    list_filter = ("source",)
    list_select_related = ("user",)
    search_fields = ("name", "public_id", "user__username")
    autocomplete_fields = ("user",)
    ordering = ("-pk",)
    actions = ("revoke_tokens",)
    shown = (
        "user", "name", "shown_scopes", "public_id", "last4", "source", "created_at",
        "last_used_at", "expires_at", "revoked_at", "state",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        """Return the tokens of those to whom the caller may grant one; no other exists for them."""
        found: QuerySet[ApiToken] = super().get_queryset(request)
        return found.filter(user__in=users_for(as_user(request)))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Fill in who grants, which is all that somebody without more rights may choose."""
        return {**super().get_changeform_initial_data(request), "user": request.user.pk}

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.ModelChoiceField[Any] | None:
        """Offer only those to whom the caller may grant a token; another id is no user here."""
        if db_field.name == "user":
            kwargs["queryset"] = users_for(as_user(request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> tuple[str, ...]:
        return self.shown if obj else ("user", "name", "scopes", "days")

    def get_form(
        self, request: HttpRequest, obj: ApiToken | None = None, *args: Any, **kwargs: Any
    ) -> type[forms.ModelForm[Any]]:
        """Return the form that grants, knowing who does."""
        if obj:
            return super().get_form(request, obj, *args, **kwargs)
        form: Any = super().get_form(request, obj, *args, **{**kwargs, "form": TokenForm})
        form.granter = request.user
        return form

    def get_readonly_fields(
        self, request: HttpRequest, obj: ApiToken | None = None
    ) -> tuple[str, ...]:
        return self.shown if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Who may end a token, which is all that can be changed of it."""
        return request.user.has_perm("accounts.change_apitoken")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Make the token; its text goes to the answer, and nowhere else."""
        with as_operator(request):
            token, obj.shown_once = grant_token(as_user(request), **form.cleaned_data)
        obj.pk = token.pk
        obj.refresh_from_db()

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the token on this very answer: a message would be kept until the next page."""
        context = {
            **self.admin_site.each_context(request),
            "title": "A new API token",
            "opts": self.opts,
            "token": obj,
            "text": obj.shown_once,
        }
        return TemplateResponse(request, "admin/accounts/token_made.html", context)

    @admin.action(description="Revoke", permissions=["revoke"])
    def revoke_tokens(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        """End the chosen tokens at once."""
        for token in queryset.select_related("user"):
            with as_operator(request):
                revoke(token)
            self.log_change(request, token, "Revoked.")
        messages.success(request, "The tokens are revoked.")

    @display(description="scopes")
    def shown_scopes(self, token: ApiToken) -> str:
        """The scopes that it was made with."""
        return ", ".join(token.scopes)

    @display(description="state", label=COLOURS)
    def state(self, token: ApiToken) -> str:
        """Whether it is of use."""
        return state_of(token).value
