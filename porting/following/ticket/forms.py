import re

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from portal.forms import PortalForm

_is_address = URLValidator(schemes=["https"])
_ADDRESS = "Enter a web address such as https://desk.example.com/1234, or a reference"


class TicketForm(PortalForm):
    """A web address of ours, or a reference in words."""

    our_ticket = forms.CharField(
        label="Our ticket",
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="The https address of a ticket of ours, or its reference. Empty, there is none.",
    )

    def clean_our_ticket(self) -> str:
        ticket = " ".join(self.cleaned_data["our_ticket"].split())
        if ticket.lower().startswith("http:"):
            raise ValidationError("Use https://, so that nobody on the way sees the ticket")
        if re.match(r"[a-z][a-z0-9+.-]*:", ticket, re.IGNORECASE):
            try:
                _is_address(ticket)
            except ValidationError:
                raise ValidationError(_ADDRESS) from None
        return ticket
