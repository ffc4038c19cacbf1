"""What the losing carrier knows of its customer: the page that is filled in beside the bill."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.http import QueryDict

from compliance.guided.fields import EmailField, PhoneField
from portal.numbering import spaced
from porting.drafting.forms import EMAIL, PIN, PLAIN, WIDGET, TaskForm
from porting.drafting.progress import ON_THE_BILL, address_words, needs_account_number
from porting.models import PortInDraft
from porting.portin.drafts import ADDRESS, CUSTOMER, KATAKANA, REPRESENTATIVE

# What the bill says of a value that was typed, and what it can say
ON_BILL = "on_bill-"
SAME, OTHER = "same", "other"
# So many PINs are asked for one by one; more are pasted as a list.
MOST_PIN_FIELDS = 40
_KATAKANA = RegexValidator(r"^[\u30a0-\u30ff\uff61-\uff9f\s]+$", "Write it in katakana, like ジョン スミス")
_IS_PIN = RegexValidator(r"^[A-Za-z0-9]+$", "Enter the PIN in letters and digits, without blanks or signs")


class DetailsForm(TaskForm):
    """What the losing carrier knows of its customer. It is compared letter by letter with what it has."""

    customer_type = forms.ChoiceField(
        label="Customer type",
        choices=[("Business", "Business"), ("Individual", "Individual")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose business or individual"},
    )
    customer_name = forms.CharField(
        max_length=200,
        help_text="As it is registered with the losing carrier.",
        error_messages={"required": "Enter the customer name"},
        widget=forms.TextInput(attrs=PLAIN),
    )
    account_number = forms.CharField(
        max_length=100,
        help_text="The customer's account at the losing carrier, as on the bill.",
        error_messages={"required": "Enter the account number"},
        widget=forms.TextInput(attrs=PLAIN),
    )
    account_telephone_number = PhoneField(
        what="the account telephone number",
        country="",
        label="Account telephone number",
        help_text="The main number of the account. If it is not known, one of the numbers to port will do.",
        error_messages={"required": "Enter the account telephone number"},
    )
    authorized_representative = forms.CharField(
        label="Name",
        max_length=200,
        help_text="First and last name of the person who may change the account.",
        error_messages={"required": "Enter the authorized representative"},
        widget=forms.TextInput(attrs=PLAIN),
    )
    authorized_representative_email = EmailField(
        EMAIL,
        label="Representative's e-mail",
        help_text="Twilio mails the letter of authorization there, to be signed within 30 days.",
        error_messages={"required": "Enter the representative's e-mail address"},
        widget=forms.TextInput(attrs={"inputmode": "email", **PLAIN}),
    )
    address_sid = forms.ChoiceField(label="Address of the account", required=False)
    street = forms.CharField(max_length=200, required=False, widget=forms.TextInput(attrs=PLAIN))
    street_2 = forms.CharField(
        label="Building, floor or suite", max_length=200, required=False, widget=forms.TextInput(attrs=PLAIN)
    )
    city = forms.CharField(max_length=100, required=False, widget=forms.TextInput(attrs=PLAIN))
    state = forms.CharField(
        max_length=100,
        required=False,
        help_text="Spelled as the losing carrier spells it: CA or California.",
        widget=forms.TextInput(attrs=PLAIN),
    )
    zip = forms.CharField(
        label="ZIP code", max_length=20, required=False, widget=forms.TextInput(attrs=PLAIN)
    )

    def __init__(
        self, draft: PortInDraft, *args: Any, addresses: Sequence[tuple[str, str]] = (), **kwargs: Any
    ) -> None:
        super().__init__(draft, *args, **kwargs)
        held = draft.said
        names = (*CUSTOMER, *REPRESENTATIVE, *ADDRESS, *KATAKANA, "address_sid")
        self.initial.update({name: held.get(name) for name in names})
        telephone = held.get("account_telephone_number") or draft.numbers[0]
        self.initial["account_telephone_number"] = spaced(telephone)
        self.fields["account_number"].required = needs_account_number(draft)
        phone, address = self.fields["account_telephone_number"], self.fields["address_sid"]
        assert isinstance(phone, PhoneField)
        assert isinstance(address, forms.ChoiceField)
        phone.country = draft.country
        address.choices = [("", "Enter it below"), *addresses]
        address.help_text = "Twilio copies it into the request."
        if not addresses:
            del self.fields["address_sid"]
        for name in ("street", "city", "state", "zip"):
            self.fields[name].is_optional = False  # type: ignore[attr-defined]  # unless one is chosen
        self.fields["customer_type"].template_name = WIDGET  # type: ignore[attr-defined]
        if draft.country == "JP":
            self._ask_for_japan()
        self._ask_for_pins()
        self._ask_what_the_bill_says()

    def choose_address(self, sid: str) -> None:
        """The address that was created for this request stands in the field, whatever was typed before."""
        field = self.fields.get("address_sid")
        if not (sid and isinstance(field, forms.ChoiceField) and field.valid_value(sid)):
            return
        self.initial["address_sid"] = sid
        if isinstance(self.data, QueryDict):
            self.data = self.data.copy()
            self.data["address_sid"] = sid

    def _ask_for_japan(self) -> None:
        """What only Japan's ports have (page 15)."""
        held, count = self.draft.said, len(self.draft.numbers)
        labels = {
            "katakana_name": "Customer name in katakana",
            "authorized_representative_katakana": "Representative in katakana",
            "sub_municipality": "Sub-municipality",
            "building": "Building",
        }
        for name, label in labels.items():
            katakana = [_KATAKANA] if "katakana" in name else []
            self.fields[name] = forms.CharField(
                label=label, max_length=200, required=False, validators=katakana,
                widget=forms.TextInput(attrs=PLAIN),
            )  # fmt: skip
        self.fields["zip"].label, self.fields["state"].label = "Postal code", "Prefecture"
        self.fields["state"].help_text = "Spelled as the losing carrier spells it."
        self.fields["portability_advance_carrier"] = forms.CharField(
            label="Carrier service in Japan",
            max_length=60,
            help_text="Twilio's identifier of the service into which the numbers are ported.",
            error_messages={"required": "Enter the carrier service in Japan"},
            widget=forms.TextInput(attrs=PLAIN),
        )
        self.fields["auto_cancel_approval_numbers"] = forms.IntegerField(
            label="Numbers that the losing carrier terminates",
            required=False,
            min_value=0,
            max_value=count,
            help_text=f"0ABJ numbers of the group that are not ported, up to {count:,}. 0 terminates none.",
            error_messages={
                "max_value": f"These must be {count:,} or fewer",
                "min_value": "Enter 0 or more",
                "invalid": "Enter a number like 0 or 2",
            },
            widget=forms.TextInput(attrs={"inputmode": "numeric", **PLAIN}),
        )
        for name in ("portability_advance_carrier", "auto_cancel_approval_numbers"):
            self.initial[name] = held.get(name)

    def _ask_for_pins(self) -> None:
        numbers, given = self.draft.pin_numbers, self.draft.said.get("pins") or {}
        if not numbers:
            return
        if len(numbers) > MOST_PIN_FIELDS:
            missing = sum(number not in given for number in numbers)
            self.fields["pins"] = forms.CharField(
                label="PINs",
                required=False,
                help_text=f"One line for each number: the number, a comma, its PIN. {missing:,} of "
                f"{len(numbers):,} are missing; PINs that were given are kept and not shown.",
                widget=forms.Textarea(attrs={"rows": 8, **PLAIN}),
            )
            return
        for index, number in enumerate(numbers):
            is_given = number in given
            self.fields[f"{PIN}{index}"] = forms.CharField(
                label=f"PIN of {spaced(number)}",
                required=not is_given,
                max_length=20,
                validators=[_IS_PIN],
                help_text="Given. Leave it empty to keep it." if is_given else "",
                widget=forms.TextInput(attrs={"inputmode": "numeric", **PLAIN}),
                error_messages={"required": f"Enter the PIN of {spaced(number)}"},
            )
            self.fields[f"{PIN}{index}"].is_optional = False  # type: ignore[attr-defined]

    def _ask_what_the_bill_says(self) -> None:
        """Each value that is commonly rejected is compared by itself, so that none is passed over (L10)."""
        matches = self.draft.said.get("matches")
        for name, words in ON_THE_BILL.items():
            self.fields[ON_BILL + name] = forms.ChoiceField(
                label=words.capitalize(),
                choices=[(SAME, "As typed above"), (OTHER, "Otherwise, or not at all")],
                widget=forms.RadioSelect,
                error_messages={"required": f"Say how the {words} stands on the bill"},
            )
            if matches is not None:
                self.initial[ON_BILL + name] = SAME if name in matches else OTHER

    @property
    def compared_fields(self) -> list[forms.BoundField]:
        return [self[ON_BILL + name] for name in ON_THE_BILL]

    @property
    def pin_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name == "pins" or name.startswith(PIN)]

    def clean_pins(self) -> str:
        text: str = self.cleaned_data["pins"]
        wrong = [str(line) for line, _, pin in _pin_lines(text, self.draft) if not pin]
        if wrong:
            raise forms.ValidationError(
                f"Line {', '.join(wrong[:5])}{'…' if len(wrong) > 5 else ''}: enter one of the numbers of "
                "this request, a comma, and its PIN"
            )
        return text

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not cleaned.get("address_sid") and "address_sid" not in self.errors:
            words = address_words(self.draft)
            for name in words:
                if not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, f"Enter the {words[name]}")
        if not (cleaned.get("account_number") or self.fields["account_number"].required):
            # Nothing was typed that the bill could contradict.
            self.errors.pop(ON_BILL + "account_number", None)
            cleaned[ON_BILL + "account_number"] = SAME
        return cleaned

    def answers(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        found: dict[str, Any] = {
            name: cleaned[name] or None
            for name in (*CUSTOMER, *REPRESENTATIVE, *KATAKANA, "portability_advance_carrier")
            if name in cleaned
        }
        if "auto_cancel_approval_numbers" in cleaned:
            lines = cleaned["auto_cancel_approval_numbers"]
            found["auto_cancel_approval_numbers"] = None if lines is None else str(lines)
        found["address_sid"] = cleaned.get("address_sid") or None
        typed = {name: cleaned.get(name) or None for name in ADDRESS if name != "country"}
        found |= dict.fromkeys(ADDRESS) if found["address_sid"] else {**typed, "country": self.draft.country}
        if pins := self._pins():
            found["pins"] = {**(self.draft.said.get("pins") or {}), **pins}
        compared = {name: cleaned.get(ON_BILL + name) for name in ON_THE_BILL}
        if all(compared.values()):
            found["matches"] = [name for name, says in compared.items() if says == SAME]
        return found

    def _pins(self) -> dict[str, str]:
        given = {
            number: pin
            for _, number, pin in _pin_lines(self.cleaned_data.get("pins") or "", self.draft)
            if pin
        }
        for index, number in enumerate(self.draft.pin_numbers):
            if pin := self.cleaned_data.get(f"{PIN}{index}"):
                given[number] = pin
        return given


def _pin_lines(text: str, draft: PortInDraft) -> list[tuple[int, str, str]]:
    """Line number, number and PIN of every line; no PIN for a line that names no number of the draft."""
    by_digits = {"".join(filter(str.isdigit, number)): number for number in draft.pin_numbers}
    national = {digits[1:]: number for digits, number in by_digits.items() if digits.startswith("1")}
    found = []
    for line, row in enumerate(text.splitlines(), start=1):
        if not row.strip():
            continue
        left, _, pin = row.replace("\t", ",").replace(";", ",").rpartition(",")
        digits = "".join(filter(str.isdigit, left))
        number = by_digits.get(digits) or national.get(digits) or ""
        pin = pin.strip()
        found.append((line, number, pin if number and pin.isalnum() and len(pin) <= 20 else ""))
    return found
