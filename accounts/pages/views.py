"""People's own account: their tokens and their password, without script and without staff."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts.models import ApiToken
from accounts.pages.forms import NewTokenForm, PasswordForm
from accounts.services.passwords import change_password
from accounts.services.tokens import State, TokenError, create_token, revoke, state_of, tokens_of
from queues.audit import Door, acting_as

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from django.http import HttpRequest, HttpResponse

    from accounts.models import User
    from accounts.pages.forms import PasswordConfirmedForm
    from queues.audit import Actor

# Beyond that, the API has them all.
MOST_SHOWN: Final = 100


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class PersonalView(LoginRequiredMixin, View):
    """A page for who has signed in; nobody else's cache keeps it."""

    template: ClassVar[str] = ""

    @property
    def user(self) -> User:
        return cast("User", self.request.user)

    def page(self, status: int = 200, **context: Any) -> HttpResponse:
        return render(self.request, self.template, context, status=status)

    def acting(self) -> AbstractContextManager[Actor]:
        return acting_as(self.user.get_username(), Door.PAGE)


class AccountView(PersonalView):
    template = "accounts/account.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show who one is, and one's tokens, the newest first."""
        newest = tokens_of(self.user.pk).order_by("-pk")[:MOST_SHOWN]
        return self.page(tokens=[(token, state_of(token)) for token in newest], active=State.ACTIVE)


class FormView(PersonalView):
    """A page with one form, and what comes of it."""

    form: ClassVar[type[PasswordConfirmedForm]]

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(form=self.form(request, self.user))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self.form(request, self.user, request.POST)
        return self.done(form) if form.is_valid() else self.page(400, form=form)

    def done(self, form: PasswordConfirmedForm) -> HttpResponse:
        """Do what the form says, which was found to be good."""
        raise NotImplementedError


class NewTokenView(FormView):
    template = "accounts/new_token.html"
    form = NewTokenForm

    def done(self, form: PasswordConfirmedForm) -> HttpResponse:
        """Show the token on this very answer: nothing keeps it."""
        given = {name: form.cleaned_data[name] for name in ("name", "scopes", "days")}
        try:
            with self.acting():
                token, text = create_token(form.user, source=ApiToken.Source.SIGN_IN, **given)
        except TokenError as error:
            # Who was an operator, or active, when the page was shown, may not be any more.
            form.add_error(None, str(error))
            return self.page(400, form=form)
        return render(self.request, "accounts/token.html", {"token": token, "text": text})


class RevokeView(PersonalView):
    def post(self, request: HttpRequest) -> HttpResponse:
        """End one of one's tokens at once."""
        public_id = request.POST.get("id", "").replace("\x00", "")
        token = tokens_of(self.user.pk).filter(public_id=public_id).first()
        if token is None:
            raise Http404
        with self.acting():
            revoke(token)
        messages.success(request, f"The token {token} is revoked.")
        return redirect("account")


class PasswordView(FormView):
    template = "accounts/password.html"
    form = PasswordForm

    def done(self, form: PasswordConfirmedForm) -> HttpResponse:
        """Change it; of all sessions, this one goes on."""
        given = form.cleaned_data
        try:
            with self.acting():
                change_password(form.user, old=given["old"], new=given["new"])
        except ValidationError as error:
            form.add_error("new", error)
            return self.page(400, form=form)
        update_session_auth_hash(self.request, form.user)
        messages.success(self.request, "Your password is changed. All your tokens have ended.")
        return redirect("account")
