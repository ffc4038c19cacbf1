import json
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import phonenumbers
from django import forms
from django.http import QueryDict

from inventory.addresses.actions import PROPERTIES, values_of
from inventory.addresses.formats import EMERGENCY_COUNTRIES, format_of
from inventory.addresses.rules import faults_of
from inventory.models import Address
from portal.forms import PortalForm
from portal.models import TwilioAccount
from portal.numbering import country_name

REASON = "Kept with the change, for whoever asks later."


class AddressPlaceForm(PortalForm):
    """Where an address will be: what the next page asks for depends on it."""

    account = forms.ChoiceField(
        label="Account", help_text="An address serves the numbers of its own account."
    )
    country = forms.ChoiceField(label="Country", help_text="It cannot be changed later.")
    emergency = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, accounts: Iterable[TwilioAccount], ours: Iterable[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        account, country = self.fields["account"], self.fields["country"]
        assert isinstance(account, forms.ChoiceField)
        assert isinstance(country, forms.ChoiceField)
        account.choices = [(sid.pk, str(sid)) for sid in accounts]
        ours = {iso for iso in ours if iso}
        every = sorted((country_name(iso), iso) for iso in phonenumbers.SUPPORTED_REGIONS)
        country.choices = [
            ("", "Choose a country"),
            *(
                [("Where we have numbers", [(iso, name) for name, iso in every if iso in ours])]
                if ours
                else []
            ),
            ("Everywhere", [(iso, name) for name, iso in every if iso not in ours]),
        ]
        account.error_messages["required"] = account.error_messages["invalid_choice"] = "Choose an account"
        country.error_messages["required"] = country.error_messages["invalid_choice"] = "Choose a country"


class AddressForm(PortalForm):
    """An address as its country writes it (the Address resource of api.twilio.com).

    On one that exists, only what is new is judged: what stands at Twilio already may stay.
    """

    template_name = "inventory/addresses/address_fields.html"

    form_key = forms.UUIDField(widget=forms.HiddenInput)
    opened_with = forms.JSONField(widget=forms.HiddenInput)

    friendly_name = forms.CharField(
        label="Friendly name",
        required=False,
        help_text="What you call it, up to 64 characters, or 32 for an emergency address.",
    )
    customer_name = forms.CharField(help_text="As it stands in the papers of whoever uses the numbers.")
    street = forms.CharField()
    street_secondary = forms.CharField(required=False)
    city = forms.CharField(label="City")
    region = forms.CharField()
    postal_code = forms.CharField()
    emergency_enabled = forms.BooleanField(
        label="For emergency calls",
        required=False,
        help_text="Twilio checks it with the emergency services' own records. Only such an address can be "
        "registered for a number.",
    )
    auto_correct_address = forms.BooleanField(
        label="Let Twilio correct the spelling",
        required=False,
        help_text="Where Twilio knows the address in another spelling it takes that. Without this, you are "
        "shown Twilio's spelling and nothing is saved.",
    )
    reason = forms.CharField(label="Reason", required=False, max_length=200, help_text=REASON)

    def __init__(
        self,
        *args: Any,
        country: str,
        address: Address | None = None,
        only_name: bool = False,
        must_be_physical: bool = False,
        for_emergency: bool = False,
        **kwargs: Any,
    ) -> None:
        self.country, self.address = country, address
        self.only_name, self.must_be_physical = only_name, must_be_physical
        self.held = values_of(address.payload if address else {})
        if address is None:
            self.held["emergency_enabled"] = for_emergency
        kwargs["initial"] = {
            **self.held,
            "auto_correct_address": True,
            "form_key": uuid.uuid4(),
            "opened_with": self.held,
        }
        super().__init__(*args, **kwargs)
        self._speak_the_countrys_words()
        if country not in EMERGENCY_COUNTRIES and not self.held["emergency_enabled"]:
            del self.fields["emergency_enabled"]
        if address is None:
            del self.fields["opened_with"]
        if only_name:
            for name in (*set(PROPERTIES) - {"friendly_name"}, "auto_correct_address"):
                self.fields.pop(name, None)

    def _speak_the_countrys_words(self) -> None:
        form = format_of(self.country)
        for name, label in form.labels.items():
            self.fields[name].label = label
            verb = "Choose" if name == "region" and form.regions else "Enter"
            self.fields[name].error_messages["required"] = f"{verb} the {form.in_sentence(name)}"
        if form.example:
            self.fields["postal_code"].help_text = f"For example {form.example}."
        else:
            self.fields["postal_code"].help_text = "Twilio asks for one in every country."
        if form.regions:
            held = self.held["region"]
            names = {**({held: held} if held and held not in form.regions else {}), **form.regions}
            self.fields["region"] = forms.ChoiceField(
                label=form.region,
                choices=[("", f"Choose the {form.in_sentence('region')}"), *names.items()],
                error_messages={"required": f"Choose the {form.in_sentence('region')}"},
            )
        else:
            self.fields["region"].help_text = "Twilio asks for one in every country."

    def clean_opened_with(self) -> Mapping[str, Any]:
        opened_with = self.cleaned_data["opened_with"]
        if not isinstance(opened_with, dict) or not opened_with.keys() >= PROPERTIES.keys():
            raise forms.ValidationError("Open this page again: it did not come from Numberdesk as it is")
        return opened_with

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for_emergency = bool(cleaned.get("emergency_enabled"))
        typed = {name: cleaned.get(name, self.held[name]) for name in PROPERTIES}
        faults = faults_of(
            {name: str(value) for name, value in typed.items()},
            self.country,
            for_emergency=for_emergency,
            must_be_physical=self.must_be_physical,
        )
        is_new = self.address is None or for_emergency != self.held["emergency_enabled"]
        for name, words in faults.items():
            if name in self.fields and name not in self.errors and (is_new or typed[name] != self.held[name]):
                self.add_error(name, words)
        return cleaned

    def wanted(self) -> dict[str, Any]:
        """What to ask of Twilio, by its property names."""
        return {name: self.cleaned_data[name] for name in PROPERTIES if name in self.cleaned_data}

    @property
    def as_opened(self) -> Mapping[str, Any]:
        """The address as it was when the form was opened."""
        opened_with: Mapping[str, Any] = self.cleaned_data["opened_with"]
        return {name: opened_with[name] for name in PROPERTIES}

    def renew(self, address: Address | None = None) -> None:
        """Make the same form fit to be sent again: on top of what the address is now, if that is given."""
        data = QueryDict(mutable=True)
        data.update(self.data)
        data["form_key"] = str(uuid.uuid4())
        if address:
            now, opened_with = values_of(address.payload), self.as_opened
            for name, value in self.wanted().items():
                if value != opened_with[name] or value == now[name]:
                    continue
                if isinstance(now[name], bool):
                    data.setlist(name, ["on"] if now[name] else [])
                else:
                    data[name] = now[name]
            data["opened_with"] = json.dumps(now)
        self.data = data


class AddressDeletionForm(PortalForm):
    """The explicit yes to a deletion."""

    form_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    understood = forms.BooleanField(
        label="Delete this address for good",
        error_messages={"required": "Tick the box to confirm that the address is deleted for good"},
    )
    reason = forms.CharField(label="Reason", required=False, max_length=200, help_text=REASON)

    def renew(self) -> None:
        """Make the same form fit to be sent again."""
        data = QueryDict(mutable=True)
        data.update(self.data)
        data["form_key"] = str(uuid.uuid4())
        self.data = data
