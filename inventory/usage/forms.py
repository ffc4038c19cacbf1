from datetime import date, timedelta

from django import forms
from django.utils import timezone

from portal.forms import PortalForm

# A decision to keep what nobody uses is made anew after this long.
LONGEST = timedelta(days=730)


class KeepForm(PortalForm):
    """Until when a number is kept although it is not used, and why. Ours alone: Twilio is not told."""

    until = forms.DateField(
        label="Keep until",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={
            "required": "Enter the last day on which it is kept",
            "invalid": "Enter a date such as 2026-11-21",
        },
        help_text="The last day, at most two years from now.",
    )
    reason = forms.CharField(
        label="Reason",
        max_length=200,
        help_text="Shown to whoever looks for numbers to release.",
        error_messages={"required": "Enter the reason to keep it"},
    )

    def clean_until(self) -> date:
        until: date = self.cleaned_data["until"]
        today = timezone.now().date()
        if until < today:
            raise forms.ValidationError("Enter a day that is not over yet")
        if until > today + LONGEST:
            raise forms.ValidationError("Enter a day within the next two years")
        return until
