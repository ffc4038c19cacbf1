"""What the customer is told of numbers that were filed again: a text to begin with, and its note."""

from collections.abc import Sequence
from typing import Any

from django import forms

from compliance.guided.fields import said
from portal.forms import PortalForm
from portal.models import Note
from portal.numbering import spaced
from portal.reveal.reveals import mask_address
from porting.following.fixing.labels import LABELS
from porting.following.telling.addresses import known_addresses
from porting.models import PortInNumber, PortInRequest
from porting.rejections import fix_of

_MOST_NUMBERS = 10


class CorrectionForm(PortalForm):
    """A note for the customer, mailed only where that is ticked; the tick names the addresses."""

    body = forms.CharField(
        label="Note for the customer", max_length=4000, widget=forms.Textarea(attrs={"rows": 9})
    )
    send = forms.BooleanField(required=False)

    def __init__(self, *args: Any, addresses: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if addresses:
            self.fields["send"].label = f"E-mail it to {_listed([mask_address(one) for one in addresses])}"
        else:
            del self.fields["send"]


def correction_form(old: PortInRequest, new: PortInRequest, data: Any = None) -> CorrectionForm:
    return CorrectionForm(data, addresses=known_addresses(new), initial={"body": text_of(old, new)})


def note_of(old: PortInRequest, new: PortInRequest) -> Note | None:
    """What the customer was told already, or is to be told."""
    notes = Note.objects.filter(target=new.pk, also_on=old.pk, audience=Note.Audience.CUSTOMER)
    return notes.select_related("author", "mail__sender").first()


def text_of(old: PortInRequest, new: PortInRequest) -> str:
    """What was rejected, what was corrected and when the port is wanted now: nothing personal but numbers."""
    numbers = list(new.numbers.order_by("phone_number").values_list("phone_number", flat=True))
    rejected = PortInNumber.objects.filter(request=old, phone_number__in=numbers)
    codes = set(rejected.exclude(rejection_code=None).values_list("rejection_code", flat=True))
    reasons = [_in_a_sentence(name) for code in sorted(codes) if (name := fix_of(code).name)]
    corrected = _corrected(old, new)
    one = len(numbers) == 1
    it = "It is" if one else "They are"
    filed = new.remote_created_at or new.first_seen_at
    sentences = [
        f"Your present carrier rejected {_named(numbers)}{': ' + _listed(reasons) if reasons else ''}.",
        f"We corrected {_listed(corrected)}." if corrected else "What was needed has been done.",
        f"We filed the number{'' if one else 's'} again on {said(filed.date())}.",
    ]
    if new.target_date:
        sentences.append(
            f"{it} now to move on {said(new.target_date)}; your carrier has the last word on the date."
        )
    rest = (
        "The authorized representative gets a new letter of authorization by e-mail. Nothing moves before it "
        "is signed.\n\n"
        f"Keep the service at your present carrier until the number{' has' if one else 's have'} moved."
    )
    return f"{' '.join(sentences)}\n\n{rest}"


def _corrected(old: PortInRequest, new: PortInRequest) -> list[str]:
    before, after = _flat(old), _flat(new)
    words = [label for name, label in LABELS.items() if after.get(name) and after[name] != before.get(name)]
    found = [f"the {_in_a_sentence(word)}" for word in words]
    if new.target_date != old.target_date and not found:
        found.append("the target date")
    return found


def _flat(request: PortInRequest) -> dict[str, Any]:
    address = request.carrier.get("address")
    return {**request.carrier, **(address if isinstance(address, dict) else {})}


def _named(numbers: Sequence[str]) -> str:
    shown = [spaced(number) for number in numbers[:_MOST_NUMBERS]]
    if more := len(numbers) - len(shown):
        shown.append(f"{more:,} more")
    return _listed(shown)


def _in_a_sentence(words: str) -> str:
    """`Invalid PIN` as `invalid PIN`, `ZIP code` as it is."""
    return words if words[:2].isupper() else words[:1].lower() + words[1:]


def _listed(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)
