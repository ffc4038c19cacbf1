import re
from typing import Any

from django import forms
from django.conf import settings

from porting.hosting.calls.extension import LONGEST, MOST_DELAY, Unplayable, read_extension
from porting.hosting.orders.forms import ReasonedForm

_IDENTITY = re.compile("RI[0-9a-fA-F]{32}")


class CallForm(ReasonedForm):
    """How Twilio calls the owner. `attempts` are the calls that the page knew of."""

    attempts = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    extension = forms.CharField(
        label="Extension",
        required=False,
        max_length=LONGEST * 2,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="Keys to press behind a menu. Each w waits half a second, such as wwww2ww5.",
    )
    delay = forms.IntegerField(
        label="Seconds until the call",
        required=False,
        min_value=0,
        max_value=MOST_DELAY,
        help_text=f"Up to {MOST_DELAY}, to hang up a line that is busy with you.",
        error_messages={
            "invalid": "Enter a whole number such as 10",
            "max_value": f"Enter at most {MOST_DELAY} seconds",
            "min_value": "Enter a whole number such as 10",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["reason"]

    def clean_extension(self) -> str:
        try:
            return read_extension(self.cleaned_data["extension"])
        except Unplayable as fault:
            raise forms.ValidationError(str(fault)) from fault

    def clean_delay(self) -> int:
        return self.cleaned_data["delay"] or 0


class BillForm(ReasonedForm):
    """A phone bill that Twilio has; the preview's alone."""

    document = forms.CharField(
        label="SID of the phone bill",
        max_length=40,
        help_text="It begins with RI. Twilio's support gives it to you when they have the bill.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "auto_id": "id_bill_%s"})  # beside the form of the call
        del self.fields["reason"]

    def clean_document(self) -> str:
        sid: str = self.cleaned_data["document"].strip()
        if not _IDENTITY.fullmatch(sid):
            raise forms.ValidationError("Enter a SID of RI and 32 letters and digits")
        return sid


class CodeForm(ReasonedForm):
    """The code as the owner heard it; the preview's alone."""

    code = forms.CharField(
        label="Code that the owner heard",
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
        help_text="Where they cannot type it on the line.",
        error_messages={"required": "Enter the code"},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "auto_id": "id_code_%s"})  # beside the form of the call
        del self.fields["reason"]

    def clean_code(self) -> str:
        code = re.sub(r"[\s\-]", "", self.cleaned_data["code"])
        if not re.fullmatch(r"[0-9]{4,10}", code):
            raise forms.ValidationError("Enter the code in digits, such as 310001")
        return code


def takes_other_proofs() -> bool:
    """Whether the version of the API that is spoken takes a phone bill, or the code from us."""
    return settings.HOSTING_API == "preview"
