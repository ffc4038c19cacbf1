from collections.abc import Iterable
from typing import Any

import phonenumbers
from django import forms

from inventory.senders.rules import read_sender
from portal.forms import PortalForm
from portal.models import TwilioAccount
from portal.numbering import country_name, spaced

NO_DEFAULT = ""
_COUNTRIES = sorted((country_name(iso), iso) for iso in phonenumbers.SUPPORTED_REGIONS)
COUNTRY_CHOICES = [("", "Choose a country"), *((iso, name) for name, iso in _COUNTRIES)]


def _reason() -> forms.CharField:
    return forms.CharField(
        label="Reason",
        required=False,
        max_length=200,
        help_text="Kept with the change, for whoever asks later.",
    )


class SenderAddForm(PortalForm):
    """A sender ID that is registered at Twilio."""

    account = forms.ChoiceField(label="Account", error_messages={"required": "Choose the account"})
    country = forms.ChoiceField(
        label="Country of the recipients",
        choices=COUNTRY_CHOICES,
        error_messages={"required": "Choose the country"},
    )
    sender = forms.CharField(
        label="Sender ID",
        max_length=30,
        help_text="Exactly as it is registered: capitals count. A name, a short code or a phone number.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    is_default = forms.BooleanField(
        label="It is the default sender ID of this country",
        required=False,
        help_text="It takes the place of the present one: a country has one default at most.",
    )
    reason = _reason()

    def __init__(self, *args: Any, accounts: Iterable[TwilioAccount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.accounts = {account.pk: account for account in accounts}
        _choose_account(self.fields["account"], self.accounts)

    def clean_sender(self) -> str:
        sender = read_sender(self.cleaned_data["sender"])
        if sender is None:
            raise forms.ValidationError(
                "Enter a name of up to 11 letters, digits, spaces and - + _ &, a short code of three to "
                "eight digits, or a phone number such as +442079460123"
            )
        return sender


class SenderDefaultForm(PortalForm):
    """Which of the registered sender IDs is the default of one country, or that none is."""

    template_name = "inventory/senders/sender_default_form.html"

    opened_with = forms.CharField(required=False, widget=forms.HiddenInput)
    sender = forms.ChoiceField(label="Default sender ID", required=False, widget=forms.RadioSelect)
    is_aware = forms.BooleanField(
        label="Every From to this country is a registered sender ID", required=False
    )
    reason = _reason()

    def __init__(
        self,
        *args: Any,
        account: TwilioAccount,
        country: str,
        registered: Iterable[str],
        default: str,
        **kwargs: Any,
    ) -> None:
        kwargs["initial"] = {"opened_with": default, "sender": default, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.account, self.country, self.default = account, country, default
        sender = self.fields["sender"]
        assert isinstance(sender, forms.ChoiceField)
        sender.choices = [
            *((name, spaced(name)) for name in registered),
            (NO_DEFAULT, "No default: Twilio sends with the From as given"),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        removes = self.default and cleaned.get("sender") == NO_DEFAULT
        if removes and not cleaned.get("is_aware"):
            self.add_error("is_aware", "Make sure of this first, and tick it")
        return cleaned

    def renew(self, default: str) -> None:
        """Make the same form fit to be sent again, on top of what is the default now."""
        data = self.data.copy()  # type: ignore[attr-defined]
        data["opened_with"] = self.default = default
        self.data = data


class SenderRemoveForm(PortalForm):
    reason = _reason()


class SenderTestForm(PortalForm):
    """A message that somebody means to send. What is asked for is a question, so it stands in the URL."""

    account = forms.ChoiceField(label="Account", error_messages={"required": "Choose the account"})
    country = forms.ChoiceField(
        label="Country of the recipient",
        choices=COUNTRY_CHOICES,
        error_messages={"required": "Choose the country"},
    )
    sender = forms.CharField(
        label="From",
        max_length=64,
        strip=False,
        help_text="As your request has it: capitals and spaces count.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, accounts: Iterable[TwilioAccount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose_account(self.fields["account"], {account.pk: account for account in accounts})


def _choose_account(field: forms.Field, accounts: dict[str, TwilioAccount]) -> None:
    assert isinstance(field, forms.ChoiceField)
    choices = [(sid, str(account)) for sid, account in accounts.items()]
    field.choices = choices if len(choices) == 1 else [("", "Choose an account"), *choices]
