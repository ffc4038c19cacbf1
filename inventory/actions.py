"""What staff can do with numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from inventory import gateway, sync
from inventory.configuration import PROPERTIES, configuration_of
from inventory.models import PhoneNumber
from portal import operations
from portal.models import Change, Operation, TwilioAccount, User
from portal.twilio.errors import Absent, NoCredentials, TwilioFailure
from portal.twilio.login import Login
from portal.twilio.patience import IN_A_REQUEST, Patience

UPDATE_NUMBER = "inventory.update_number"


@dataclass(frozen=True, slots=True)
class Conflict:
    """One property that somebody else changed while it was being edited."""

    name: str
    opened: Any
    now: Any
    yours: Any


class ChangedMeanwhile(Exception):
    """Twilio's values of fields that were to be changed are not the ones that were on the form."""

    def __init__(self, number: PhoneNumber, lines: Sequence["Conflict"]) -> None:
        super().__init__("The number has changed since the form was opened.")
        self.number = number
        self.lines = lines


def connect_account(
    *, sid: str, auth_token: str = "", api_key_sid: str = "", api_key_secret: str = ""
) -> TwilioAccount:
    """Try credentials at Twilio and keep them, encrypted. Raises Rejected when Twilio does not take them.

    The auth token is what reads subaccounts and their tokens; an API key alone mirrors one account.
    """
    login = Login(sid, sid, auth_token) if auth_token else Login(sid, api_key_sid, api_key_secret)
    snapshot = gateway.fetch_account(login, sid)
    account = sync.apply_account(snapshot, source=Change.Source.READ)
    account.auth_token, account.api_key_sid, account.api_key_secret = auth_token, api_key_sid, api_key_secret
    account.save(update_fields=["auth_token", "api_key_sid", "api_key_secret"])
    return account


def update_number(
    *,
    number: PhoneNumber,
    wanted: Mapping[str, Any],
    opened_with: Mapping[str, Any],
    actor: User,
    form_key: UUID | None = None,
    reason: str = "",
    patience: Patience = IN_A_REQUEST,
    ours: Mapping[str, Sequence[Any]] | None = None,
) -> Operation | None:
    """Change a number's configuration at Twilio; None when Twilio already has it so.

    `wanted` and `opened_with` are properties of `configuration_of`. Reads the number first and raises
    ChangedMeanwhile rather than overwrite what somebody else changed. `ours` are the before and after
    of records of ours, written with Twilio's answer or not at all. Raises the four Twilio failures,
    AlreadySent and AlreadyUnderWay.
    """
    ours = ours or {}
    earlier = operations.check_may_start(number.sid, form_key)
    number = read_number(number=number, patience=patience)
    login = _login(number)
    current = configuration_of(number.payload)
    changes = {name: value for name, value in wanted.items() if value != opened_with[name]}
    conflicts = [
        Conflict(PROPERTIES[name], opened_with[name], current[name], value)
        for name, value in changes.items()
        if current[name] not in (opened_with[name], value)
    ]
    if conflicts:
        raise ChangedMeanwhile(number, conflicts)
    changes = {name: value for name, value in changes.items() if value != current[name]}
    if not changes:
        return record_ours(number=number, ours=ours, actor=actor, reason=reason) if ours else None
    try:
        operation = operations.start(
            UPDATE_NUMBER,
            account=number.account,
            target=number.sid,
            actor=actor,
            detail={
                "fields": {name: [current[name], value] for name, value in changes.items()},
                **({"ours": dict(ours)} if ours else {}),
            },
            reason=reason,
            form_key=form_key,
            earlier=earlier,
        )
    except operations.Overtaken:
        return update_number(
            number=number,
            wanted=wanted,
            opened_with=opened_with,
            actor=actor,
            form_key=form_key,
            reason=reason,
            patience=patience,
            ours=ours,
        )
    try:
        snapshot = gateway.update_number(login, number.sid, changes, patience=patience)
    except TwilioFailure as failure:
        operations.end_as(operation, failure)
        raise
    with transaction.atomic(durable=True):
        sync.apply_number(snapshot, source=Change.Source.OPERATION, operation=operation)
        _write_ours(number.sid, ours)
        operations.end(operation, request_id=snapshot.request_id)
    return operation


def read_number(*, number: PhoneNumber, patience: Patience = IN_A_REQUEST) -> PhoneNumber:
    """Read the number from Twilio now and return it. Raises Absent, having noted it, and Unavailable."""
    asked_at = timezone.now()
    try:
        snapshot = gateway.fetch_number(_login(number), number.sid, patience=patience)
    except Absent:
        sync.mark_number_absent(number.sid, asked_at=asked_at)
        raise
    sync.apply_number(snapshot, source=Change.Source.READ)
    fresh: PhoneNumber = PhoneNumber.objects.select_related("account").get(pk=number.sid)
    return fresh


def settle_number_operations() -> None:
    """End updates whose answer was lost, by looking at what the number is now."""
    operations.settle_each(UPDATE_NUMBER, _settle_update)


def _settle_update(operation: Operation) -> None:
    number = PhoneNumber.objects.select_related("account").get(pk=operation.target)
    asked_at = timezone.now()
    try:
        snapshot = gateway.fetch_number(_login(number), number.sid)
    except Absent:
        sync.mark_number_absent(number.sid, asked_at=asked_at)
        operations.refuse(operation, "Twilio's answer was lost, and this account no longer has the number.")
        return
    current = configuration_of(snapshot.payload)
    fields = operation.detail["fields"]
    with transaction.atomic(durable=True):
        sync.apply_number(snapshot, source=Change.Source.OPERATION, operation=operation)
        shows_it = all(current[name] == after for name, (_, after) in fields.items())
        if not shows_it and any(current[name] == before for name, (before, _) in fields.items()):
            operations.refuse(operation, "Twilio's answer was lost, and the number does not show the change.")
            return
        _write_ours(number.sid, operation.detail.get("ours", {}))
        # Twilio spells some values its own way: a name taken away becomes the number
        what = "the number shows the change" if shows_it else "the number has changed since"
        operations.end(operation, words=f"Twilio's answer was lost; {what}.")


def annotate_number(*, number: PhoneNumber, owner: str, cost_centre: str, tags: list[str]) -> None:
    """Write down who a number belongs to. Ours alone: Twilio is not told."""
    number.owner, number.cost_centre, number.tags = owner, cost_centre, tags
    number.save(update_fields=["owner", "cost_centre", "tags"])


def record_ours(
    *, number: PhoneNumber, ours: Mapping[str, Sequence[Any]], actor: User, reason: str = ""
) -> Operation:
    """Write down owner, cost centre and tags, each given as before and after, and who did so and why."""
    with transaction.atomic():
        _write_ours(number.sid, ours)
        return operations.record(
            UPDATE_NUMBER, account=number.account, target=number.sid, actor=actor,
            detail={"fields": {}, "ours": dict(ours)}, reason=reason,
        )  # fmt: skip


def _write_ours(sid: str, ours: Mapping[str, Sequence[Any]]) -> None:
    if not ours:
        return
    number = PhoneNumber.objects.select_for_update().get(pk=sid)
    for name, (before, after) in ours.items():
        if name == "tags":  # others may have tagged it meanwhile: only the difference is made
            after = sorted({*number.tags, *after} - (set(before) - set(after)))
        setattr(number, name, after)
    number.save(update_fields=list(ours))


def _login(number: PhoneNumber) -> Login:
    login = number.account.api_login()
    if login is None:
        raise NoCredentials("There are no credentials for this account.")
    return login
