"""The three pages of a draft: the bill, what the losing carrier knows, and when it is to happen."""

from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Any

from django import forms
from django.forms.utils import ErrorDict
from django.http import QueryDict

from compliance.guided.fields import DayField, EmailField, LinesField, PhoneField, said
from portal import files
from portal.forms import PortalForm
from portal.models import Purpose, StoredFile
from portal.numbering import country_name, spaced
from portal.secrets import CannotDecrypt
from portal.uploads.check import CheckedFile
from portal.uploads.fields import CheckedFileField
from porting.drafting.progress import ON_THE_BILL, needs_account_number
from porting.models import PortInDraft
from porting.portin.dates import BILL_DAYS, earliest_date, oldest_bill
from porting.portin.drafts import ADDRESS, CUSTOMER, KATAKANA, REPRESENTATIVE

# So many PINs are asked for one by one; more are pasted as a list.
MOST_PIN_FIELDS = 40
PIN = "pin-"
_EMAIL = "Enter an e-mail address like name@example.com"
_TEXT = {"autocomplete": "off", "spellcheck": "false"}
_NOT_TYPED = frozenset({"csrfmiddlewaretoken", "version", "later", "pins"})
_WIDGET = "compliance/guided/_field.html"


class BillField(CheckedFileField):
    """The utility bill: a new file, or the one that the draft has."""

    def __init__(self, held: StoredFile | None, **kwargs: Any) -> None:
        super().__init__(Purpose.UTILITY_BILL, "utility bill", **kwargs)
        self.held = held
        self.widget.kept = held

    def _kept(self, stored_id: str) -> CheckedFile | None:
        if self.held and str(self.held.pk) == stored_id:
            try:
                return files.checked_file(self.held)
            except (files.NotThere, CannotDecrypt):
                self.widget.kept = None
        raise forms.ValidationError("The utility bill was not kept. Select it again", "missing")


class TaskForm(PortalForm):
    """One page of a draft. What was typed is shown again as it was, also when it was no good."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, draft: PortInDraft, data: Any = None, uploads: Any = None, **kwargs: Any) -> None:
        self.draft = draft
        super().__init__(data, uploads, **kwargs)
        self.initial["version"] = draft.version

    @classmethod
    def shown(cls, draft: PortInDraft, name: str, **kwargs: Any) -> "TaskForm":
        """The form with what was saved, as it was typed; beside each value what Twilio said of it."""
        typed = draft.said.get("typed", {}).get(name)
        if not typed:
            form = cls(draft, **kwargs)
        else:
            data = QueryDict(mutable=True)
            for key, values in typed.items():
                data.setlist(key, values)
            data["version"] = str(draft.version)
            form = cls(draft, data, {}, **kwargs)
            form.forget_errors()
        refused = {key: words for key, words in (draft.refusals or {}).items() if key in form.fields}
        if refused:
            form.forget_errors()
            for key, words in refused.items():
                form.add_error(key, f"Twilio: {words}")
        return form

    def forget_errors(self) -> None:
        """What was typed, as it was typed, without a word on it."""
        self._errors = ErrorDict(renderer=self.renderer)
        self.cleaned_data = {}

    def renew(self, draft: PortInDraft) -> None:
        """Fit to be sent again, on top of what the draft is now."""
        lists, self.data = self._lists(), QueryDict(mutable=True)
        for name, values in lists:
            self.data.setlist(name, values)
        self.data["version"] = str(draft.version)

    def _lists(self) -> list[tuple[str, list[str]]]:
        return list(self.data.lists()) if isinstance(self.data, QueryDict) else []

    def typed(self) -> dict[str, list[str]]:
        """What was typed, without PINs: those are kept one by one and never shown again."""
        return {
            name: [str(value) for value in values]
            for name, values in self._lists()
            if name not in _NOT_TYPED and not name.startswith(PIN)
        }

    def answers(self) -> dict[str, Any]:
        """The values that are good, by their names in the draft; None for one that was left empty."""
        raise NotImplementedError


class BillForm(TaskForm):
    bill_date = DayField(what="The date of the bill", earliest=None, latest=None, label="Date of the bill")

    def __init__(self, draft: PortInDraft, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(draft, *args, **kwargs)
        help_text = "It must show the account, the owner or authorized user, and the address."
        needed = not draft.document_sid or draft.bill_id is not None
        self.fields = {
            "version": self.fields["version"],
            "bill": BillField(draft.bill, help_text=help_text, required=needed),
            "bill_date": self.fields["bill_date"],
        }
        day = self.fields["bill_date"]
        assert isinstance(day, DayField)
        day.earliest, day.latest = oldest_bill(today), today
        day.help_text = f"{said(day.earliest)} or later: Twilio takes bills of the last {BILL_DAYS} days."
        day.template_name = _WIDGET  # type: ignore[attr-defined]
        day.error_messages["required"] = "Enter the date of the bill"
        self.initial["bill_date"] = draft.said.get("bill_date")

    @property
    def file(self) -> CheckedFile | None:
        found = self.cleaned_data.get("bill")
        return found if isinstance(found, CheckedFile) else None

    def answers(self) -> dict[str, Any]:
        return {"bill_date": self.cleaned_data["bill_date"]} if self.cleaned_data.get("bill_date") else {}


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
        widget=forms.TextInput(attrs=_TEXT),
    )
    account_number = forms.CharField(
        max_length=100,
        help_text="The customer's account at the losing carrier, as on the bill.",
        widget=forms.TextInput(attrs=_TEXT),
    )
    account_telephone_number = PhoneField(
        what="the account telephone number",
        country="",
        label="Account telephone number",
        help_text="The main number of the account. If it is not known, one of the numbers to port will do.",
    )
    authorized_representative = forms.CharField(
        label="Name",
        max_length=200,
        help_text="First and last name of the person who may change the account.",
        error_messages={"required": "Enter the authorized representative"},
        widget=forms.TextInput(attrs=_TEXT),
    )
    authorized_representative_email = EmailField(
        _EMAIL,
        label="Representative's e-mail",
        help_text="Twilio mails the letter of authorization there, to be signed within 30 days.",
        widget=forms.TextInput(attrs={"inputmode": "email", **_TEXT}),
    )
    address_sid = forms.ChoiceField(label="Address of the account", required=False)
    street = forms.CharField(max_length=200, required=False, widget=forms.TextInput(attrs=_TEXT))
    street_2 = forms.CharField(
        label="Building, floor or suite", max_length=200, required=False, widget=forms.TextInput(attrs=_TEXT)
    )
    city = forms.CharField(max_length=100, required=False, widget=forms.TextInput(attrs=_TEXT))
    state = forms.CharField(
        max_length=100,
        required=False,
        help_text="Spelled as the losing carrier spells it: CA or California.",
        widget=forms.TextInput(attrs=_TEXT),
    )
    zip = forms.CharField(
        label="ZIP code", max_length=20, required=False, widget=forms.TextInput(attrs=_TEXT)
    )
    on_the_bill = forms.MultipleChoiceField(
        label="What does the bill show exactly as it was typed?",
        required=False,
        choices=[(name, f"{words.capitalize()} matches") for name, words in ON_THE_BILL.items()],
        widget=forms.CheckboxSelectMultiple,
        help_text="Most rejections come from a name, an account number or an address that differs. What is "
        "not ticked is marked, and can be filed all the same.",
    )

    def __init__(
        self, draft: PortInDraft, *args: Any, addresses: Sequence[tuple[str, str]] = (), **kwargs: Any
    ) -> None:
        super().__init__(draft, *args, **kwargs)
        held = draft.said
        names = (*CUSTOMER, *REPRESENTATIVE, *ADDRESS, *KATAKANA, "address_sid")
        self.initial.update({name: held.get(name) for name in names})
        self.initial["on_the_bill"] = held.get("matches") or []
        if not held.get("account_telephone_number"):
            self.initial["account_telephone_number"] = spaced(draft.numbers[0])
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
        self.fields["customer_type"].template_name = _WIDGET  # type: ignore[attr-defined]
        if draft.country == "JP":
            self._ask_for_japan()
        self._ask_for_pins()

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
            self.fields[name] = forms.CharField(label=label, max_length=200, required=False)
        self.fields["portability_advance_carrier"] = forms.CharField(
            label="Donor carrier",
            max_length=60,
            help_text="Twilio's identifier of the carrier service that the lines are ported from.",
            error_messages={"required": "Enter the donor carrier"},
        )
        self.fields["auto_cancel_approval_numbers"] = forms.IntegerField(
            label="Lines that the donor carrier terminates",
            required=False,
            min_value=0,
            max_value=count,
            help_text=f"0ABJ numbers of the group that are not ported, up to {count:,}. 0 terminates none.",
            error_messages={"max_value": f"These must be {count:,} or fewer", "min_value": "Enter 0 or more"},
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
                widget=forms.Textarea(attrs={"rows": 8, **_TEXT}),
            )
            return
        for index, number in enumerate(numbers):
            is_given = number in given
            self.fields[f"{PIN}{index}"] = forms.CharField(
                label=f"PIN of {spaced(number)}",
                required=not is_given,
                max_length=20,
                help_text="Given. Leave it empty to keep it." if is_given else "",
                widget=forms.TextInput(attrs={"inputmode": "numeric", **_TEXT}),
                error_messages={"required": f"Enter the PIN of {spaced(number)}"},
            )
            self.fields[f"{PIN}{index}"].is_optional = False  # type: ignore[attr-defined]

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
            for name, words in (
                ("street", "street"),
                ("city", "city"),
                ("state", "state"),
                ("zip", "ZIP code"),
            ):
                if not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, f"Enter the {words}")
        return cleaned

    def answers(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        found: dict[str, Any] = {
            name: cleaned[name] or None
            for name in (*CUSTOMER, *REPRESENTATIVE, *KATAKANA, "portability_advance_carrier")
            if name in cleaned
        }
        if (lines := cleaned.get("auto_cancel_approval_numbers")) is not None:
            found["auto_cancel_approval_numbers"] = str(lines)
        found["address_sid"] = cleaned.get("address_sid") or None
        typed = {name: cleaned.get(name) or None for name in ADDRESS if name != "country"}
        found |= dict.fromkeys(ADDRESS) if found["address_sid"] else {**typed, "country": self.draft.country}
        if pins := self._pins():
            found["pins"] = {**(self.draft.said.get("pins") or {}), **pins}
        found["matches"] = cleaned.get("on_the_bill", [])
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


class TimeOfDayField(forms.TimeField):
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, error_messages={"invalid": "Enter a time like 09:30"}, **kwargs)


class WhenForm(TaskForm):
    """When the numbers are to be ported, and who hears of it."""

    target_date = DayField(what="The target date", earliest=None, latest=None, label="Target date")
    window_start = TimeOfDayField(label="Not before")
    window_end = TimeOfDayField(label="Not after")
    time_zone = forms.ChoiceField(label="Time zone", required=False)
    notification_emails = LinesField(
        label="Notification e-mails",
        required=False,
        help_text="One a line. They get a copy of the signed letter, and Twilio's ticket about the request.",
        widget=forms.Textarea(attrs={"rows": 3, **_TEXT}),
    )
    bundle_sid = forms.ChoiceField(label="Regulatory bundle", required=False)

    def __init__(
        self,
        draft: PortInDraft,
        *args: Any,
        today: date,
        proposed: date,
        zones: Sequence[tuple[str, str]],
        bundles: Sequence[tuple[str, str]],
        email: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(draft, *args, **kwargs)
        held, day = draft.said, self.fields["target_date"]
        assert isinstance(day, DayField)
        day.earliest = earliest_date(draft.country, today)
        day.help_text = (
            f"{said(day.earliest)} or later: Twilio asks for {(day.earliest - today).days} days. The losing "
            "carrier has the last word on it."
        )
        day.template_name = _WIDGET  # type: ignore[attr-defined]
        day.error_messages["required"] = "Enter the target date"
        zone, bundle = self.fields["time_zone"], self.fields["bundle_sid"]
        assert isinstance(zone, forms.ChoiceField)
        assert isinstance(bundle, forms.ChoiceField)
        zone.choices = list(zones)
        bundle.choices = [("", "None"), *bundles]
        bundle.help_text = (
            f"Approved bundles of the account for {country_name(draft.country)}. Most ports need none."
        )
        if not bundles:
            del self.fields["bundle_sid"]
        self.initial.update(
            {
                "target_date": held.get("target_date") or proposed.isoformat(),
                "window_start": held.get("window_start"),
                "window_end": held.get("window_end"),
                "time_zone": held.get("time_zone") or (zones[0][0] if zones else ""),
                "notification_emails": held.get("notification_emails", [email]),
                "bundle_sid": held.get("bundle_sid"),
            }
        )

    def clean_notification_emails(self) -> list[str]:
        emails: list[str] = self.cleaned_data["notification_emails"]
        for email in emails:
            EmailField(f"“{email}” is no e-mail address like name@example.com").clean(email)
        return emails

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        start, end = cleaned.get("window_start"), cleaned.get("window_end")
        if start and end and start >= end:
            self.add_error("window_end", "Not after must be later than not before")
        return cleaned

    def answers(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        found: dict[str, Any] = {
            name: cleaned[name] or None
            for name in ("target_date", "time_zone", "bundle_sid")
            if name in cleaned
        }
        for name in ("window_start", "window_end"):
            if name in cleaned:
                moment: time | None = cleaned[name]
                found[name] = f"{moment:%H:%M}" if moment else None
        if "notification_emails" in cleaned:
            found["notification_emails"] = cleaned["notification_emails"]
        return found


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


def labels_of(form: forms.Form) -> Mapping[str, str]:
    return {
        name: str(field.label or name.replace("_", " ").capitalize()) for name, field in form.fields.items()
    }
