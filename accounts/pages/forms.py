"""The forms of people's own pages. Each asks for the password: a session alone changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django import forms

from accounts.scopes import SCOPES, USUAL
from accounts.services.signing_in import LockedOutError, WrongCredentialsError, sign_in
from accounts.services.tokens import MAX_DAYS, MAX_NAME, TokenError, check
from queues.permissions import MANAGE, is_operator

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User

MAX_PASSWORD: Final = 4096


def password_field(label: str, *, is_new: bool = False) -> forms.CharField:
    """Return a field whose text is never sent back."""
    autocomplete = "new-password" if is_new else "current-password"
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, max_length=MAX_PASSWORD, widget=widget)


class PasswordConfirmedForm(forms.Form):
    """A form that is good if the password is; wrong ones count as at signing in.

    `user` is who has confirmed it, as they are in the database since then.
    """

    def __init__(self, request: HttpRequest, user: User, data: Any = None) -> None:
        super().__init__(data)
        self.request, self.user = request, user

    def confirm(self, field: str) -> None:
        """Say at a field that it does not hold the user's password, if that is so."""
        if self.errors:
            return
        try:
            self.user = sign_in(self.request, self.user.get_username(), self.cleaned_data[field])
        except WrongCredentialsError:
            self.add_error(field, "This is not your password.")
        except LockedOutError as error:
            self.add_error(field, str(error))


class NewTokenForm(PasswordConfirmedForm):
    """What a token shall be for. `queue:manage` is offered to operators alone."""

    name = forms.CharField(
        max_length=MAX_NAME, required=False, help_text="What it is for, to tell it by."
    )
    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in SCOPES],
        initial=USUAL,
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.IntegerField(
        initial=30, min_value=1, max_value=MAX_DAYS, help_text="How long it is good for."
    )
    password = password_field("Your password")

    def __init__(self, request: HttpRequest, user: User, data: Any = None) -> None:
        super().__init__(request, user, data)
        if not is_operator(user):
            choices = [(scope, scope) for scope in SCOPES if scope != MANAGE]
            self.fields["scopes"].choices = choices  # type: ignore[attr-defined]  # it has some

    def clean(self) -> dict[str, Any]:
        """Check what `accounts.services.tokens` does, and the password last."""
        given = {**self.cleaned_data}
        given.pop("password", None)
        if not self.errors:
            try:
                check(self.user, **given)
            except TokenError as error:
                self.add_error(error.field if error.field in self.fields else None, str(error))
        self.confirm("password")
        return self.cleaned_data


class PasswordForm(PasswordConfirmedForm):
    """The old password, and a new one, twice, for nobody sees what they type."""

    old = password_field("Your password until now")
    new = password_field("Your new password", is_new=True)
    again = password_field("The new password again", is_new=True)

    def clean(self) -> dict[str, Any]:
        """Check that both new passwords are the same, and the old one last."""
        if not self.errors and self.cleaned_data["new"] != self.cleaned_data["again"]:
            self.add_error("again", "This is not the same password.")
        self.confirm("old")
        return self.cleaned_data
