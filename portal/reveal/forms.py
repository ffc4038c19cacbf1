from django import forms

from portal.forms import PortalForm


class RevealForm(PortalForm):
    """Why somebody needs to see a value."""

    reason = forms.CharField(
        label="Reason",
        min_length=4,
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="It is kept with your name. Do not write the value itself.",
        error_messages={
            "required": "Enter why you need to see it",
            "min_length": "Enter a reason that somebody else understands",
        },
    )
