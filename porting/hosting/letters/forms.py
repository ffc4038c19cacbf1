from collections.abc import Iterable
from typing import Any

from django import forms

from inventory.models import Address
from portal.reveal.reveals import mask
from porting.hosting.contacts import MailField, PhoneField, WatchersField, address_choices
from porting.hosting.orders.forms import ReasonedForm
from porting.models import LetterDraft


class LetterForm(ReasonedForm):
    """Who signs for the numbers (page 9).

    What the draft knows already is masked, and stays as it is where nothing is typed.
    """

    shown = forms.IntegerField(widget=forms.HiddenInput)
    address = forms.ChoiceField(
        label="Service address of the numbers",
        help_text="As the carrier has it, with the name of the authorized user.",
        error_messages={"required": "Choose an address", "invalid_choice": "Choose an address"},
    )
    email = MailField(
        label="E-mail of the signer",
        help_text="Twilio sends the letter there at once.",
        error_messages={"required": "Enter the e-mail address of the signer"},
    )
    contact_title = forms.CharField(
        label="Title of the signer",
        max_length=100,
        help_text="Such as Office manager.",
        error_messages={"required": "Enter the title of the signer"},
    )
    contact_phone_number = PhoneField(
        label="Phone of the signer", error_messages={"required": "Enter the phone number of the signer"}
    )
    cc_emails = WatchersField(
        label="Copies to", help_text="Told when the letter is sent and when it is signed."
    )
    field_order = ("address", "email", "contact_title", "contact_phone_number", "cc_emails", "reason")

    def __init__(
        self,
        *args: Any,
        draft: LetterDraft,
        addresses: Iterable[Address],
        count: int,
        chosen: str = "",
        **kwargs: Any,
    ) -> None:
        """`chosen` is the address that was created for this letter."""
        kwargs["initial"] = {"shown": count, "address": chosen or draft.address_sid}
        super().__init__(*args, **kwargs)
        self.draft, self.count = draft, count
        address = self.fields["address"]
        assert isinstance(address, forms.ChoiceField)
        address.choices = address_choices(addresses)
        source = "As on the letter before" if draft.replaces else "As on the orders"
        for name in ("email", "contact_title", "contact_phone_number", "cc_emails"):
            if held := getattr(draft, name):
                field = self.fields[name]
                field.required = False
                field.help_text = f"{source}, {mask(held)}, unless you type another."

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "shown" in cleaned and cleaned["shown"] != self.count:
            self.add_error(
                None,
                f"The orders have changed since you opened this page: it is {self.count:,} now. Look again",
            )
        return cleaned

    def terms(self) -> dict[str, Any]:
        """What to send, by the columns of a draft."""
        typed = self.cleaned_data
        names = ("email", "contact_title", "contact_phone_number", "cc_emails")
        return {
            "address_sid": typed["address"],
            **{name: typed[name] or getattr(self.draft, name) for name in names},
        }
