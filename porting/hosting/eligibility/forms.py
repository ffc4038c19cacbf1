import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from inventory.files.forms import IntakeForm
from portal.models import TwilioAccount
from porting.hosting.eligibility.intake import MOST_NUMBERS

COUNTRIES = ("US", "CA")


class CheckForm(IntakeForm):
    """Numbers to ask about, and the account that is to host them."""

    form_key = forms.UUIDField(widget=forms.HiddenInput)
    account = forms.ChoiceField(label="Account that hosts them")
    field_order = ("account", "numbers", "file", "country", "form_key")

    def __init__(
        self,
        *args: Any,
        accounts: Iterable[TwilioAccount],
        unavailable: Mapping[str, str],
        initial: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs["initial"] = {"form_key": uuid.uuid4(), "country": "US", **(initial or {})}
        super().__init__(*args, countries=COUNTRIES, **kwargs)
        self._unavailable = unavailable
        account = self.fields["account"]
        assert isinstance(account, forms.ChoiceField)
        account.choices = [(one.pk, str(one)) for one in accounts]
        account.error_messages["required"] = account.error_messages["invalid_choice"] = "Choose an account"
        self.fields[
            "numbers"
        ].help_text = (
            f"Up to {MOST_NUMBERS:,} in any format, one in a line or separated by commas, tabs or blanks."
        )
        self.fields[
            "file"
        ].help_text = "CSV or text. The column called Number is read, and the file is not kept."
        self.fields["country"].help_text = "For numbers such as (207) 555-0110."

    def clean_account(self) -> str:
        sid: str = self.cleaned_data["account"]
        if sid in self._unavailable:
            raise forms.ValidationError(
                f"Twilio does not offer hosted numbers to this account: “{self._unavailable[sid]}”"
            )
        return sid
