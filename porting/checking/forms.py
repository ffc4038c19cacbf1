from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from inventory.files.forms import IntakeForm
from portal.models import TwilioAccount
from porting.portin.splitter import MOST_NUMBERS

# Where numbers without a country code may be from: whose ports the API takes first
COUNTRIES = ("US", "JP", "CA", "GB", "DE", "FR", "AU")


class CheckForm(IntakeForm):
    """Numbers that a customer wants to bring along, and the account they are to come into."""

    account = forms.ChoiceField(label="Port into", help_text="Checked for this account, and filed for it.")
    field_order = ("account", "numbers", "file", "country")

    def __init__(
        self,
        *args: Any,
        accounts: Iterable[TwilioAccount],
        kept_out: Mapping[str, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, countries=COUNTRIES, **kwargs)
        self.kept_out = kept_out
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
        ].help_text = "CSV or text. The columns called Number and Carrier are read, and the file is not kept."
        self.fields["country"].help_text = "For numbers such as (207) 555-0110."

    def clean_account(self) -> str:
        sid: str = self.cleaned_data["account"]
        if words := self.kept_out.get(sid):
            raise forms.ValidationError(f"Twilio does not let this account port numbers: “{words}”")
        return sid
