"""Pages of a draft, what they have in common, and two of them: the bill, and when it is to happen."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.forms.utils import ErrorDict
from django.http import QueryDict

from compliance.guided.fields import DayField, EmailField, LinesField, said
from portal import files
from portal.forms import PortalForm
from portal.models import Purpose, StoredFile
from portal.numbering import country_name
from portal.secrets import CannotDecrypt
from portal.uploads.check import CheckedFile
from portal.uploads.fields import CheckedFileField
from porting.models import PortInDraft
from porting.portin.dates import BILL_DAYS, earliest_date, oldest_bill

PIN = "pin-"
EMAIL = "Enter an e-mail address like name@example.com"
PLAIN = {"autocomplete": "off", "spellcheck": "false"}
_NOT_TYPED = frozenset({"csrfmiddlewaretoken", "version", "later", "pins"})
WIDGET = "compliance/guided/_field.html"


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
        """The values that are good, by their names in the draft; None for one that was left empty.

        As they were typed, where a page does not keep them in another way.
        """
        return {name: value or None for name, value in self.cleaned_data.items() if name not in _NOT_TYPED}


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
        day.template_name = WIDGET  # type: ignore[attr-defined]
        day.error_messages["required"] = "Enter the date of the bill"
        self.initial["bill_date"] = draft.said.get("bill_date")

    @property
    def file(self) -> CheckedFile | None:
        found = self.cleaned_data.get("bill")
        return found if isinstance(found, CheckedFile) else None

    def answers(self) -> dict[str, Any]:
        found = {"bill_date": self.cleaned_data["bill_date"]} if self.cleaned_data.get("bill_date") else {}
        if self.file and self.file.stored_id != str(self.draft.bill_id):
            found["matches"] = None  # that was another bill
        return found


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
        widget=forms.Textarea(attrs={"rows": 3, **PLAIN}),
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
        day.template_name = WIDGET  # type: ignore[attr-defined]
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
        found = super().answers()
        for name in ("window_start", "window_end"):
            if moment := self.cleaned_data.get(name):
                found[name] = f"{moment:%H:%M}"
        if "notification_emails" in self.cleaned_data:
            found["notification_emails"] = self.cleaned_data["notification_emails"]  # nobody is an answer
        return found


def labels_of(form: forms.Form) -> Mapping[str, str]:
    return {
        name: str(field.label or name.replace("_", " ").capitalize()) for name, field in form.fields.items()
    }
