import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms

from inventory.models import Address
from portal.forms import PortalForm
from portal.models import TwilioAccount
from portal.numbering import country_name


class ReleaseForm(PortalForm):
    """The last look before numbers are given back: why, and how many, in the person's own hand."""

    reason = forms.CharField(
        label="Reason", max_length=200, help_text="Kept in the register of released numbers."
    )
    typed = forms.CharField(
        max_length=12, widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"})
    )

    def __init__(self, *args: Any, numbers: Sequence[str], **kwargs: Any) -> None:
        """`numbers` are those that will be released, in E.164."""
        super().__init__(*args, **kwargs)
        typed = self.fields["typed"]
        if len(numbers) == 1:
            self._expected = numbers[0][-4:]
            typed.label = "Type the last four digits of the number"
            typed.error_messages["required"] = "Enter the last four digits of the number"
        else:
            self._expected = str(len(numbers))
            typed.label = "Type how many numbers you release"
            typed.error_messages["required"] = "Enter how many numbers you release"

    def clean_typed(self) -> str:
        typed = re.sub(r"[\s,.]", "", self.cleaned_data["typed"])
        if typed != self._expected:
            raise forms.ValidationError("This is not what is about to be released. Look once more")
        return typed


class TransferForm(PortalForm):
    """Where numbers go, and the address and bundle they have there, by country."""

    account = forms.ChoiceField(
        label="Move to", error_messages={"required": "Choose the account the numbers go to"}
    )

    def __init__(
        self,
        *args: Any,
        accounts: Iterable[TwilioAccount],
        countries: Sequence[str],
        target: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.countries = countries
        account = self.fields["account"]
        assert isinstance(account, forms.ChoiceField)
        account.choices = [("", "Choose an account"), *((a.pk, str(a)) for a in accounts)]
        account.initial = target
        addresses = list(Address.objects.present().filter(account_id=target)) if target else []
        for country in countries if target else ():
            name = country_name(country)
            # Those in the country stand first: a local address is asked for most often.
            offered = sorted(addresses, key=lambda a: (a.iso_country != country, str(a)))
            self.fields[f"address_{country}"] = forms.ChoiceField(
                label=f"Address for {name}",
                required=False,
                choices=[("", "None"), *((a.pk, f"{a}, {', '.join(a.lines)}") for a in offered)],
            )
            self.fields[f"bundle_{country}"] = forms.CharField(
                label=f"Bundle SID for {name}", required=False, max_length=34
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name, value in cleaned.items():
            if name.startswith("bundle_") and value and not re.fullmatch("BU[0-9a-fA-F]{32}", value):
                self.add_error(name, "Enter a bundle SID: BU and 32 letters or digits")
        return cleaned

    def papers(self, kind: str) -> Mapping[str, str]:
        """The chosen addresses or bundles by country."""
        chosen = {country: self.cleaned_data.get(f"{kind}_{country}", "") for country in self.countries}
        return {country: sid for country, sid in chosen.items() if sid}


class TransferReasonForm(PortalForm):
    reason = forms.CharField(
        label="Reason", required=False, max_length=200, help_text="Kept with every number that is moved."
    )
