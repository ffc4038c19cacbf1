"""Filing rejected numbers again: a new request prepared from the old one, and the old numbers canceled."""

from collections.abc import Mapping, Sequence
from typing import Any

from portal.models import Batch, User
from porting.following.actions import cancel_numbers
from porting.following.fixing.groups import REJECTED
from porting.models import PortInDraft, PortInNumber, PortInRequest
from porting.portin.drafts import create_draft, delete_draft, values_of_request


def prepare_again(
    *,
    request: PortInRequest,
    numbers: Sequence[PortInNumber],
    corrections: Mapping[str, Any],
    actor: User,
) -> PortInDraft:
    """A draft with what the request was filed with and what was corrected. Nothing is canceled yet.

    Who comes back to correct something else gets one draft, the newest.
    """
    phone_numbers = [number.phone_number for number in numbers]
    known = values_of_request(request)
    known.setdefault("notification_emails", [])
    values = {**known, **corrections}
    held = PortInDraft.objects.open().filter(replaces=request.pk, created_by=actor).first()
    if held:
        delete_draft(draft=held)
    return create_draft(
        account=request.account, numbers=phone_numbers, values=values, actor=actor, replaces=request.pk
    )


def cancel_replaced(*, request: PortInRequest, draft: PortInDraft, actor: User) -> Batch | None:
    """Cancel in the old request what the draft files again; None when there is nothing left to cancel."""
    numbers = numbers_to_cancel(request, draft)
    if not numbers:
        return None
    return cancel_numbers(numbers=numbers, actor=actor, reason="Filed again with what was corrected")


def numbers_to_cancel(request: PortInRequest, draft: PortInDraft) -> list[PortInNumber]:
    rows = PortInNumber.objects.filter(request=request, phone_number__in=draft.numbers, status=REJECTED)
    return list(rows.defer("payload"))
