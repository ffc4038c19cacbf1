"""What staff can do with end users, and with documents that are data alone: make, change, delete.

All they say is personal data: operations keep names of fields and fingerprints, and of Twilio's words those
that repeat nothing of it.
"""

import copy
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from django.db import transaction
from django.utils import timezone

from compliance import gateway, sync
from compliance.models import EndUser, SupportingDocument
from portal import operations
from portal.creation import create_once, settle_creation
from portal.models import Change, Operation, TwilioAccount, User
from portal.secrets import fingerprint
from portal.twilio.errors import Absent, TwilioFailure

CREATE_END_USER = "compliance.create_end_user"
UPDATE_END_USER = "compliance.update_end_user"
DELETE_END_USER = "compliance.delete_end_user"
CREATE_DATA_DOCUMENT = "compliance.create_data_document"


class ChangedMeanwhile(Exception):
    """Twilio's values are not the ones that were on the form; `fields` names those that differ."""

    def __init__(self, end_user: EndUser, fields: list[str]) -> None:
        super().__init__("The end user has changed since the form was opened.")
        self.end_user = end_user
        self.fields = fields


def create_end_user(
    *,
    account: TwilioAccount,
    type: str,
    friendly_name: str,
    values: Mapping[str, Any],
    actor: User,
    form_key: UUID | None = None,
    reason: str = "",
) -> EndUser:
    """Make an end user at Twilio, once. `values` are its attributes (page 34).

    Raises the four Twilio failures, AlreadyUnderWay, and AlreadySent, whose operation is about the end user.
    """
    login = account.require_own_login()
    return create_once(
        CREATE_END_USER,
        model=EndUser,
        account=account,
        natural_key=natural_key("end-user", account.pk, type, friendly_name, values),
        detail={"type": type, "fields_filled": sorted(values)},
        send=lambda: gateway.create_end_user(
            login, friendly_name=friendly_name, type=type, attributes=values
        ),
        apply=sync.apply_end_user,
        actor=actor,
        form_key=form_key,
        reason=reason,
        keepable=lambda failure: without_values(failure, values),
    )


def create_data_document(
    *,
    account: TwilioAccount,
    type: str,
    friendly_name: str,
    values: Mapping[str, Any],
    actor: User,
    form_key: UUID | None = None,
    reason: str = "",
) -> SupportingDocument:
    """Make a document without a file, such as an address, at Twilio, once. Raises as `create_end_user`."""
    login = account.require_own_login()
    return create_once(
        CREATE_DATA_DOCUMENT,
        model=SupportingDocument,
        account=account,
        natural_key=natural_key("document", account.pk, type, friendly_name, values),
        detail={"type": type, "fields_filled": sorted(values)},
        send=lambda: gateway.create_document(
            login, friendly_name=friendly_name, type=type, attributes=values
        ),
        apply=sync.apply_document,
        actor=actor,
        form_key=form_key,
        reason=reason,
        keepable=lambda failure: without_values(failure, values),
    )


def update_end_user(
    *,
    end_user: EndUser,
    friendly_name: str,
    values: Mapping[str, Any],
    opened_with: Mapping[str, Any],
    actor: User,
    form_key: UUID | None = None,
    reason: str = "",
) -> Operation | None:
    """Change what an end user says; None when it says so already. `values` replace all attributes (page 34).

    `opened_with` are the attributes that the form was opened with. Reads the end user first and raises
    ChangedMeanwhile rather than overwrite what somebody else changed. Raises the four Twilio failures,
    AlreadySent and AlreadyUnderWay.
    """
    earlier = operations.check_may_start(end_user.pk, form_key)
    end_user = read_end_user(end_user=end_user)
    current = end_user.values
    changed = sorted(
        name for name in {*current, *values} if (values.get(name) or "") != (current.get(name) or "")
    )
    conflicts = [name for name in changed if (opened_with.get(name) or "") != (current.get(name) or "")]
    if conflicts:
        raise ChangedMeanwhile(end_user, conflicts)
    renames = friendly_name != end_user.friendly_name
    if not changed and not renames:
        return None
    asked: dict[str, Any] = {"friendly_name": friendly_name} if renames else {}
    if changed:
        asked["attributes"] = {name: value for name, value in values.items() if value not in (None, "")}
    try:
        operation = operations.start(
            UPDATE_END_USER,
            account=end_user.account,
            target=end_user.pk,
            actor=actor,
            detail={
                "changed": [*(["friendly_name"] if renames else []), *changed],
                "before": _seal(end_user.friendly_name, current),
                "after": _seal(friendly_name, asked.get("attributes", current)),
            },
            reason=reason,
            form_key=form_key,
            earlier=earlier,
        )
    except operations.Overtaken:
        return update_end_user(
            end_user=end_user, friendly_name=friendly_name, values=values, opened_with=opened_with,
            actor=actor, form_key=form_key, reason=reason,
        )  # fmt: skip
    try:
        snapshot = gateway.update_end_user(end_user.account.require_own_login(), end_user.pk, asked)
    except TwilioFailure as failure:
        operations.end_as(operation, without_values(failure, {**current, **values}))
        raise
    with transaction.atomic(durable=True):
        sync.apply_end_user(snapshot, source=Change.Source.OPERATION, operation=operation)
        operations.end(operation, request_id=snapshot.request_id)
    return operation


def delete_end_user(
    *, end_user: EndUser, actor: User, form_key: UUID | None = None, reason: str = ""
) -> Operation:
    """Delete an end user at Twilio for good. 21644: a bundle holds it.

    Raises the four Twilio failures (Absent: it was gone already), AlreadySent and AlreadyUnderWay.
    """
    operation = operations.start(
        DELETE_END_USER, account=end_user.account, target=end_user.pk, actor=actor, detail={},
        reason=reason, form_key=form_key,
    )  # fmt: skip
    asked_at = timezone.now()
    try:
        request_id = gateway.delete_end_user(end_user.account.require_own_login(), end_user.pk)
    except TwilioFailure as failure:
        operations.end_as(operation, failure)
        if isinstance(failure, Absent):
            sync.mark_end_user_absent(end_user.pk, asked_at=asked_at, source=Change.Source.READ)
        raise
    with transaction.atomic(durable=True):
        sync.mark_end_user_absent(end_user.pk, asked_at=asked_at, source=Change.Source.OPERATION)
        operations.end(operation, request_id=request_id)
    return operation


def read_end_user(*, end_user: EndUser) -> EndUser:
    """Read the end user from Twilio now. Raises Absent, having noted it, and Unavailable."""
    asked_at = timezone.now()
    try:
        snapshot = gateway.fetch_end_user(end_user.account.require_own_login(), end_user.pk)
    except Absent:
        sync.mark_end_user_absent(end_user.pk, asked_at=asked_at, source=Change.Source.READ)
        raise
    sync.apply_end_user(snapshot, source=Change.Source.READ)
    fresh: EndUser = EndUser.objects.select_related("account").get(pk=end_user.pk)
    return fresh


def settle_item_operations() -> None:
    """End what lost its answer, by looking at what Twilio has now. Nothing is sent again."""
    settlers = {
        CREATE_END_USER: _settle_end_user,
        CREATE_DATA_DOCUMENT: _settle_document,
        UPDATE_END_USER: _settle_update,
        DELETE_END_USER: _settle_deletion,
    }
    for kind, settle in settlers.items():
        operations.settle_each(kind, settle)


def natural_key(what: str, account_sid: str, kind: str, friendly_name: str, values: Mapping[str, Any]) -> str:
    """What stands for the wish to make an item: equal for equal wishes, and nothing to read in it."""
    return f"{what}:{account_sid}:{fingerprint('item', kind, _seal(friendly_name, values))}"


def without_values(failure: TwilioFailure, values: Mapping[str, Any]) -> TwilioFailure:
    """The same failure, its words without the values that Twilio repeats."""
    kept = copy.copy(failure)
    for value in sorted({str(value) for value in values.values() if len(str(value)) > 1}, key=len)[::-1]:
        kept.words = kept.words.replace(value, "…")
    return kept


def _settle_end_user(operation: Operation) -> None:
    account = operation.account
    settle_creation(
        operation,
        model=EndUser,
        listed=gateway.fetch_end_users(account.require_own_login()),
        is_it=lambda payload: _key_of("end-user", payload) == operation.target,
        apply=sync.apply_end_user,
    )


def _settle_document(operation: Operation) -> None:
    account = operation.account
    settle_creation(
        operation,
        model=SupportingDocument,
        listed=gateway.fetch_documents(account.require_own_login()),
        is_it=lambda payload: _key_of("document", payload) == operation.target,
        apply=sync.apply_document,
    )


def _settle_update(operation: Operation) -> None:
    end_user = EndUser.objects.select_related("account").get(pk=operation.target)
    try:
        end_user = read_end_user(end_user=end_user)
    except Absent:
        operations.refuse(operation, "Twilio's answer was lost, and the end user is gone.")
        return
    if _seal(end_user.friendly_name, end_user.values) == operation.detail["before"]:
        operations.refuse(operation, "Twilio's answer was lost, and the end user does not show the change.")
    else:
        operations.end(operation, words="Twilio's answer was lost; the end user shows a change.")


def _settle_deletion(operation: Operation) -> None:
    end_user = EndUser.objects.select_related("account").get(pk=operation.target)
    try:
        read_end_user(end_user=end_user)
    except Absent:
        operations.end(operation, words="Twilio's answer was lost; the end user is gone.")
    else:
        operations.refuse(operation, "Twilio's answer was lost, and the end user is still there.")


def _key_of(what: str, payload: Mapping[str, Any]) -> str:
    attributes = payload.get("attributes")
    return natural_key(
        what,
        str(payload.get("account_sid")),
        str(payload.get("type")),
        str(payload.get("friendly_name")),
        attributes if isinstance(attributes, dict) else {},
    )


def _seal(friendly_name: str, values: Mapping[str, Any]) -> str:
    filled = {name: value for name, value in values.items() if value not in (None, "")}
    return fingerprint("item", friendly_name, msgspec.json.encode(filled, order="sorted").decode())
