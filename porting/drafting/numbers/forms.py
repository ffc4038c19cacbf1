from collections.abc import Iterable
from typing import Any

from django import forms

from inventory.files.spelling import pieces_of
from portal.forms import PortalForm
from portal.numbering import spaced
from porting.drafting.numbers.actions import MOST_AT_ONCE
from porting.hosting.eligibility.intake import take_in
from porting.models import PortInDraft

NEW = "new"


class AddForm(PortalForm):
    """A few numbers more. They are read as a list of numbers is, and every line has to be one."""

    numbers = forms.CharField(
        label="Numbers to add",
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Enter the numbers to add"},
    )

    def __init__(self, *args: Any, country: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country = country
        self.fields[
            "numbers"
        ].help_text = (
            f"Up to {MOST_AT_ONCE}, one in a line, in any format. Twilio is asked whether it ports them."
        )

    def clean_numbers(self) -> list[str]:
        intake = take_in(pieces_of(self.cleaned_data["numbers"]), self.country)
        if intake.problems:
            raise forms.ValidationError(
                [f"Line {one.line}, “{one.text[:40]}”: {one.sentence}" for one in intake.problems[:10]]
            )
        if len(intake.lines) > MOST_AT_ONCE:
            raise forms.ValidationError(
                f"These are {len(intake.lines):,} numbers. Add up to {MOST_AT_ONCE}, or check them as a list"
            )
        return list(intake.lines)


class MoveForm(PortalForm):
    """Ticked numbers, and the request they go to."""

    number = forms.MultipleChoiceField(
        required=False, error_messages={"invalid_choice": "%(value)s is not in this request any more"}
    )
    to = forms.ChoiceField(
        label="Request that gets them",
        required=False,
        error_messages={"invalid_choice": "This request is not being prepared any more. Choose another"},
    )

    def __init__(self, draft: PortInDraft, *args: Any, others: Iterable[PortInDraft], **kwargs: Any) -> None:
        """`others` are the requests that numbers may go to."""
        super().__init__(*args, **kwargs)
        self.others = {str(other.pk): other for other in others}
        number, to = self.fields["number"], self.fields["to"]
        assert isinstance(number, forms.MultipleChoiceField)
        assert isinstance(to, forms.ChoiceField)
        number.choices = [(one, one) for one in draft.numbers]
        new = [] if draft.replaces else [(NEW, "A new request with the same answers, without the bill")]
        to.choices = [
            ("", "Choose a request"),
            *new,
            *((key, _name(other)) for key, other in self.others.items()),
        ]

    def clean_number(self) -> list[str]:
        ticked: list[str] = self.cleaned_data["number"]
        if not ticked:
            raise forms.ValidationError("Tick the numbers first")
        return ticked

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.data.get("do") == "move" and not cleaned.get("to") and "to" not in self.errors:
            self.add_error("to", "Choose the request that gets them")
        return cleaned

    @property
    def target(self) -> PortInDraft | None:
        """None for a new request."""
        return self.others.get(self.cleaned_data["to"])


def _name(draft: PortInDraft) -> str:
    first = f"{spaced(draft.numbers[0])}{' and others' if len(draft.numbers) > 1 else ''}"
    return ": ".join(part for part in (draft.carrier, f"{draft}, {first}") if part)
