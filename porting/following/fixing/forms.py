from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms

from compliance.guided.fields import DayField, EmailField, said
from portal.forms import PortalForm
from portal.numbering import MOBILE, spaced
from porting.drafting.progress import ON_THE_BILL
from porting.following.fixing.groups import Group
from porting.following.fixing.labels import LABELS
from porting.portin.dates import BILL_DAYS, earliest_date, oldest_bill
from porting.rejections import ADDRESS, Way

_TEXT = {"autocomplete": "off", "spellcheck": "false"}
_DAY = "compliance/guided/_field.html"
# So many PINs are asked for here; those of more numbers are given in the draft.
MOST_PINS = 40
_PIN = "pin-"


class FixForm(PortalForm):
    """Which rejected numbers are filed again, and what is corrected. What is left empty stays as it was.

    `filed` is what the request was filed with. What a draft has `held` since is there to be changed where it
    `may_show`, and emptied it is as it was filed. A PIN is never shown: left empty, the one given stays.
    """

    def __init__(
        self,
        *args: Any,
        groups: Sequence[Group],
        country: str,
        old_date: date | None,
        proposed: date,
        today: date,
        has_note: bool,
        filed: Mapping[str, Any],
        held: Mapping[str, Any] | None = None,
        held_numbers: Sequence[str] = (),
        may_show: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.groups, self.old_date, self.has_note = groups, old_date, has_note
        self._filed, self._held = filed, held or {}
        self._may_show = may_show
        self._pins = self._held.get("pins") or {}
        for group in groups:
            if group.can_be_filed:
                self._ask_about(group)
        self.fields["target_date"] = DayField(
            what="The target date", earliest=earliest_date(country, today), latest=None, label="Target date"
        )
        self.fields["bill_date"] = DayField(
            what="The date of the bill", earliest=oldest_bill(today), latest=today, label="Date of the bill",
            required=False,
        )  # fmt: skip
        self.fields["compared"] = forms.BooleanField(
            label="The bill shows name, account number and address exactly as they are now",
            required=False,
        )
        self._explain(today, country)
        self.initial["target_date"] = proposed.isoformat()
        if held is not None:
            self._fill_in(held, held_numbers, earliest_date(country, today))

    def chosen(self) -> list[Group]:
        """The groups that are filed again."""
        return [group for group in self.groups if self.cleaned_data.get(f"again_{group.code}")]

    def corrections(self) -> dict[str, Any]:
        """What was given, by the names of a draft's values."""
        cleaned = self.cleaned_data
        names = {name for group in self.chosen() for name in group.fix.fields}
        found = {
            name: cleaned.get(name) or self._filed.get(name)
            for name in names
            if name in cleaned and (cleaned[name] or name in self.initial)
        }
        if self._held.get("address_sid") and any(found.get(name) for name in ADDRESS):
            # What is typed here goes in the place of the address that was chosen in the draft.
            found |= {name: cleaned.get(name) or self._filed.get(name) for name in ADDRESS}
            found["address_sid"] = None
        pins = {
            number.phone_number: cleaned[_PIN + number.pk]
            for group in self.chosen()
            for number in group.numbers
            if cleaned.get(_PIN + number.pk)
        }
        if pins:
            found["pins"] = pins
        found["target_date"] = cleaned["target_date"]
        if cleaned.get("bill_date"):
            found["bill_date"] = cleaned["bill_date"]
        if cleaned.get("compared"):
            found["matches"] = list(ON_THE_BILL)
        return found

    def fields_of(self, group: Group) -> list[forms.BoundField]:
        """What a group asks for, in the order of the page; each value is asked for once."""
        first: dict[str, int] = {}
        for one in self.groups:
            for name in one.fix.fields:
                first.setdefault(name, one.code)
        names = [name for name in group.fix.fields if name in self.fields and first[name] == group.code]
        pins = [_PIN + number.pk for number in group.numbers if _PIN + number.pk in self.fields]
        return [self[name] for name in [*names, *pins] if name != "target_date"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        chosen = [group for group in self.groups if cleaned.get(f"again_{group.code}")]
        if not chosen and not self.errors:
            self.add_error(None, "Tick the numbers that are to be filed again")
        for group in chosen:
            if group.needs_note and not self.has_note:
                self.add_error(
                    f"again_{group.code}", "Note on the request what support has answered, then tick this"
                )
            if group.fix.way == Way.CORRECT:
                self._check_corrected(group, cleaned)
        return cleaned

    def _check_corrected(self, group: Group, cleaned: dict[str, Any]) -> None:
        """Twilio and the carrier reject the same values again, so something has to be another."""
        asked = [field.name for field in self.fields_of(group)]
        if group.fix.fields == ("target_date",):
            if self.old_date and cleaned.get("target_date") == self.old_date.isoformat():
                self.add_error("target_date", "Choose another date: the losing carrier rejected this one")
        elif asked and not any(self._is_given(name, cleaned) for name in asked) and not self.errors:
            self.add_error(asked[0], f"Correct what {group.code} is about: the same is rejected again")

    def _is_given(self, name: str, cleaned: Mapping[str, Any]) -> bool:
        """Whether something is corrected, here or in the draft where it is not shown."""
        if cleaned.get(name):
            return True
        if name in LABELS:
            return not self._may_show and self._is_other(name)
        numbers = {_PIN + one.pk: one.phone_number for group in self.groups for one in group.numbers}
        return numbers.get(name) in self._pins

    def _is_other(self, name: str) -> bool:
        return bool(self._held.get(name)) and self._held[name] != self._filed.get(name)

    def _fill_in(self, held: Mapping[str, Any], numbers: Sequence[str], earliest: date) -> None:
        """As the draft has it: what was ticked, and what is another than what was filed."""
        for group in self.groups:
            if group.can_be_filed:
                self.initial[f"again_{group.code}"] = any(
                    one.phone_number in numbers for one in group.numbers
                )
        for name in self.fields:
            if name in LABELS and self._may_show and self._is_other(name):
                self.initial[name] = held[name]
        if str(held.get("target_date") or "") >= earliest.isoformat():
            self.initial["target_date"] = held["target_date"]
        self.initial["bill_date"] = held.get("bill_date")
        self.initial["compared"] = set(held.get("matches") or ()) == set(ON_THE_BILL)

    def _ask_about(self, group: Group) -> None:
        words = f"File {'this number' if len(group.numbers) == 1 else 'these numbers'} again"
        self.fields[f"again_{group.code}"] = forms.BooleanField(
            label=f"{group.fix.done}. {words}" if group.fix.done else words,
            required=False,
            initial=group.fix.way == Way.CORRECT,
        )
        for name in group.fix.fields:
            if name not in self.fields and name not in ("pins", "target_date"):
                self.fields[name] = _field(name)
        wants = "pins" in group.fix.fields
        asked = [one for one in group.numbers if wants or one.number_type == MOBILE]
        if len(asked) <= MOST_PINS:
            for number in asked:
                self.fields[_PIN + number.pk] = forms.CharField(
                    label=f"PIN of {spaced(number.phone_number)}",
                    required=False,
                    max_length=20,
                    help_text="Given already. Empty, it stays." if number.phone_number in self._pins else "",
                    widget=forms.TextInput(attrs=_TEXT),
                )

    def _explain(self, today: date, country: str) -> None:
        earliest = earliest_date(country, today)
        for name in ("target_date", "bill_date"):
            self.fields[name].template_name = _DAY  # type: ignore[attr-defined]
        self.fields["target_date"].error_messages["required"] = "Enter the target date"
        self.fields["target_date"].help_text = f"{said(earliest)} or later."
        self.fields["bill_date"].help_text = (
            f"Of the bill that Twilio has, {said(oldest_bill(today))} or later. Older than {BILL_DAYS} days: "
            "leave it empty, and select a new bill in the draft."
        )


def _field(name: str) -> forms.Field:
    match name:
        case "customer_type":
            return forms.ChoiceField(
                label=LABELS[name],
                required=False,
                choices=[("", "As it was"), ("Business", "Business"), ("Individual", "Individual")],
            )
        case "authorized_representative_email":
            return EmailField(
                "Enter an e-mail address like name@example.com",
                label=LABELS[name],
                required=False,
                widget=forms.TextInput(attrs={"inputmode": "email", **_TEXT}),
            )
    return forms.CharField(
        label=LABELS[name], required=False, max_length=200, widget=forms.TextInput(attrs=_TEXT)
    )
