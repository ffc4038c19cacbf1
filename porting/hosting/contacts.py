"""Fields that orders and letters have in common: whom Twilio asks, and whom it tells."""

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from inventory.models import Address
from portal.models import TwilioAccount
from portal.numbering import read_number

_MOST_WATCHERS = 20


class PhoneField(forms.CharField):
    """A number that somebody can be reached at, as E.164."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"autocomplete": "off", "inputmode": "tel"})
        super().__init__(**{"max_length": 40, "widget": widget, **kwargs})

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if not text:
            return ""
        number = read_number(text, country="US")
        if number is None:
            raise ValidationError("Enter a phone number such as +1 207 555 0110")
        return number


class MailField(forms.EmailField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"widget": forms.EmailInput(attrs={"autocomplete": "off"}), **kwargs})
        self.error_messages["invalid"] = "Enter an e-mail address such as owner@example.com"


class WatchersField(forms.CharField):
    """E-mail addresses, separated by commas or lines, as a list."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 2, "autocomplete": "off", "spellcheck": "false"})
        super().__init__(**{"required": False, "max_length": 4000, "widget": widget, **kwargs})

    def clean(self, value: Any) -> list[str]:
        mails = [mail for mail in re.split(r"[\s,;]+", super().clean(value)) if mail]
        for mail in mails:
            try:
                validate_email(mail)
            except ValidationError:
                raise ValidationError(f"“{mail[:60]}” is no e-mail address") from None
        if len(mails) > _MOST_WATCHERS:
            raise ValidationError(f"Name at most {_MOST_WATCHERS}")
        return list(dict.fromkeys(mails))


def addresses_of(account: TwilioAccount) -> list[Address]:
    """The addresses that numbers of the United States and Canada can be registered at, newest first."""
    rows = Address.objects.present().filter(account=account, iso_country__in=("US", "CA"))
    return list(rows.defer("payload").order_by("-remote_created_at", "sid")[:500])


def address_choices(addresses: Iterable[Address]) -> list[tuple[str, str]]:
    found = [(address.pk, ", ".join([str(address), *address.lines[1:]])[:120]) for address in addresses]
    return found if len(found) == 1 else [("", "Choose an address"), *found]
