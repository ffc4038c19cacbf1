"""The emergency address of many numbers at once: one address for all, or none."""

from inventory.bulk.actions import chunks
from inventory.emergency.actions import set_emergency_address
from inventory.emergency.rules import PENDING, EmergencyRefused, why_not
from inventory.models import Address, PhoneNumber
from portal.batches.runner import Outcome, Refused
from portal.models import Batch, BatchItem


def plan_emergency(batch: Batch, address: Address | None) -> None:
    """Write down which address the numbers of a draft get, and leave out those that cannot have it."""
    batch.detail = {
        "address": address.pk if address else "",
        "lines": [["Emergency address", str(address) if address else "none"]],
    }
    batch.save(update_fields=["detail"])
    for items in chunks(batch.items.all()):
        numbers = PhoneNumber.objects.select_related("account").filter(pk__in=[item.target for item in items])
        by_sid = {number.pk: number for number in numbers}
        for item in items:
            stop = _stop(by_sid[item.target], address)
            item.state = BatchItem.State.LEFT_OUT if stop else BatchItem.State.WAITING
            item.words, item.detail = stop, {"possible": not stop}
        BatchItem.objects.bulk_update(items, ["detail", "state", "words"])


def _stop(number: PhoneNumber, address: Address | None) -> str:
    if address:
        if number.emergency_address_id == address.pk:
            return "It has this address already."
        return why_not(number, address)
    if number.missing_since:
        return "Twilio does not list it any more."
    if not number.emergency_address_id:
        return "It has no emergency address."
    if number.emergency_address_status in PENDING:
        return "Its registration is still under way."
    return ""


def carry_out_emergency(item: BatchItem) -> Outcome:
    """Give one number the address, or take its address away."""
    number = PhoneNumber.objects.select_related("account").get(pk=item.target)
    sid = item.batch.detail["address"]
    try:
        operation = set_emergency_address(
            number=number,
            wanted=Address.objects.get(pk=sid) if sid else None,
            actor=item.batch.author,
            form_key=item.key,
            reason=item.batch.reason,
        )
    except EmergencyRefused as refusal:
        raise Refused(str(refusal)) from refusal
    return Outcome(operation, words="" if operation else "Twilio already had it so.")
