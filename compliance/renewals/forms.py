from uuid import uuid4

from django import forms

from portal.forms import PortalForm


class StepForm(PortalForm):
    """One step of an update: a button, sent once."""

    form_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)


class ReasonedStepForm(StepForm):
    """A step that somebody may ask about later."""

    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=200,
        help_text="Kept with the change, for whoever asks later.",
    )


class TicketForm(PortalForm):
    """Under which number Twilio looks after a complaint."""

    ticket = forms.RegexField(
        label="Ticket number",
        regex=r"^#?[A-Za-z0-9][A-Za-z0-9-]{0,29}$",
        help_text="As Twilio Support gave it, such as 12345678.",
        error_messages={"invalid": "Enter the ticket number only: letters, digits and hyphens"},
    )
