from django import forms
from django.core.exceptions import ValidationError

from compliance.knowing.own_numbers import is_telling
from portal.forms import PortalForm
from portal.models import TwilioAccount


class OwnNumberForm(PortalForm):
    label = forms.CharField(
        label="What it is", max_length=80, help_text="For example: company register, VAT, tax number."
    )
    value = forms.CharField(
        label="Number",
        max_length=60,
        help_text="Spaces, dashes and capital letters make no difference.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_value(self) -> str:
        value: str = self.cleaned_data["value"]
        if not is_telling(value):
            raise ValidationError("Enter a number of at least five letters or digits")
        return value


class AccountForm(PortalForm):
    """Whose end users are looked at."""

    account = forms.ChoiceField(label="Account")

    def __init__(self, *args: object, accounts: list[TwilioAccount], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["account"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(account.pk, str(account)) for account in accounts]
