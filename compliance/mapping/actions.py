"""Which bundle and address a number is mapped to (pages 23 and 24): both in one update."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from compliance.mapping.fitting import fit_of_address, why_not_bundle
from compliance.mapping.kinds import ASSIGN_BUNDLE
from compliance.mapping.offers import Rules
from compliance.models import Bundle
from inventory import gateway, sync
from inventory.actions import read_number
from inventory.models import Address, PhoneNumber
from portal import operations
from portal.models import Change, Operation, User
from portal.twilio.errors import Absent, NoCredentials, TwilioFailure
from portal.twilio.login import Login
from portal.twilio.patience import IN_A_REQUEST, Patience

_NAMES = ("bundle_sid", "address_sid")


@dataclass(frozen=True, slots=True)
class Papers:
    """The sids of a bundle and an address; "" for none."""

    bundle_sid: str = ""
    address_sid: str = ""

    @property
    def pair(self) -> tuple[str, str]:
        return self.bundle_sid, self.address_sid


class MappingChanged(Exception):
    """Somebody else mapped the number meanwhile. `number` is as it is now."""

    def __init__(self, number: PhoneNumber) -> None:
        super().__init__("The number has another bundle or address than when the form was opened.")
        self.number = number


class DoesNotFit(Exception):
    """Twilio would not take this bundle or address with this number; the words say why."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


def papers_of(number: PhoneNumber) -> Papers:
    return Papers(number.bundle_sid or "", number.address_id or "")


def assign_papers(
    *,
    number: PhoneNumber,
    wanted: Papers,
    opened_with: Papers,
    actor: User,
    form_key: UUID | None = None,
    reason: str = "",
    patience: Patience = IN_A_REQUEST,
    rules: Rules | None = None,
) -> Operation | None:
    """Map a bundle and an address to a number in one update; None when Twilio already has it so.

    Reads the number first. Raises MappingChanged rather than overwrite what somebody else mapped,
    DoesNotFit for what Twilio would not take, its four failures, AlreadySent and AlreadyUnderWay.
    """
    earlier = operations.check_may_start(number.sid, form_key)
    number = read_number(number=number, patience=patience)
    now = papers_of(number)
    if now == wanted:
        return None
    if now != opened_with:
        raise MappingChanged(number)
    before, after = dict(zip(_NAMES, now.pair, strict=True)), dict(zip(_NAMES, wanted.pair, strict=True))
    values = {name: value for name, value in after.items() if value != before[name]}
    _check(number, values, rules or Rules())
    try:
        operation = operations.start(
            ASSIGN_BUNDLE,
            account=number.account,
            target=number.sid,
            actor=actor,
            detail={"fields": {name: [before[name], value] for name, value in values.items()}},
            reason=reason,
            form_key=form_key,
            earlier=earlier,
        )
    except operations.Overtaken:
        return assign_papers(
            number=number,
            wanted=wanted,
            opened_with=opened_with,
            actor=actor,
            form_key=form_key,
            reason=reason,
            patience=patience,
            rules=rules,
        )
    try:
        snapshot = gateway.update_number(_login(number), number.sid, values, patience=patience)
    except TwilioFailure as failure:
        operations.end_as(operation, failure)
        raise
    with transaction.atomic(durable=True):
        sync.apply_number(snapshot, source=Change.Source.OPERATION, operation=operation)
        operations.end(operation, request_id=snapshot.request_id)
    return operation


def settle_assignments() -> None:
    """End assignments whose answer was lost, by looking at what the number has now."""
    operations.settle_each(ASSIGN_BUNDLE, _settle)


def _check(number: PhoneNumber, values: dict[str, str], rules: Rules) -> None:
    if sid := values.get("bundle_sid"):
        bundle = Bundle.objects.select_related("regulation").filter(pk=sid).first()
        asked_for = rules.ask_for_bundle(number.country, number.number_type)
        if bundle is None:
            raise DoesNotFit("bundle", "This bundle has not been read from Twilio yet.")
        if why_not := why_not_bundle(number, bundle, asked_for):
            raise DoesNotFit("bundle", why_not)
    if sid := values.get("address_sid"):
        fit = fit_of_address(number, Address.objects.filter(pk=sid).first())
        if fit.is_trouble:
            raise DoesNotFit("address", fit.words)


def _settle(operation: Operation) -> None:
    number = PhoneNumber.objects.select_related("account").get(pk=operation.target)
    asked_at = timezone.now()
    try:
        snapshot = gateway.fetch_number(_login(number), number.sid)
    except Absent:
        sync.mark_number_absent(number.sid, asked_at=asked_at)
        operations.refuse(operation, "Twilio's answer was lost, and this account no longer has the number.")
        return
    now = {name: str(snapshot.payload.get(name) or "") for name in _NAMES}
    fields = operation.detail["fields"].items()
    with transaction.atomic(durable=True):
        sync.apply_number(snapshot, source=Change.Source.OPERATION, operation=operation)
        if all(now[name] == after for name, (_, after) in fields):
            operations.end(operation, words="Twilio's answer was lost; the number shows the change.")
        elif all(now[name] == before for name, (before, _) in fields):
            operations.refuse(operation, "Twilio's answer was lost, and the number does not show the change.")
        else:
            operations.end(operation, words="Twilio's answer was lost; the number has changed since.")


def _login(number: PhoneNumber) -> Login:
    login = number.account.api_login()
    if login is None:
        raise NoCredentials("There are no credentials for this account.")
    return login
