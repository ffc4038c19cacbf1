"""Filing rejected numbers again: a new request prepared from the old one, and the old numbers canceled.

Page 14 has the order: what was rejected is canceled, then filed with what was corrected. So nothing is filed
before every cancellation has arrived, and nothing is canceled for what cannot be filed.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from portal import operations
from portal.models import Operation, User
from portal.numbering import MOBILE
from portal.twilio.errors import TwilioFailure, Uncertain
from porting.drafting.actions import note_taken_over
from porting.following.actions import NotCancelable, TooLate, cancel_number, cancel_numbers
from porting.following.fixing.standing import standing_of
from porting.models import PortInDraft, PortInNumber, PortInRequest
from porting.portin.actions import begin_filing, check_may_file
from porting.portin.drafts import create_draft, save_draft, values_of_request
from porting.statuses import PORT_IN_LET_GO

# So many are canceled while somebody waits; more go to the workers first.
MOST_AT_ONCE = 5
INVALID_PIN = 22155
_REASON = "Filed again with what was corrected"


class NotCanceled(Exception):
    """Nothing was filed: a number of the old request was not canceled, or nobody knows. The words say why."""

    def __init__(self, number: PortInNumber, words: str, failure: TwilioFailure | None = None) -> None:
        super().__init__(words)
        self.number, self.failure = number, failure


class StillCanceling(Exception):
    """Numbers of the old request are being canceled, so nothing was filed yet."""


def held_draft(request: PortInRequest, actor: User) -> PortInDraft | None:
    """What this person has begun already to file numbers of the request again."""
    rows = PortInDraft.objects.open().filter(replaces=request.pk, created_by=actor)
    return rows.select_related("account", "bill", "saved_by").first()


def prepare_again(
    *,
    request: PortInRequest,
    numbers: Sequence[PortInNumber],
    corrections: Mapping[str, Any],
    actor: User,
) -> PortInDraft:
    """A draft with what the request was filed with and what was corrected. Nothing is canceled yet.

    What was filed is shown on the pages of the draft, so that is written down as a reveal.

    Who comes back to correct something else goes on with the same draft: what was typed there since, its bill
    and the numbers that are canceled already stay. Raises NotEditable while that one is being filed.
    """
    given = dict(corrections.get("pins") or {})
    with transaction.atomic():
        PortInRequest.objects.select_for_update().only("pk").get(pk=request.pk)  # a double press makes one
        held = held_draft(request, actor)
        kept = [one.phone_number for one in standing_of(request, held).gone] if held else []
        wanted = list(dict.fromkeys([*kept, *(number.phone_number for number in numbers)]))
        with_pin = {one.phone_number for one in numbers if wants_pin(one)} | set(given)
        if held is None:
            note_taken_over(request=request, actor=actor)
            known = values_of_request(request)
            known.setdefault("notification_emails", [])
            return create_draft(
                account=request.account, numbers=wanted, values={**known, **corrections}, actor=actor,
                replaces=request.pk, pin_numbers=with_pin,
            )  # fmt: skip
        pins = {**(held.said.get("pins") or {}), **given}
        with_pin |= set(held.pin_numbers)
        return save_draft(
            draft=held,
            values={**corrections, "pins": {one: pin for one, pin in pins.items() if one in wanted} or None},
            actor=actor,
            numbers=wanted,
            pin_numbers=[number for number in wanted if number in with_pin],
        )


def wants_pin(number: PortInNumber) -> bool:
    return number.number_type == MOBILE or number.rejection_code == INVALID_PIN


def cancel_and_file(
    *,
    request: PortInRequest,
    draft: PortInDraft,
    actor: User,
    form_key: UUID,
    reason: str = "",
    although_refused: bool = False,
) -> Operation:
    """Cancel in the old request what the draft files again, then have it filed. Each happens once.

    What an earlier press has done is not done again. With `although_refused`, numbers whose cancellation was
    refused before and is refused again are filed all the same. Raises NotCanceled and StillCanceling, when
    nothing is filed; and what `begin_filing` raises, before anything is canceled.
    """
    draft = check_may_file(draft, form_key)
    standing = standing_of(request, draft)
    if standing.under_way:
        raise StillCanceling
    left = standing.waiting
    if len(left) > MOST_AT_ONCE:
        left = [one for one in left if not (although_refused and one.pk in standing.refused)]
        if left:
            cancel_numbers(numbers=left, actor=actor, reason=_REASON)
            raise StillCanceling
    for number in left:
        try:
            _cancel(number, actor)
        except NotCanceled as stopped:
            is_known = number.pk in standing.refused and not isinstance(stopped.failure, Uncertain)
            if not (although_refused and is_known):
                raise
    return begin_filing(draft=draft, actor=actor, form_key=form_key, reason=reason)


def _cancel(number: PortInNumber, actor: User) -> None:
    try:
        cancel_number(number=number, actor=actor, reason=_REASON)
    except NotCancelable:
        number.refresh_from_db(fields=["status"])
        if number.status not in PORT_IN_LET_GO:
            raise NotCanceled(number, "It was ported, and cannot be canceled any more.") from None
    except TooLate as late:
        raise NotCanceled(number, str(late)) from None
    except operations.AlreadyUnderWay:
        raise StillCanceling from None
    except TwilioFailure as failure:
        raise NotCanceled(number, failure.words, failure) from failure
