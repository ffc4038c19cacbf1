from typing import Any

from django import forms

from compliance.bundles.actions import PROPERTIES, values_of
from compliance.models import Bundle
from portal.forms import OnceForm
from portal.reveal.reveals import mask
from portal.secrets import fingerprint
from portal.urls_from_staff import UrlField, fault_of_url

REASON = "Kept with the change, for whoever asks later."


class _ReasonedForm(OnceForm):
    """A change with a reason that is kept."""

    reason = forms.CharField(label="Reason", required=False, max_length=500, help_text=REASON)


class BundleForm(_ReasonedForm):
    """Name, contact and callback of a bundle. The contact is masked here as well: an empty field keeps it."""

    field_order = ("friendly_name", "email", "status_callback", "reason")

    friendly_name = forms.CharField(
        label=PROPERTIES["friendly_name"], max_length=64, help_text="For staff and for Twilio's reviewers."
    )
    email = forms.EmailField(label=PROPERTIES["email"], max_length=254)
    status_callback = UrlField(
        label=PROPERTIES["status_callback"],
        required=False,
        help_text="Where Twilio posts what becomes of the bundle.",
    )
    mark = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, bundle: Bundle, **kwargs: Any) -> None:
        self._held = values_of(bundle)
        kwargs["initial"] = {**self._held, "email": "", "mark": mark_of(bundle)}
        super().__init__(*args, **kwargs)
        use = "Twilio writes to it when it has decided."
        if self._held["email"]:
            self.fields["email"].required = False
            self.fields["email"].is_optional = False  # type: ignore[attr-defined]  # empty keeps what it is
            masked = mask(self._held["email"])
            self.fields["email"].help_text = f"{use} Now {masked}. Leave it empty to keep that."
        else:
            self.fields["email"].help_text = use

    def clean_status_callback(self) -> str:
        url: str = self.cleaned_data["status_callback"]
        if url and url != self._held["status_callback"] and (fault := fault_of_url(url)):
            raise forms.ValidationError(fault)
        return url

    def wanted(self) -> dict[str, str]:
        """What to ask of Twilio, by its property names."""
        return {name: self.cleaned_data[name] for name in PROPERTIES} | {
            "email": self.cleaned_data["email"] or self._held["email"]
        }


class DeletionForm(_ReasonedForm):
    """A yes to deleting, and why."""

    reason = forms.CharField(
        label="Reason",
        max_length=500,
        help_text=REASON,
        error_messages={"required": "Enter why it is deleted"},
    )


def mark_of(bundle: Bundle) -> str:
    """A fingerprint of what the form is about, to see whether somebody else changed it."""
    values = values_of(bundle)
    return fingerprint("bundle-form", *(values[name] for name in PROPERTIES))
