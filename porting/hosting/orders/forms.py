import uuid

from django import forms
from django.http import QueryDict

from portal.forms import PortalForm


class ReasonedForm(PortalForm):
    """A change that is sent once, and why."""

    form_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=200,
        help_text="Kept with the change, for whoever asks later.",
    )

    def renew(self) -> None:
        """Make the same form fit to be sent again."""
        data = QueryDict(mutable=True)
        data.update(self.data)
        data["form_key"] = str(uuid.uuid4())
        self.data = data
