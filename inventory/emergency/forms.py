import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import QueryDict

from inventory.models import Address
from portal.forms import PortalForm

_REASON = "Kept with the change, for whoever asks later."


class EmergencyAddressForm(PortalForm):
    """Which address emergency services are told, of those that Twilio would take."""

    form_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    address = forms.ChoiceField(
        label="Emergency address",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the address where the calls are made from"},
    )
    reason = forms.CharField(label="Reason", required=False, max_length=200, help_text=_REASON)

    def __init__(self, *args: Any, addresses: Sequence[Address], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["address"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(address.pk, f"{address}: {', '.join(address.lines)}") for address in addresses]

    def renew(self) -> None:
        self.data = _renewed(self.data)


class EmergencyRemovalForm(PortalForm):
    """The explicit yes to a removal."""

    form_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    understood = forms.BooleanField(
        label="Emergency services are no longer told where this number is",
        error_messages={"required": "Tick the box to confirm that emergency services are told no address"},
    )
    reason = forms.CharField(label="Reason", required=False, max_length=200, help_text=_REASON)

    def renew(self) -> None:
        self.data = _renewed(self.data)


def _renewed(sent: Any) -> QueryDict:
    """The same form, fit to be sent again."""
    data = QueryDict(mutable=True)
    data.update(sent)
    data["form_key"] = str(uuid.uuid4())
    return data
