"""What staff can do with addresses: create, change, delete.

An address is personal data, so an operation keeps the names of what changed and keyed fingerprints to
recognise it by, never a line of it; and Twilio's words are kept without the lines they repeat.
"""

import copy
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.crypto import salted_hmac

from inventory import gateway as inventory_gateway
from inventory import sync
from inventory.actions import Conflict
from inventory.addresses import gateway
from inventory.addresses.lookups import Dependent, dependent_numbers
from inventory.addresses.refusals import words_without
from inventory.addresses.rules import PARTS
from inventory.models import Address
from portal import operations
from portal.mirror.records import rfc2822
from portal.models import Change, Operation, TwilioAccount, User
from portal.twilio.bodies import UNREADABLE, read_object
from portal.twilio.errors import Absent, NoCredentials, TwilioFailure
from portal.twilio.login import Login
from portal.twilio.patience import IN_A_REQUEST, IN_A_TASK, Patience
from portal.twilio.snapshots import Snapshot

CREATE_ADDRESS = "inventory.create_address"
UPDATE_ADDRESS = "inventory.update_address"
DELETE_ADDRESS = "inventory.delete_address"
# Twilio's names of what a form says, in the order in which staff read them.
PROPERTIES: Mapping[str, str] = {
    "friendly_name": "Friendly name",
    "customer_name": "Company or person",
    "street": "Street",
    "street_secondary": "Floor, suite or building",
    "city": "City",
    "region": "State or region",
    "postal_code": "Postal code",
    "emergency_enabled": "For emergency calls",
}
# What an emergency service was told of: it stays as it is while a number is registered with it.
REGISTERED = frozenset(PROPERTIES) - {"friendly_name"}
# Twilio dates an address by its own clock, which may be this far from ours.
_CLOCKS_DIFFER = timedelta(minutes=2)
# The same address again within this time is the same wish.
_SAME_WITHIN = timedelta(minutes=10)


class AddressInUse(Exception):
    """Numbers depend on the address, so it cannot be deleted, or not be changed."""

    def __init__(self, dependents: Sequence[Dependent]) -> None:
        super().__init__("Numbers depend on this address.")
        self.dependents = dependents


class ChangedMeanwhile(Exception):
    """Twilio's values of what was to be changed are not the ones that were on the form."""

    def __init__(self, address: Address, lines: Sequence[Conflict]) -> None:
        super().__init__("The address has changed since the form was opened.")
        self.address = address
        self.lines = lines


def values_of(payload: Mapping[str, Any]) -> dict[str, Any]:
    """What a form shows of an address; Twilio's null and "" both mean none."""
    values: dict[str, Any] = {name: payload.get(name) or "" for name in PROPERTIES}
    values["emergency_enabled"] = bool(payload.get("emergency_enabled"))
    return values


def create_address(
    *,
    account: TwilioAccount,
    country: str,
    values: Mapping[str, Any],
    auto_correct: bool,
    actor: User,
    form_key: UUID | None = None,
    reason: str = "",
) -> Address:
    """Create an address at Twilio, once. Raises the four Twilio failures, AlreadySent, AlreadyUnderWay.

    Twilio knows no idempotency here, so the operation's target is a fingerprint of the address in its
    account until it has a sid: two people who send the same address within minutes send it once.
    """
    login = _login(account)
    natural_key = _natural_key(account.sid, country, values)
    operation = operations.start(
        CREATE_ADDRESS,
        account=account,
        target=natural_key,
        actor=actor,
        detail={
            "country": country,
            "auto_correct": auto_correct,
            "key": _key(account.sid, country, values),
            "natural_key": natural_key,
        },
        reason=reason,
        form_key=form_key,
    )
    if twin := _just_created(account, natural_key):
        operations.refuse(operation, "The same address was created a moment ago.")
        raise operations.AlreadySent(twin)
    asked = {**values, "iso_country": country, "auto_correct_address": auto_correct}
    try:
        snapshot = gateway.create_address(login, asked)
    except TwilioFailure as failure:
        operations.end_as(operation, _keepable(failure, values))
        raise
    return _created(operation, snapshot)


def _just_created(account: TwilioAccount, natural_key: str) -> Operation | None:
    """Who created the very same address in the last minutes."""
    recent = Address.objects.filter(account=account, first_seen_at__gt=Now() - _SAME_WITHIN)
    creations = Operation.objects.filter(kind=CREATE_ADDRESS, state=Operation.State.DONE)
    return creations.filter(target__in=recent.values("sid"), detail__natural_key=natural_key).first()


def update_address(
    *,
    address: Address,
    wanted: Mapping[str, Any],
    opened_with: Mapping[str, Any],
    auto_correct: bool,
    actor: User,
    form_key: UUID | None = None,
    reason: str = "",
) -> Operation | None:
    """Change an address at Twilio; None when Twilio already has it so.

    Reads it first: raises ChangedMeanwhile rather than overwrite what somebody else changed, and
    AddressInUse for what emergency services were told while numbers are registered with it
    ("Modify a Twilio phone number's emergency address", Emergency Calling for Programmable Voice).
    Raises the four Twilio failures, AlreadySent and AlreadyUnderWay.
    """
    earlier = operations.check_may_start(address.sid, form_key)
    address = read_address(address=address)
    current = values_of(address.payload)
    changes = {name: value for name, value in wanted.items() if value != opened_with[name]}
    conflicts = [
        Conflict(PROPERTIES[name], opened_with[name], current[name], value)
        for name, value in changes.items()
        if current[name] not in (opened_with[name], value)
    ]
    if conflicts:
        raise ChangedMeanwhile(address, conflicts)
    changes = {name: value for name, value in changes.items() if value != current[name]}
    if not changes:
        return None
    if address.emergency_enabled and changes.keys() & REGISTERED:
        registered = [found for found in dependent_numbers(address) if found.is_emergency]
        if registered:
            raise AddressInUse(registered)
    names = [name for name in PROPERTIES if name in changes]
    try:
        operation = operations.start(
            UPDATE_ADDRESS,
            account=address.account,
            target=address.sid,
            actor=actor,
            detail={"changed": names, "before": _seal(current, names), "after": _seal(changes, names)},
            reason=reason,
            form_key=form_key,
            earlier=earlier,
        )
    except operations.Overtaken:
        return update_address(
            address=address,
            wanted=wanted,
            opened_with=opened_with,
            auto_correct=auto_correct,
            actor=actor,
            form_key=form_key,
            reason=reason,
        )
    # A place is judged whole, so it is sent whole.
    place = PARTS if changes.keys() & set(PARTS) else ()
    asked = {**{name: current[name] for name in place}, **changes, "auto_correct_address": auto_correct}
    try:
        snapshot = gateway.update_address(_login(address.account), address.sid, asked)
    except TwilioFailure as failure:
        operations.end_as(operation, _keepable(failure, {**current, **changes}))
        raise
    with transaction.atomic(durable=True):
        sync.apply_address(snapshot, source=Change.Source.OPERATION, operation=operation)
        operations.end(operation, request_id=snapshot.request_id)
    return operation


def delete_address(
    *, address: Address, actor: User, form_key: UUID | None = None, reason: str = ""
) -> Operation:
    """Delete an address at Twilio. Raises AddressInUse when Twilio names numbers that depend on it.

    Raises the four Twilio failures (Absent: it was gone already), AlreadySent and AlreadyUnderWay.
    """
    earlier = operations.check_may_start(address.sid, form_key)
    asked_at = timezone.now()
    try:
        dependents = dependent_numbers(address)
    except Absent:
        sync.mark_address_absent(address.sid, asked_at=asked_at, source=Change.Source.READ)
        raise
    if dependents:
        raise AddressInUse(dependents)
    try:
        operation = operations.start(
            DELETE_ADDRESS,
            account=address.account,
            target=address.sid,
            actor=actor,
            detail={},
            reason=reason,
            form_key=form_key,
            earlier=earlier,
        )
    except operations.Overtaken:
        return delete_address(address=address, actor=actor, form_key=form_key, reason=reason)
    asked_at = timezone.now()
    try:
        request_id = gateway.delete_address(_login(address.account), address.sid)
    except TwilioFailure as failure:
        operations.end_as(operation, _keepable(failure, values_of(address.payload)))
        raise
    with transaction.atomic(durable=True):
        sync.mark_address_absent(address.sid, asked_at=asked_at, source=Change.Source.OPERATION)
        operations.end(operation, request_id=request_id)
    return operation


def read_address(*, address: Address, patience: Patience = IN_A_REQUEST) -> Address:
    """Read the address from Twilio now and return it. Raises Absent, having noted it, and Unavailable."""
    asked_at = timezone.now()
    try:
        snapshot = inventory_gateway.fetch_address(_login(address.account), address.sid, patience=patience)
    except Absent:
        sync.mark_address_absent(address.sid, asked_at=asked_at, source=Change.Source.READ)
        raise
    sync.apply_address(snapshot, source=Change.Source.READ)
    fresh: Address = Address.objects.select_related("account").get(pk=address.sid)
    return fresh


def settle_address_operations() -> None:
    """End what lost its answer, by looking at what Twilio has now. Nothing is sent again."""
    settlers = {
        CREATE_ADDRESS: _settle_creation,
        UPDATE_ADDRESS: _settle_update,
        DELETE_ADDRESS: _settle_deletion,
    }
    for kind, settle in settlers.items():
        operations.settle_each(kind, settle)


def _settle_creation(operation: Operation) -> None:
    """Look for the address in the account's list: same names, dated since, and new to us since.

    Street, city and postal code may have been corrected on the way, the names never are.
    """
    account = operation.account
    since = operation.started_at - _CLOCKS_DIFFER
    known = set(
        Address.objects.filter(account=account, first_seen_at__lt=operation.started_at).values_list(
            "pk", flat=True
        )
    )
    found: dict[str, tuple[bool, Snapshot]] = {}
    for page in inventory_gateway.iter_address_pages(_login(account)):
        for record in page.records:
            try:
                payload, body = read_object(record)
            except UNREADABLE:
                continue
            sid, created = payload.get("sid"), rfc2822(payload.get("date_created"))
            if not isinstance(sid, str) or sid in known or created is None or created < since:
                continue
            values, country = values_of(payload), str(payload.get("iso_country") or "")
            if _key(account.sid, country, values) == operation.detail["key"]:
                is_verbatim = _natural_key(account.sid, country, values) == operation.target
                found[sid] = is_verbatim, Snapshot(sid, body, page.requested_at, page.effort.request_id)
    # What others created meanwhile is theirs.
    for sid in Operation.objects.filter(kind=CREATE_ADDRESS, target__in=found).values_list(
        "target", flat=True
    ):
        del found[sid]
    if found:
        _, snapshot = max(found.values(), key=lambda candidate: candidate[0])
        _created(operation, snapshot, words="Twilio's answer was lost; the address is there.")
    else:
        operations.refuse(operation, "Twilio's answer was lost, and the account does not have the address.")


def _settle_update(operation: Operation) -> None:
    address = Address.objects.select_related("account").get(pk=operation.target)
    asked_at = timezone.now()
    try:
        snapshot = inventory_gateway.fetch_address(_login(address.account), address.sid, patience=IN_A_TASK)
    except Absent:
        sync.mark_address_absent(address.sid, asked_at=asked_at, source=Change.Source.READ)
        operations.refuse(operation, "Twilio's answer was lost, and the account no longer has the address.")
        return
    names: list[str] = operation.detail["changed"]
    now = _seal(values_of(snapshot.payload), names)
    with transaction.atomic(durable=True):
        sync.apply_address(snapshot, source=Change.Source.OPERATION, operation=operation)
        if now == operation.detail["after"]:
            operations.end(operation, words="Twilio's answer was lost; the address shows the change.")
        elif now == operation.detail["before"]:
            operations.refuse(
                operation, "Twilio's answer was lost, and the address does not show the change."
            )
        else:  # Twilio corrects what it takes
            operations.end(operation, words="Twilio's answer was lost; the address has changed since.")


def _settle_deletion(operation: Operation) -> None:
    address = Address.objects.select_related("account").get(pk=operation.target)
    try:
        read_address(address=address, patience=IN_A_TASK)
    except Absent:
        operations.end(operation, words="Twilio's answer was lost; the address is gone.")
    else:
        operations.refuse(operation, "Twilio's answer was lost, and the address is still there.")


def _created(operation: Operation, snapshot: Snapshot, *, words: str = "") -> Address:
    with transaction.atomic(durable=True):
        sync.apply_address(snapshot, source=Change.Source.OPERATION, operation=operation)
        operations.end(operation, words=words, request_id=snapshot.request_id)
        # It has a sid now, and its history hangs on that.
        operation.target = snapshot.sid
        operation.save(update_fields=["target"])
    address: Address = Address.objects.select_related("account").get(pk=snapshot.sid)
    return address


def _keepable(failure: TwilioFailure, values: Mapping[str, Any]) -> TwilioFailure:
    """The same failure with words that may be kept."""
    kept = copy.copy(failure)
    kept.words = words_without(failure, [str(values.get(name) or "") for name in PROPERTIES])
    return kept


def _natural_key(account_sid: str, country: str, values: Mapping[str, Any]) -> str:
    folded = [" ".join(str(values.get(name) or "").casefold().split()) for name in PARTS]
    return f"address:{account_sid}:{_fingerprint(account_sid, country, *folded)}"


def _key(account_sid: str, country: str, values: Mapping[str, Any]) -> str:
    """What Twilio never corrects of an address."""
    return _fingerprint(
        account_sid, country, values.get("customer_name") or "", values.get("friendly_name") or ""
    )


def _seal(values: Mapping[str, Any], names: Sequence[str]) -> str:
    return _fingerprint(*(str(values[name]) for name in names))


def _fingerprint(*parts: str) -> str:
    """Equal for equal texts, and of no use to somebody who wants to know them."""
    return salted_hmac("inventory.addresses", "\0".join(parts), algorithm="sha256").hexdigest()[:32]


def _login(account: TwilioAccount) -> Login:
    login = account.api_login()
    if login is None:
        raise NoCredentials("There are no credentials for this account.")
    return login
