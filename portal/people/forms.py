"""allauth's forms in our words: labels above, no placeholders, one sentence for each mistake.

And the form with which administrators say who somebody is and what they may do.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from allauth.account.forms import (
    ChangePasswordForm,
    LoginForm,
    ReauthenticateForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
)
from allauth.mfa.adapter import get_adapter
from allauth.mfa.app_settings import TOTP_PERIOD, TOTP_TOLERANCE
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as ReauthenticateWithCodeForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.core.cache import cache
from django.http import HttpRequest, QueryDict

from portal.forms import PortalForm
from portal.models import Role, TwilioAccount, User
from portal.people import tasks
from portal.people.actions import Standing, fingerprint


class OurWords(PortalForm):
    """What allauth writes into its fields is taken out, and what `words` says is put in."""

    words: dict[str, dict[str, Any]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            said = self.words.get(name, {})
            field.label = said.get("label", field.label)
            field.help_text = said.get("hint", "")
            field.error_messages |= said.get("errors", {})
            field.widget.attrs |= said.get("attrs", {})


def _text(**attrs: str) -> forms.TextInput:
    return forms.TextInput(attrs={"spellcheck": "false", **attrs})


_EMAIL = {
    "label": "Email address",
    "attrs": {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    "errors": {
        "required": "Enter your email address",
        "invalid": "Enter an email address such as name@example.com",
    },
}
_PASSWORD = {"label": "Password", "errors": {"required": "Enter your password"}}
_CURRENT_PASSWORD = {"label": "Current password", "errors": {"required": "Enter your current password"}}
_NEW_PASSWORD = {
    "label": "New password",
    "hint": "At least 12 characters. Not a common one, and not like your name or email address.",
    "errors": {"required": "Enter a new password"},
}
_AGAIN = {"label": "New password again", "errors": {"required": "Enter the new password again"}}
_CODE_ATTRS = {"autocapitalize": "none", "spellcheck": "false", "autocomplete": "one-time-code"}
_CODE = {
    "label": "Code",
    "hint": "The six digits that your app shows now, or one of your recovery codes.",
    "errors": {"required": "Enter a code"},
    "attrs": _CODE_ATTRS,
}


class SignInForm(OurWords, LoginForm):
    words = {"login": _EMAIL, "password": _PASSWORD}


class ConfirmPasswordForm(OurWords, ReauthenticateForm):
    words = {"password": _PASSWORD}


class PasswordChangeForm(OurWords, ChangePasswordForm):
    words = {"oldpassword": _CURRENT_PASSWORD, "password1": _NEW_PASSWORD, "password2": _AGAIN}


class PasswordLinkForm(OurWords, ResetPasswordForm):
    """Asks for a link by mail. Looks nobody up: that is the worker's business."""

    words = {"email": _EMAIL}

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        email = str(self.cleaned_data["email"])
        tasks.post_password_link(email)
        return email


class PasswordChooseForm(OurWords, ResetPasswordKeyForm):
    words = {"password1": _NEW_PASSWORD, "password2": _AGAIN}


class OnceOnly:
    """Takes a code once for as long as it holds: with a tolerance longer than allauth remembers it."""

    user: User

    def clean_code(self) -> str:
        code: str = super().clean_code()  # type: ignore[misc]
        holds = TOTP_PERIOD * (1 + 2 * TOTP_TOLERANCE)
        plain = "".join(filter(str.isalnum, code)).lower()
        if not cache.add(f"second-factor:{self.user.pk}:{plain}", True, timeout=holds):
            raise get_adapter().validation_error("incorrect_code")
        return code


class CodeForm(OnceOnly, OurWords, AuthenticateForm):
    words = {"code": _CODE}


class ConfirmCodeForm(OnceOnly, OurWords, ReauthenticateWithCodeForm):
    words = {"code": _CODE}


class SecondFactorForm(OurWords, ActivateTOTPForm):
    words = {
        "code": {
            "label": "Code from the app",
            "hint": "Six digits. They change every 30 seconds.",
            "errors": {"required": "Enter the code that the app shows"},
            "attrs": {**_CODE_ATTRS, "inputmode": "numeric"},
        }
    }


@dataclass(frozen=True, slots=True)
class RoleFields:
    """One role of the form: where somebody has it, and on which accounts."""

    where: forms.BoundField
    accounts: forms.BoundField


class PersonForm(PortalForm):
    """Who somebody is, and per role the accounts on which they have it."""

    NOWHERE, EVERYWHERE, NAMED = "no", "all", "named"
    _WHERE = (
        (NOWHERE, "No"),
        (EVERYWHERE, "On all accounts"),
        (NAMED, "On some accounts"),
    )

    first_name = forms.CharField(max_length=150, required=False, widget=_text(autocomplete="off"))
    last_name = forms.CharField(max_length=150, required=False, widget=_text(autocomplete="off"))
    email = forms.EmailField(
        label="Email address",
        help_text="They sign in with it, and links to choose a password go there.",
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={
            "required": "Enter an email address",
            "invalid": "Enter an email address such as name@example.com",
        },
    )
    opened_with = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, person: User | None = None, **kwargs: Any) -> None:
        self.person = person
        if person:
            standing = Standing.of(person)
            kwargs["initial"] = {
                "first_name": standing.first_name,
                "last_name": standing.last_name,
                "email": standing.email,
                "opened_with": fingerprint(standing),
                **_initial_roles(standing),
            }
        super().__init__(*args, **kwargs)
        accounts = [(account.pk, str(account)) for account in TwilioAccount.objects.only("friendly_name")]
        for role in Role:
            self.fields[role.value] = forms.ChoiceField(
                label=role.label, choices=self._WHERE, initial=self.NOWHERE, widget=forms.RadioSelect
            )
            self.fields[f"{role.value}_accounts"] = forms.MultipleChoiceField(
                label=f"Accounts of {role.label}",
                choices=accounts,
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )

    def role_fields(self) -> Iterator[RoleFields]:
        for role in Role:
            yield RoleFields(self[role.value], self[f"{role.value}_accounts"])

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        other = User.objects.filter(email=email).first()
        if other and other != self.person:
            raise forms.ValidationError(f"{other} already signs in with this address")
        return email

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for role in Role:
            if cleaned.get(role.value) == self.NAMED and not cleaned.get(f"{role.value}_accounts"):
                self.add_error(f"{role.value}_accounts", f"Choose the accounts of the role {role.label}")
        return cleaned

    def standing(self) -> Standing:
        data = self.cleaned_data
        roles = {
            role: None if data[role.value] == self.EVERYWHERE else frozenset(data[f"{role.value}_accounts"])
            for role in Role
            if data[role.value] != self.NOWHERE
        }
        return Standing(data["email"], data["first_name"].strip(), data["last_name"].strip(), roles)

    def renew(self) -> None:
        """Take note of what is stored now, so that the same form can be sent again."""
        if self.person:
            data: QueryDict = self.data.copy()  # type: ignore[attr-defined]
            data["opened_with"] = fingerprint(Standing.of(self.person))
            self.data = data


def _initial_roles(standing: Standing) -> dict[str, Any]:
    initial: dict[str, Any] = {}
    for role, sids in standing.roles.items():
        initial[role.value] = PersonForm.EVERYWHERE if sids is None else PersonForm.NAMED
        initial[f"{role.value}_accounts"] = sorted(sids or ())
    return initial
