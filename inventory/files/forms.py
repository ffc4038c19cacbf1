from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from inventory.files.tables import MOST_BYTES, MOST_LINES, Unreadable, text_of
from portal.forms import PortalForm
from portal.numbering import country_name

_TOO_LARGE = f"Choose a file of at most {MOST_BYTES // 1024 // 1024} MB"


class _TextFile(forms.FileField):
    """A CSV or text file, as its text."""

    is_optional = False

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv,text/plain"})
        super().__init__(widget=widget, allow_empty_file=True, **kwargs)

    def clean(self, data: Any, initial: Any = None) -> str:
        file: UploadedFile[bytes] | None = super().clean(data, initial)
        if not file:
            return ""
        if (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError(_TOO_LARGE)
        try:
            return text_of(file.read())
        except Unreadable as fault:
            raise forms.ValidationError(str(fault)) from fault


class _PasteField(forms.CharField):
    """Numbers in any spelling: one of two ways to give them, so neither is optional."""

    is_optional = False


class IntakeForm(PortalForm):
    """Numbers, pasted or in a file."""

    numbers = _PasteField(
        label="Numbers",
        required=False,
        max_length=1_000_000,
        widget=forms.Textarea(attrs={"rows": 8, "autocomplete": "off", "spellcheck": "false"}),
        help_text="In any format, one in a line or separated by commas, tabs or blanks.",
        error_messages={"max_length": "Put more than 1,000,000 characters into a file"},
    )
    file = _TextFile(
        label="Or a file",
        required=False,
        help_text=f"CSV or text, up to {MOST_LINES:,} lines. The column called Number is read.",
    )
    country = forms.ChoiceField(
        label="Numbers without a country code are of",
        required=False,
        help_text="For numbers such as 030 23125017.",
    )

    def __init__(self, *args: Any, countries: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        country = self.fields["country"]
        assert isinstance(country, forms.ChoiceField)
        names = sorted((country_name(iso), iso) for iso in countries)
        country.choices = [("", "No country"), *((iso, name) for name, iso in names)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            if cleaned["numbers"] and cleaned["file"]:
                self.add_error("file", "Paste numbers or choose a file, not both")
            elif not (cleaned["numbers"] or cleaned["file"]):
                self.add_error("numbers", "Paste numbers or choose a file")
        return cleaned


class ImportForm(PortalForm):
    """An export that somebody has edited."""

    file = _TextFile(
        label="Edited export",
        help_text=f"CSV, up to {MOST_LINES:,} lines and {MOST_BYTES // 1024 // 1024} MB. It is not kept.",
        error_messages={"required": "Choose the file that you have edited"},
    )
