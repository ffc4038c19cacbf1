from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.validators import validate_email

from portal.forms import PortalForm
from portal.models import Note, Purpose
from portal.reveal.reveals import mask_address
from portal.secrets import fingerprint
from portal.uploads.fields import CheckedFileField

MOST_ADDRESSES = 10


class NoteForm(PortalForm):
    """A note, internal unless somebody says otherwise."""

    body = forms.CharField(label="Note", max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    audience = forms.ChoiceField(
        label="Who it is for",
        choices=Note.Audience.choices,
        initial=Note.Audience.INTERNAL,
        required=False,
        widget=forms.RadioSelect,
    )
    file = CheckedFileField(Purpose.NOTE, "attachment", required=False)


def key_of(address: str) -> str:
    """What stands for an address in a form that shows it masked."""
    return fingerprint("note address", address.strip().lower())[:24]


class MailForm(PortalForm):
    """Where a note goes. Addresses that are known are ticked, masked; others are typed."""

    known = forms.MultipleChoiceField(
        label="E-mail it to", required=False, widget=forms.CheckboxSelectMultiple
    )
    others = forms.CharField(
        label="Other addresses",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off", "spellcheck": "false"}),
        help_text="One on each line.",
    )

    def __init__(self, *args: Any, known: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._known = {key_of(address): address for address in known}
        if self._known:
            choices = self.fields["known"]
            assert isinstance(choices, forms.MultipleChoiceField)
            choices.choices = [(key, mask_address(address)) for key, address in self._known.items()]
            choices.initial = list(self._known)
        else:
            del self.fields["known"]
            self.fields["others"].label = "E-mail addresses"

    def addresses(self) -> list[str]:
        ticked = [self._known[key] for key in self.cleaned_data.get("known", [])]
        return [*ticked, *self.cleaned_data["others"]]

    def clean_others(self) -> list[str]:
        typed = self.cleaned_data["others"].replace(",", "\n").replace(";", "\n").split()
        for address in typed:
            try:
                validate_email(address)
            except forms.ValidationError:
                raise forms.ValidationError("Enter e-mail addresses like name@example.com") from None
        return list(dict.fromkeys(typed))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if "others" in cleaned and not self.errors:
            count = len(cleaned["others"]) + len(cleaned.get("known", []))
            if not count:
                self.add_error("others", "Say where the note goes")
            elif count > MOST_ADDRESSES:
                self.add_error("others", f"A note goes to {MOST_ADDRESSES} addresses at most")
        return cleaned
