"""Checking whether numbers can be ported, up to a thousand in a batch, and the requests that follow."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from inventory.files.report import as_json
from portal.batches import asking
from portal.batches.runner import Outcome
from portal.models import Batch, BatchItem, TwilioAccount, User
from portal.numbering import country_of, normal_type
from portal.secrets import fingerprint
from porting.checking.lookups import check_number
from porting.checking.results import checked_of, mark_of, plan_of
from porting.hosting.eligibility.intake import Intake
from porting.models import NumberCheck, PortInDraft
from porting.portin.drafts import create_draft
from porting.portin.splitter import By, split

CHECK_NUMBERS = "porting.check_numbers"
# The same list sent again within this time is a double click.
_SAME_WITHIN = timedelta(minutes=1)


def start_check(
    *, account: TwilioAccount, intake: Intake, carriers: Mapping[str, str], author: User
) -> Batch:
    """Ask Twilio about these numbers, in the background. Sent twice, it is one check.

    `carriers` are the losing carriers that a list names, by number. The batch keeps which lines were not
    used.
    """
    numbers = list(intake.lines)
    mark = fingerprint(CHECK_NUMBERS, account.pk, *numbers)
    twin = Batch.objects.filter(
        kind=CHECK_NUMBERS, author=author, detail__mark=mark, created_at__gt=Now() - _SAME_WITHIN
    ).first()
    if twin:
        return twin
    batch = asking.draft(
        CHECK_NUMBERS,
        author=author,
        draft_view="porting:check-detail",
        items=[
            asking.Frozen(account.pk, number, number, detail={"carrier": carriers.get(number, "")})
            for number in numbers
        ],
        detail={"mark": mark, "report": as_json(intake.problems)},
    )
    asking.confirm(batch, actor=author)
    return batch


def carry_out_check(item: BatchItem) -> Outcome:
    """Ask about one number, and keep the answer. Asked again, the newer answer stands."""
    account = TwilioAccount.objects.get(pk=item.account_id)
    told = check_number(account, item.name)
    NumberCheck.objects.update_or_create(
        item=item,
        defaults={
            "portable": told.portable,
            "needs_pin": told.needs_pin_and_account,
            "code": told.code,
            "reason": told.reason[:255],
            "number_type": normal_type(told.number_type)[:30],
            "country": told.country[:2].upper() or country_of(item.name),
            "holder_sid": told.account_sid[:34],
            "checked_at": Now(),
        },
    )
    return Outcome(words="Portable" if told.portable else f"Not portable: {told.reason or told.code}")


def prepare_drafts(
    *, batch: Batch, by: Sequence[By], wanted: Collection[str], left_out: Collection[str], actor: User
) -> list[PortInDraft]:
    """A draft for each request that is wanted, by its mark or "all", without the numbers that are left out.

    What is begun already is not begun again: sent twice, this leads to the drafts of the first time.
    """
    account = TwilioAccount.objects.get(pk=batch.account_sids[0])
    with transaction.atomic():
        Batch.objects.select_for_update().get(pk=batch.pk)
        begun, plan = plan_of(batch, by)
        drafts = [
            create_draft(
                account=account,
                numbers=[number for number in proposal.numbers if number not in left_out],
                pin_numbers=proposal.pin_numbers,
                values={},
                actor=actor,
                country=proposal.country,
                number_type=proposal.number_type,
                carrier=proposal.carrier[:100],
            )
            for proposal in plan.proposals
            if ("all" in wanted or mark_of(proposal) in wanted) and set(proposal.numbers) - set(left_out)
        ]
    if drafts:
        return drafts
    meant = {
        number
        for proposal in split(checked_of(batch), by=by).proposals
        if "all" in wanted or mark_of(proposal) in wanted
        for number in proposal.numbers
    }
    return [draft for draft in begun if not meant.isdisjoint(draft.numbers)]
