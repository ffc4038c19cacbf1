import uuid
from collections.abc import Iterable
from typing import Any

from django import forms

from inventory.models import Address, ConfigurationPreset
from portal.forms import PortalForm
from porting.hosting.contacts import MailField, PhoneField, WatchersField, address_choices


class OrderForm(PortalForm):
    """What Twilio wants to know for hosted number orders, the same for all of them (page 8)."""

    form_key = forms.UUIDField(widget=forms.HiddenInput)
    address = forms.ChoiceField(
        label="Service address",
        help_text="Where the numbers are registered with the carrier they have: no PO box.",
        error_messages={"required": "Choose an address", "invalid_choice": "Choose an address"},
    )
    email = MailField(
        label="E-mail of the authorized user",
        help_text="Who decides about the numbers, and signs for them.",
        error_messages={"required": "Enter the e-mail address of the authorized user"},
    )
    contact_phone_number = PhoneField(
        label="Phone of the authorized user",
        error_messages={"required": "Enter the phone number of the authorized user"},
    )
    contact_title = forms.CharField(
        label="Title of the authorized user",
        required=False,
        max_length=100,
        help_text="Such as Office manager.",
    )
    cc_emails = WatchersField(label="Copies to", help_text="E-mail addresses that Twilio keeps informed.")
    preset = forms.ChoiceField(
        label="Answer messages as in the preset",
        required=False,
        help_text="The numbers are set up with the order, so that the first message is answered.",
    )
    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=200,
        help_text="Kept with every order, for whoever asks later.",
    )

    def __init__(
        self,
        *args: Any,
        addresses: Iterable[Address],
        presets: Iterable[ConfigurationPreset],
        chosen: str = "",
        **kwargs: Any,
    ) -> None:
        """`chosen` is the address that was created for these orders."""
        super().__init__(*args, **{**kwargs, "initial": {"form_key": uuid.uuid4(), "address": chosen}})
        address, preset = self.fields["address"], self.fields["preset"]
        assert isinstance(address, forms.ChoiceField)
        assert isinstance(preset, forms.ChoiceField)
        address.choices = address_choices(addresses)
        self.has_addresses = any(sid for sid, _ in address.choices)
        self.presets = {str(one.pk): one for one in presets if setup_of(one)}
        preset.choices = [("", "Not now"), *((key, one.name) for key, one in self.presets.items())]
        if not self.presets:
            del self.fields["preset"]

    @property
    def setup(self) -> dict[str, Any]:
        """How the numbers are to answer messages, by Twilio's property names."""
        chosen = self.presets.get(self.cleaned_data.get("preset", ""))
        return setup_of(chosen) if chosen else {}


def setup_of(preset: ConfigurationPreset) -> dict[str, Any]:
    """What a preset says of messages; an order takes nothing else (page 8)."""
    names = ("sms_url", "sms_method", "sms_fallback_url", "sms_fallback_method", "sms_application_sid")
    properties = preset.change.get("properties") or {}
    return {name: properties[name] for name in names if properties.get(name)}
