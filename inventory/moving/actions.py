"""Giving numbers back and moving them: checked before it is asked for, and again before it is done."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from compliance.mapping.offers import still_usable
from compliance.models import Bundle
from inventory import gateway as numbers_gateway
from inventory import sync
from inventory.actions import read_number
from inventory.bulk.actions import chunks
from inventory.models import (
    Address,
    KeptNumber,
    NumberActivity,
    PhoneNumber,
    ReleasedNumber,
    SenderId,
)
from inventory.moving import gateway
from inventory.moving.checks import (
    Circumstances,
    Finding,
    Papers,
    check_release,
    check_transfer,
    fingerprint,
)
from inventory.pricing import PriceList
from portal import operations
from portal.batches.runner import Outcome, Refused
from portal.models import Batch, BatchItem, Change, Operation, TwilioAccount, User
from portal.numbering import country_name
from portal.twilio.errors import Absent, NoCredentials, TwilioFailure
from portal.twilio.login import Login
from portal.twilio.patience import IN_A_TASK

RELEASE_NUMBER = "inventory.release_number"
TRANSFER_NUMBER = "inventory.transfer_number"
_CHANGED = "It has changed since this was asked for. Look at it again, and ask again."


def check_release_of(batch: Batch) -> None:
    """Look at every number of a draft: leave out what cannot be released now."""
    today = timezone.localdate()
    prices = PriceList(TwilioAccount.objects.filter(pk__in=batch.account_sids))
    for items, numbers, known in _looked_at(batch):
        for item in items:
            number = numbers.get(item.target)
            finding = check_release(number, known[item.target], today=today) if number else _GONE
            _note_finding(item, number, finding)
            price = prices.of(number.account_id, number.country, number.number_type) if number else None
            if price:
                item.detail["monthly"] = [str(price.amount), price.currency]
        BatchItem.objects.bulk_update(items, ["detail", "seen", "state", "words"])


def sum_up_release(batch: Batch) -> None:
    """Write down what a month costs less without the numbers that take part.

    Nothing where that is not one figure: prices in two currencies, or a number without a price.
    """
    waiting = batch.items.filter(state=BatchItem.State.WAITING)
    saved: dict[str, Decimal] = defaultdict(Decimal)
    for amount, currency in waiting.values_list("detail__monthly__0", "detail__monthly__1"):
        saved[currency or ""] -= Decimal(amount or 0)
    figures = saved.items() if len(saved) == 1 and "" not in saved else [("", None)]
    [(batch.currency, batch.monthly_cost)] = figures
    batch.save(update_fields=["currency", "monthly_cost"])


def check_transfer_of(batch: Batch) -> None:
    """Look at every number of a draft against the account and the papers chosen for it."""
    papers = papers_of(batch)
    for items, numbers, known in _looked_at(batch):
        for item in items:
            number = numbers.get(item.target)
            finding = check_transfer(number, known[item.target], papers) if number else _GONE
            _note_finding(item, number, finding)
            if number:
                item.detail["address_sid"] = papers.address_for(number)
                item.detail["bundle_sid"] = papers.bundle_for(number)
        BatchItem.objects.bulk_update(items, ["detail", "seen", "state", "words"])


def set_transfer(
    batch: Batch,
    *,
    account: TwilioAccount,
    address_sids: Mapping[str, str],
    bundle_sids: Mapping[str, str],
    lines: Sequence[tuple[str, str]] = (),
) -> None:
    """Write down where the numbers of a draft go, and with which papers by `kind_of` them, and check them.

    `lines` tells these papers by name.
    """
    batch.detail = {
        "to": account.pk,
        "addresses": dict(address_sids),
        "bundles": dict(bundle_sids),
        "lines": [["To", str(account)], *([name, value] for name, value in lines)],
    }
    # Whoever may see only one of the accounts may not see the batch.
    own = batch.items.order_by().values_list("account_id", flat=True).distinct()
    batch.account_sids = sorted({*own, account.pk})
    batch.save(update_fields=["detail", "account_sids"])
    check_transfer_of(batch)


def papers_of(batch: Batch) -> Papers:
    """What was chosen for a transfer, as it is now."""
    account = TwilioAccount.objects.get(pk=batch.detail["to"])
    parent = TwilioAccount.objects.filter(pk=account.owner_sid or account.pk).first()
    chosen, bundle_sids = batch.detail["addresses"], batch.detail["bundles"]
    bundles = still_usable(Bundle.objects.filter(account_id=account.pk, pk__in=bundle_sids.values()))
    addresses = Address.objects.present().filter(account=account, pk__in=chosen.values())
    return Papers(
        account=account,
        has_parent_token=bool(parent and parent.auth_token),
        addresses={address.pk: address for address in addresses},
        address_sids=chosen,
        bundle_sids=bundle_sids,
        usable_bundles=frozenset(bundle.pk for bundle in bundles),
    )


def release_number(
    *, number: PhoneNumber, actor: User, form_key: UUID, reason: str, seen: str = ""
) -> Operation:
    """Give a number back to Twilio and enter it in the register of released numbers.

    Reads it first. Raises Refused when something stands against it, or when it is no longer what
    `seen` says; the four Twilio failures, AlreadySent and AlreadyUnderWay.
    """
    earlier = operations.check_may_start(number.sid, form_key)
    number = read_number(number=number, patience=IN_A_TASK)
    _require_unchanged(number, seen)
    finding = check_release(number, _circumstances([number])[number.sid], today=timezone.localdate())
    _require_no_stops(finding)
    operation = _start(RELEASE_NUMBER, number, actor, form_key, reason, earlier, {})
    try:
        gone = gateway.release_number(_login(number), number.sid, patience=IN_A_TASK)
    except TwilioFailure as failure:
        operations.end_as(operation, failure)
        raise
    with transaction.atomic(durable=True):
        _enter_released(number, operation)
        operations.end(operation, request_id=gone.request_id)
    return operation


def transfer_number(
    *,
    number: PhoneNumber,
    papers: Papers,
    actor: User,
    form_key: UUID,
    reason: str,
    seen: str = "",
) -> Operation:
    """Move a number to another account of the family. Raises what `release_number` raises."""
    earlier = operations.check_may_start(number.sid, form_key)
    number = read_number(number=number, patience=IN_A_TASK)
    _require_unchanged(number, seen)
    _require_no_stops(check_transfer(number, _circumstances([number])[number.sid], papers))
    detail = {"fields": {"account_sid": [number.account_id, papers.account.pk]}}
    operation = _start(TRANSFER_NUMBER, number, actor, form_key, reason, earlier, detail)
    try:
        snapshot = gateway.transfer_number(
            _parent_login(number.account),
            number.sid,
            account_sid=papers.account.pk,
            address_sid=papers.address_for(number),
            bundle_sid=papers.bundle_for(number),
            patience=IN_A_TASK,
        )
    except TwilioFailure as failure:
        operations.end_as(operation, failure)
        raise
    with transaction.atomic(durable=True):
        sync.apply_number(snapshot, source=Change.Source.OPERATION, operation=operation)
        operations.end(operation, request_id=snapshot.request_id)
    return operation


def carry_out_release(item: BatchItem) -> Outcome:
    number = PhoneNumber.objects.select_related("account").get(pk=item.target)
    operation = release_number(
        number=number, actor=item.batch.author, form_key=item.key, reason=item.batch.reason, seen=item.seen
    )
    return Outcome(operation)


def carry_out_transfer(item: BatchItem) -> Outcome:
    number = PhoneNumber.objects.select_related("account").get(pk=item.target)
    operation = transfer_number(
        number=number,
        papers=papers_of(item.batch),
        actor=item.batch.author,
        form_key=item.key,
        reason=item.batch.reason,
        seen=item.seen,
    )
    return Outcome(operation)


def settle_moving_operations() -> None:
    """End releases and transfers whose answer was lost, by looking where the number is now."""
    for kind, settle in ((RELEASE_NUMBER, _settle_release), (TRANSFER_NUMBER, _settle_transfer)):
        operations.settle_each(kind, settle)


def _settle_release(operation: Operation) -> None:
    number = PhoneNumber.objects.select_related("account").get(pk=operation.target)
    try:
        snapshot = numbers_gateway.fetch_number(_login(number), number.sid, patience=IN_A_TASK)
    except Absent:
        with transaction.atomic(durable=True):
            _enter_released(number, operation)
            operations.end(operation, words="Twilio's answer was lost; the number is gone.")
        return
    with transaction.atomic(durable=True):
        sync.apply_number(snapshot, source=Change.Source.READ)
        operations.refuse(operation, "Twilio's answer was lost, and the number is still there.")


def _settle_transfer(operation: Operation) -> None:
    _, after = operation.detail["fields"]["account_sid"]
    target = TwilioAccount.objects.get(pk=after)
    login = target.api_login()
    if login is None:
        raise NoCredentials("There are no credentials for the account it was moved to.")
    try:
        snapshot = numbers_gateway.fetch_number(login, operation.target, patience=IN_A_TASK)
    except Absent:
        operations.refuse(operation, "Twilio's answer was lost, and the number was not moved.")
        return
    with transaction.atomic(durable=True):
        sync.apply_number(snapshot, source=Change.Source.OPERATION, operation=operation)
        operations.end(operation, words="Twilio's answer was lost; the number has moved.")


def _enter_released(number: PhoneNumber, operation: Operation) -> None:
    price = PriceList([number.account], {number.country}).of(
        number.account_id, number.country, number.number_type
    )
    ReleasedNumber.objects.create(
        sid=number.sid,
        phone_number=number.phone_number,
        friendly_name=number.friendly_name,
        account_id=number.account_id,
        country=number.country,
        number_type=number.number_type,
        is_hosted=number.origin == "hosted",
        monthly_cost=price.amount if price else None,
        currency=price.currency if price else "",
        operation=operation,
        released_at=operation.started_at,
    )
    sync.mark_number_absent(number.sid, asked_at=timezone.now(), source=Change.Source.OPERATION)


def _start(
    kind: str,
    number: PhoneNumber,
    actor: User,
    form_key: UUID,
    reason: str,
    earlier: int,
    detail: dict[str, Any],
) -> Operation:
    try:
        return operations.start(
            kind,
            account=number.account,
            target=number.sid,
            actor=actor,
            detail=detail,
            reason=reason,
            form_key=form_key,
            earlier=earlier,
        )
    except operations.Overtaken:
        raise Refused(_CHANGED) from None


def _require_unchanged(number: PhoneNumber, seen: str) -> None:
    if seen and fingerprint(number.payload) != seen:
        raise Refused(_CHANGED)


def _require_no_stops(finding: Finding) -> None:
    if finding.stops:
        raise Refused(" ".join(finding.stops))


_GONE = Finding(stops=("Twilio does not list it any more.",))


def _looked_at(
    batch: Batch,
) -> Iterable[tuple[list[BatchItem], Mapping[str, PhoneNumber], Mapping[str, Circumstances]]]:
    """The items of a draft, some at a time, with their numbers and what else is known of these."""
    for chunk in chunks(batch.items.all()):
        numbers = PhoneNumber.objects.select_related("account").filter(pk__in=[i.target for i in chunk])
        by_sid = {number.pk: number for number in numbers}
        yield chunk, by_sid, _circumstances(list(by_sid.values()))


def _note_finding(item: BatchItem, number: PhoneNumber | None, finding: Finding) -> None:
    item.state = BatchItem.State.LEFT_OUT if finding.stops else BatchItem.State.WAITING
    item.words = " ".join(finding.stops)
    item.detail = {"text": " ".join(finding.warnings), "possible": not finding.stops}
    item.seen = fingerprint(number.payload) if number else ""


def _circumstances(numbers: Sequence[PhoneNumber]) -> dict[str, Circumstances]:
    """What else is known of these numbers, in four queries."""
    sids = [number.sid for number in numbers]
    opened = set(Operation.objects.open().filter(target__in=sids).values_list("target", flat=True))
    activities = NumberActivity.objects.filter(pk__in=sids, state=NumberActivity.State.ACTIVE)
    active = set(activities.values_list("pk", flat=True))
    kept = dict(KeptNumber.objects.filter(pk__in=sids).values_list("pk", "until"))
    senders: dict[str, list[str]] = defaultdict(list)
    spelled = [number.phone_number for number in numbers]
    defaults = SenderId.objects.defaults().filter(sender__in=spelled).order_by("country")
    for sender, country in defaults.values_list("sender", "country"):
        senders[sender].append(country_name(country))
    return {
        number.sid: Circumstances(
            has_open_operation=number.sid in opened,
            is_active=number.sid in active,
            keep_until=kept.get(number.sid),
            default_sender_in=senders[number.phone_number],
        )
        for number in numbers
    }


def _login(number: PhoneNumber) -> Login:
    login = number.account.api_login()
    if login is None:
        raise NoCredentials("There are no credentials for this account.")
    return login


def _parent_login(account: TwilioAccount) -> Login:
    parent = TwilioAccount.objects.filter(pk=account.owner_sid or account.pk).first()
    if parent is None or not parent.auth_token:
        raise NoCredentials("Moving a number needs the auth token of the parent account.")
    return Login(account.pk, parent.pk, parent.auth_token)
