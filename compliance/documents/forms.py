from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from compliance.documents.words import ADDRESSES, OPEN_FIELDS, mark_of, type_words
from compliance.models import SupportingDocument
from portal.forms import OnceForm, PortalForm
from portal.models import Purpose, TwilioAccount
from portal.reveal.reveals import mask
from portal.uploads.fields import CheckedFileField

_REASON = {"required": "Enter why it is deleted"}


class PlaceForm(PortalForm):
    """Which kind of document, and whose."""

    account = forms.ChoiceField(label="Account")
    type = forms.ChoiceField(label="Type of document")

    def __init__(
        self, *args: Any, accounts: Iterable[TwilioAccount], types: Mapping[str, str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (
            ("account", [(account.pk, str(account)) for account in accounts]),
            ("type", sorted(types.items(), key=lambda choice: choice[1])),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", "Choose"), *choices] if len(choices) > 1 else choices


def attribute_field(name: str, label: str, hint: str = "") -> forms.Field:
    """One attribute by itself: what a regulation makes of it is asked where a bundle is made."""
    if name in OPEN_FIELDS:
        widget: forms.Widget = forms.DateInput(attrs={"type": "date"})
        return forms.DateField(
            label=label, required=False, widget=widget, help_text=hint,
            error_messages={"invalid": f"{label} must be a real date"},
        )  # fmt: skip
    attrs = {"autocomplete": "off", "spellcheck": "false"}
    return forms.CharField(
        label=label, required=False, max_length=1000, widget=forms.TextInput(attrs=attrs), help_text=hint
    )


class UploadForm(OnceForm):
    """A new document: what it says, and its file."""

    friendly_name = forms.CharField(
        label="Friendly name",
        max_length=255,
        help_text="For staff. Twilio's reviewers see it too.",
        error_messages={"required": "Enter a friendly name"},
    )

    def __init__(
        self,
        *args: Any,
        type: str,
        labels: Mapping[str, str],
        addresses: Iterable[tuple[str, str]] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._names = [name for name in labels if name != ADDRESSES]
        for name in self._names:
            self.fields[f"value-{name}"] = attribute_field(name, labels[name])
        if choices := list(addresses):
            self.fields["address"] = forms.ChoiceField(
                label="Address on it",
                required=False,
                choices=[("", "None"), *choices],
                help_text="One of the account's. A proof of address cites the address it shows.",
            )
        self.fields["file"] = CheckedFileField(Purpose.COMPLIANCE, type_words(type).lower())

    def attributes(self) -> dict[str, Any]:
        cited = self.cleaned_data.get("address")
        return {**_given(self.cleaned_data, self._names), **({ADDRESSES: [cited]} if cited else {})}


class DocumentForm(OnceForm):
    """Another name, and other values. What is masked is not shown here either: an empty field keeps it."""

    friendly_name = forms.CharField(
        label="Friendly name", max_length=255, error_messages={"required": "Enter a friendly name"}
    )
    reason = forms.CharField(label="Reason", required=False, max_length=500)
    opened_with = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(
        self, *args: Any, document: SupportingDocument, labels: Mapping[str, str], **kwargs: Any
    ) -> None:
        values = document.values
        names = [*labels, *(name for name in values if name not in labels)]
        self._names = [name for name in names if name != ADDRESSES] if document.is_content_open else []
        initial = {
            "friendly_name": document.friendly_name,
            "opened_with": mark_of(document.friendly_name, values),
            **{f"value-{name}": values.get(name) for name in self._names if name in OPEN_FIELDS},
        }
        super().__init__(*args, initial=initial, **kwargs)
        reason = self.fields.pop("reason")
        for name in self._names:
            label = labels.get(name) or type_words(name)
            now = values.get(name)
            hint = "" if name in OPEN_FIELDS or not now else f"Now {mask(now)}. Leave it empty to keep that."
            self.fields[f"value-{name}"] = attribute_field(name, label, hint)
        self.fields["reason"] = reason
        self._values = values

    def attributes(self) -> dict[str, Any] | None:
        """All attributes as they are to be; None if they stay."""
        if not self._names:
            return None
        kept = {name: value for name, value in self._values.items() if name not in OPEN_FIELDS}
        return {**kept, **_given(self.cleaned_data, self._names)}


class FileForm(OnceForm):
    """Another file for a document."""

    reason = forms.CharField(label="Reason", required=False, max_length=500)

    def __init__(self, *args: Any, document: SupportingDocument, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        file = CheckedFileField(Purpose.COMPLIANCE, type_words(document.type).lower())
        self.fields = {"file": file, **self.fields}


class DeletionForm(OnceForm):
    reason = forms.CharField(label="Reason", max_length=500, error_messages=_REASON)


def _given(cleaned: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """What was entered, dates as Twilio writes them."""
    values = {name: cleaned.get(f"value-{name}") for name in names}
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in values.items()
        if value not in (None, "")
    }
