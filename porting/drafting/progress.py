"""How far a draft is: its tasks, what each still lacks, and whether it can be filed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django.urls import reverse
from django.utils import timezone

from compliance.guided.draft import State, Task
from compliance.guided.fields import said
from compliance.guided.inputs import Problem
from porting.models import PortInDraft
from porting.portin.dates import earliest_date, oldest_bill

# The pages, and the tasks that are done on each
BILL, DETAILS, WHEN = "bill", "details", "when"
CUSTOMER, REPRESENTATIVE, ADDRESS, PINS, MATCH, DATE, MAILS = (
    "customer", "representative", "address", "pins", "match", "date", "mails",
)  # fmt: skip
# What can be compared with the bill (L10): name in `matches`, and what it is called
ON_THE_BILL = {
    "customer_name": "customer name",
    "account_number": "account number",
    "address": "address",
}


@dataclass(frozen=True, slots=True)
class Gap:
    """Something a request cannot be filed without. `is_wrong`: it was there, and is no good any more.

    `is_refused`: so Twilio said, the last time.
    """

    task: str
    field: str
    words: str
    is_wrong: bool = False
    is_refused: bool = False


_NAMES = {
    BILL: "Utility bill",
    CUSTOMER: "Customer at the losing carrier",
    REPRESENTATIVE: "Authorized representative",
    ADDRESS: "Address",
    PINS: "PINs",
    MATCH: "Compare with the bill",
    DATE: "Target date and window",
    MAILS: "Notification e-mails",
}
_PAGES = {
    BILL: BILL,
    CUSTOMER: DETAILS,
    REPRESENTATIVE: DETAILS,
    ADDRESS: DETAILS,
    PINS: DETAILS,
    MATCH: DETAILS,
    DATE: WHEN,
    MAILS: WHEN,
}
_FIELDS = {
    BILL: ("bill_date",),
    CUSTOMER: ("customer_type", "customer_name", "account_number", "portability_advance_carrier"),
    REPRESENTATIVE: ("authorized_representative", "authorized_representative_email"),
    ADDRESS: ("address_sid", "street", "city", "state", "zip"),
    PINS: ("pins",),
    MATCH: ("matches",),
    DATE: ("target_date",),
    MAILS: ("notification_emails",),
}


@dataclass
class Progress:
    draft: PortInDraft
    today: date

    @cached_property
    def gaps(self) -> list[Gap]:
        """Everything that is missing or no good, what Twilio said of it first."""
        return [*self._refused(), *self._bill(), *self._details(), *self._when()]

    @property
    def is_ready(self) -> bool:
        return not self.gaps

    @property
    def may_be_filed(self) -> bool:
        """Whether Twilio can be asked. What it refused may be tried once more as it is."""
        return all(gap.is_refused for gap in self.gaps)

    @property
    def problems(self) -> list[Problem]:
        return [Problem(gap.words, self._place_of(gap), gap.task) for gap in self.gaps if gap.is_wrong]

    def _place_of(self, gap: Gap) -> str:
        """The very input where a gap is closed; the numbers have a page of their own."""
        if gap.field == "numbers":
            return self.page_url("numbers")
        return f"{self.page_url(_PAGES[gap.task])}?check#id_{gap.field}"

    @cached_property
    def tasks(self) -> list[Task]:
        keys = [key for key in _NAMES if key != PINS or self.draft.pin_numbers]
        return [*(self._task(key) for key in keys), self._last()]

    @property
    def done(self) -> int:
        return sum(task.state == State.COMPLETED for task in self.tasks[:-1])

    @property
    def next_url(self) -> str:
        """Where to go on: the first page with something to do, or the answers."""
        return self.page_url(_PAGES[self.gaps[0].task]) if self.gaps else self.page_url("check")

    def page_url(self, name: str) -> str:
        return reverse(f"porting:draft-{name}", args=[self.draft.pk])

    @property
    def mismatches(self) -> list[str]:
        """What somebody looked for on the bill and did not find as it was typed."""
        matches = self.draft.said.get("matches")
        if matches is None:
            return []
        return [words for name, words in ON_THE_BILL.items() if name not in matches]

    def _task(self, key: str) -> Task:
        gaps = [gap for gap in self.gaps if gap.task == key]
        said_of = self.draft.said
        is_begun = any(said_of.get(name) for name in _FIELDS[key]) or _PAGES[key] in said_of.get("typed", {})
        if any(gap.is_wrong for gap in gaps):
            state = State.PROBLEM
        elif not gaps:
            state = State.COMPLETED
        else:
            state = State.IN_PROGRESS if is_begun else State.NOT_STARTED
        url = self.page_url(_PAGES[key]) + ("" if _PAGES[key] == key else f"#{key}")
        return Task(key, _NAMES[key], url, state, self._hint(key))

    def _last(self) -> Task:
        state = State.NOT_STARTED if self.is_ready else State.CANNOT_START
        return Task("check", "Check the answers and file", self.page_url("check"), state)

    def _hint(self, key: str) -> str:
        draft = self.draft
        match key:
            case "bill" if draft.bill_id and not draft.document_sid:
                return "Kept here, and not at Twilio yet"
            case "pins":
                pins = draft.said.get("pins") or {}
                return (
                    f"{sum(number in pins for number in draft.pin_numbers)} of {len(draft.pin_numbers)} given"
                )
            case "match" if self.mismatches:
                return f"The bill says otherwise: {', '.join(self.mismatches)}"
            case "date" if day := draft.said.get("target_date"):
                return said(date.fromisoformat(day))
        return ""

    def _refused(self) -> Iterator[Gap]:
        for name, words in (self.draft.refusals or {}).items():
            task = next((key for key, names in _TASK_OF.items() if name in names), DATE)
            yield Gap(task, name, f"Twilio: {words}", is_wrong=True, is_refused=True)

    def _bill(self) -> Iterator[Gap]:
        draft = self.draft
        if not (draft.bill_id or draft.document_sid):
            yield Gap(BILL, "bill", "Select the utility bill")
        dated = draft.said.get("bill_date")
        oldest = oldest_bill(self.today)
        if not dated:
            yield Gap(BILL, "bill_date", "Enter the date of the bill")
        elif date.fromisoformat(dated) < oldest:
            words = f"The bill is more than 30 days old: it must be of {said(oldest)} or later"
            yield Gap(BILL, "bill_date", words, is_wrong=True)

    def _details(self) -> Iterator[Gap]:
        draft, held = self.draft, self.draft.said
        wanted = {
            "customer_type": (CUSTOMER, "Choose business or individual"),
            "customer_name": (CUSTOMER, "Enter the customer name"),
            "account_telephone_number": (CUSTOMER, "Enter the account telephone number"),
            "authorized_representative": (REPRESENTATIVE, "Enter the authorized representative"),
            "authorized_representative_email": (REPRESENTATIVE, "Enter the representative's e-mail address"),
        }
        if needs_account_number(draft):
            wanted["account_number"] = (CUSTOMER, "Enter the account number")
        if draft.country == "JP":
            wanted["portability_advance_carrier"] = (CUSTOMER, "Enter the carrier service in Japan")
        if not held.get("address_sid"):
            for name in ("street", "city", "state", "zip"):
                wanted[name] = (ADDRESS, f"Enter the {address_words(draft)[name]}")
        for name, (task, words) in wanted.items():
            if not held.get(name):
                yield Gap(task, name, words)
        pins = held.get("pins") or {}
        missing = [number for number in draft.pin_numbers if not pins.get(number)]
        if missing:
            yield Gap(PINS, "pins", f"Enter the PIN of {len(missing):,} number{'s'[: len(missing) > 1]}")
        if held.get("matches") is None:
            yield Gap(MATCH, "on_bill-customer_name", "Compare what was typed with the bill")

    def _when(self) -> Iterator[Gap]:
        day = self.draft.said.get("target_date")
        earliest = earliest_date(self.draft.country, self.today)
        if not day:
            yield Gap(DATE, "target_date", "Enter the target date")
        elif date.fromisoformat(day) < earliest:
            words = f"The target date has come too near: it must be {said(earliest)} or later"
            yield Gap(DATE, "target_date", words, is_wrong=True)
        if "notification_emails" not in self.draft.said:
            yield Gap(MAILS, "notification_emails", "Say who is to be notified")


_TASK_OF = {
    BILL: ("bill", "bill_date"),
    CUSTOMER: (
        "customer_type", "customer_name", "account_number", "account_telephone_number", "katakana_name",
        "portability_advance_carrier", "auto_cancel_approval_numbers",
    ),
    REPRESENTATIVE: (
        "authorized_representative", "authorized_representative_email", "authorized_representative_katakana",
    ),
    ADDRESS: (
        "address_sid", "street", "street_2", "city", "state", "zip", "country", "sub_municipality",
        "building",
    ),
    PINS: ("pins",),
    DATE: ("target_date", "window_start", "window_end", "bundle_sid"),
    MAILS: ("notification_emails",),
}  # fmt: skip


def page_of(field: str) -> str:
    """The page on which a value is given."""
    task = next((key for key, names in _TASK_OF.items() if field in names), DATE)
    return _PAGES[task]


def address_words(draft: PortInDraft) -> dict[str, str]:
    """What the parts of an address are called in the country of the request."""
    region, code = ("prefecture", "postal code") if draft.country == "JP" else ("state", "ZIP code")
    return {"street": "street", "city": "city", "state": region, "zip": code}


def needs_account_number(draft: PortInDraft) -> bool:
    """It is mandatory for local numbers of the United States, and wherever a PIN is (pages 13 and 15)."""
    return draft.country == "US" or bool(draft.pin_numbers)


def read_progress(draft: PortInDraft) -> Progress:
    return Progress(draft, timezone.now().date())
