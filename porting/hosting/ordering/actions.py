"""Ordering the hosting of many numbers: one batch, one order and one operation for each, and none of them
twice.

Twilio knows no idempotency for orders. An operation's target is the number in its account until there is an
order, a lost answer is looked for in Twilio's list of that number's orders, and a number with an order that
is not over is not ordered again.

Twilio's own bulk request (Orders/Bulk) is not used for this. No page says what it wants to be told, and as
Twilio lists no such requests, one whose answer was lost could neither be found nor safely sent again. Those
that somebody else started are read (hosting.bulk).
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from portal import operations
from portal.batches import asking
from portal.batches.asking import Frozen
from portal.batches.runner import Outcome, Refused
from portal.creation import create_once, settle_creation
from portal.models import Batch, BatchItem, Operation, TwilioAccount, User
from portal.secrets import fingerprint
from portal.twilio.errors import TwilioFailure
from portal.twilio.patience import IN_A_TASK
from portal.urls_from_staff import fault_of_url
from portal.webhooks.intake import callback_url
from porting.hosting import gateway, sync
from porting.hosting.eligibility.next_steps import ORDER_STEP
from porting.models import EligibilityCheck, HostedOrder, OrderTerms
from porting.privacy import keepable

ORDER_NUMBERS = "porting.order_numbers"  # the batch
CREATE_ORDER = "porting.create_hosted_order"
# Orders of these statuses keep nobody from ordering the number anew (page 8).
_GIVEN_UP = ("failed",)


def orderable(check: EligibilityCheck, eligible: Sequence[str]) -> list[str]:
    """Those of a check's eligible numbers that have no order yet and are in no batch that is under way."""
    taken = _taken(check.account, eligible)
    return [number for number in eligible if number not in taken]


def _taken(account: TwilioAccount, numbers: Sequence[str]) -> set[str]:
    orders = HostedOrder.objects.present().filter(account=account, phone_number__in=numbers)
    asked = BatchItem.objects.filter(
        batch__kind=ORDER_NUMBERS,
        batch__state__in=(Batch.State.REQUESTED, *Batch.AT_WORK),
        account=account,
        target__in=numbers,
        state__in=BatchItem.UNENDED,
    )
    found = set(orders.exclude(status__in=_GIVEN_UP).values_list("phone_number", flat=True))
    return found | set(asked.values_list("target", flat=True))


def order_eligible(
    *,
    check: EligibilityCheck,
    key: UUID,
    terms: Mapping[str, Any],
    setup: Mapping[str, Any],
    actor: User,
    reason: str = "",
) -> Batch:
    """Order all numbers of a check that can be ordered. The same form, sent twice, makes one batch.

    Raises NotAllowed when there is none left to order.
    """
    made = OrderTerms.objects.filter(key=key).select_related("batch").first()
    if made is None:
        try:
            batch = _draft(check, key, terms, setup, actor)
        except IntegrityError:  # the other click was a moment quicker
            batch = OrderTerms.objects.select_related("batch").get(key=key).batch
    else:
        batch = made.batch
    asking.confirm(batch, actor=actor, reason=reason)
    return batch


def _draft(
    check: EligibilityCheck, key: UUID, terms: Mapping[str, Any], setup: Mapping[str, Any], actor: User
) -> Batch:
    with transaction.atomic():
        EligibilityCheck.objects.select_for_update().get(pk=check.pk)
        eligible = check.results.filter(next_step=ORDER_STEP).values_list("phone_number", flat=True)
        numbers = orderable(check, list(eligible))
        if not numbers:
            raise asking.NotAllowed("Every eligible number of this check has an order, or is being ordered.")
        batch = asking.draft(
            ORDER_NUMBERS,
            author=actor,
            draft_view="porting:order-draft",
            items=[Frozen(check.account_id, number, number) for number in numbers],
            detail={"check": str(check.pk), "lines": [["Eligibility check", check.name]]},
        )
        OrderTerms.objects.create(key=key, batch=batch, setup=dict(setup), **terms)
    return batch


def carry_out_order(item: BatchItem) -> Outcome:
    """Order one number, unless it has an order that is not over."""
    terms = OrderTerms.objects.get(batch=item.batch_id)
    number, account = item.target, item.account
    known = HostedOrder.objects.present().filter(account=account, phone_number=number)
    if order := known.exclude(status__in=_GIVEN_UP).first():
        raise Refused(f"There is an order for it already: {order.pk}.")
    # An order that failed a moment ago is no twin of the one that comes after it.
    before = known.order_by("-remote_created_at", "sid").values_list("pk", flat=True).first()
    login, values = account.require_own_login(), _values(number, terms)
    try:
        order = create_once(
            CREATE_ORDER,
            model=HostedOrder,
            account=account,
            natural_key=f"hosted:{account.pk}:{fingerprint(number, before or '')}",
            detail={"phone_number": number},
            send=lambda: gateway.create_order(login, values, patience=IN_A_TASK),
            apply=sync.apply_order,
            actor=item.batch.author,
            form_key=item.key,
            reason=item.batch.reason,
            keepable=lambda failure: keepable(failure, _personal(terms)),
        )
    except TwilioFailure as failure:
        raise keepable(failure, _personal(terms)) from None
    return Outcome(Operation.objects.filter(form_key=item.key).first(), result=order.pk)


def settle_orders() -> None:
    """End orders whose answer was lost, by looking at Twilio's orders of their number."""
    operations.settle_each(CREATE_ORDER, _settle)


def _settle(operation: Operation) -> None:
    assert operation.account
    number = operation.detail["phone_number"]
    login = operation.account.require_own_login()
    settle_creation(
        operation,
        model=HostedOrder,
        listed=gateway.fetch_orders(login, PhoneNumber=number),
        is_it=lambda payload: payload.get("phone_number") == number,
        apply=sync.apply_order,
    )


def _values(number: str, terms: OrderTerms) -> dict[str, Any]:
    """As page 8 writes them; v2 wants to know whom to ask, and the preview does not take a contact."""
    values: dict[str, Any] = {
        "PhoneNumber": number,
        "SmsCapability": "true",
        "AddressSid": terms.address_sid,
        "Email": terms.email,
    }
    if settings.HOSTING_API == "v2":
        values["ContactPhoneNumber"] = terms.contact_phone_number
        if terms.contact_title:
            values["ContactTitle"] = terms.contact_title
    if terms.cc_emails:
        values["CcEmails"] = terms.cc_emails
    for name, value in terms.setup.items():
        values["".join(word.title() for word in name.split("_"))] = value
    if url := own_callback():
        values |= {"StatusCallbackUrl": url, "StatusCallbackMethod": "POST"}
    return values


def own_callback() -> str:
    """Our address for Twilio's callbacks; "" while this installation cannot be reached from the internet."""
    url = callback_url("porting:hosting-callback")
    return url if settings.TWILIO_BASE_URL or fault_of_url(url) is None else ""


def _personal(terms: OrderTerms) -> list[str]:
    return [terms.email, *terms.cc_emails, terms.contact_phone_number, terms.contact_title]
