from django import forms

from portal.forms import PortalForm


class RevealForm(PortalForm):
    """Why somebody reads a body word for word."""

    reason = forms.CharField(
        label="Reason",
        max_length=200,
        help_text="It is written down with your name before the body is shown.",
        error_messages={"required": "Enter why you need to read it"},
    )
