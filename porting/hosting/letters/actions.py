"""Authorization documents: one letter for many verified orders, taken back, and issued again (pages 9 and
11).

A letter goes to its signer as soon as it is made. v2 revokes one by deleting it, and its orders are verified
again; the preview can only take it back, change it and send it once more (contract §4, row 11).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Func
from django.utils import timezone

from portal import operations
from portal.creation import create_once, end_created
from portal.mirror import runs
from portal.models import Change, Operation, SyncRun, TwilioAccount, User
from portal.secrets import fingerprint
from portal.twilio.errors import Absent, TwilioFailure
from portal.twilio.patience import IN_A_REQUEST, IN_A_TASK, Patience
from porting.hosting import gateway, sync
from porting.models import AuthorizationDocument, HostedOrder, LetterDraft
from porting.models.hosting import HostedOrderQuerySet
from porting.privacy import keepable

CREATE_LETTER = "porting.create_authorization"
RESEND_LETTER = "porting.resend_authorization"
REVOKE_LETTER = "porting.revoke_authorization"
MOST_ORDERS = 15_000  # page 11
# So many orders are read one by one after a change of their letter; more are read as a list, by a worker.
_READ_AT_ONCE = 10
# So many orders are looked at to see whether they name the same person.
_COMPARED = 50


class NothingToSign(Exception):
    """None of the orders can be put on a letter: they are not verified, or another letter names them."""


class NotRevocable(Exception):
    """The letter is signed, or over."""

    def __init__(self, document: AuthorizationDocument) -> None:
        super().__init__("The letter cannot be revoked in its status.")
        self.document = document


def draft_letters(
    orders: Iterable[HostedOrder], *, actor: User, replaces: AuthorizationDocument | None = None
) -> list[LetterDraft]:
    """Freeze these orders, a draft for each account. Raises NothingToSign, and ValueError for too many.

    Whoever was to sign the revoked letter that it replaces is proposed, or else whom the orders name.
    """
    by_account: dict[str, list[str]] = {}
    for order in orders:
        by_account.setdefault(order.account_id, []).append(order.pk)
    if not by_account:
        raise NothingToSign
    if any(len(sids) > MOST_ORDERS for sids in by_account.values()):
        raise ValueError(f"One letter names at most {MOST_ORDERS:,} orders.")
    said = _of_letter(replaces) if replaces else {}
    return [
        LetterDraft.objects.create(
            account_id=sid, author=actor, order_sids=sids, **(said or _of_orders(sids))
        )
        for sid, sids in by_account.items()
    ]


def _of_letter(letter: AuthorizationDocument) -> dict[str, Any]:
    """Who was to sign a letter, as far as that is known."""
    said: dict[str, Any] = {
        "replaces": letter.pk,
        "address_sid": letter.address_sid,
        "email": letter.email,
        "cc_emails": letter.cc_emails or [],
    }
    if before := LetterDraft.objects.filter(document_sid=letter.pk).first():
        said |= {name: getattr(before, name) for name in ("contact_title", "contact_phone_number")}
    return said


def _of_orders(sids: Sequence[str]) -> dict[str, Any]:
    """The authorized user whom the orders name, where the first of them name the same one."""
    names = ("address_sid", "email", "contact_title", "contact_phone_number")
    rows = HostedOrder.objects.filter(pk__in=sids[:_COMPARED])
    orders = rows.only("sid", "cc_emails", *names)
    said = [
        {**{name: getattr(order, name) for name in names}, "cc_emails": order.cc_emails or []}
        for order in orders
    ]
    return said[0] if said and all(one == said[0] for one in said) else {}


def draft_again(letter: AuthorizationDocument, *, actor: User, named: Sequence[str] = ()) -> LetterDraft:
    """A draft for the orders of a letter that is taken back, declined or over, to the same signer.

    `named` are those that it named when it was taken back. Raises NothingToSign where nobody knows which.
    """
    sids = named or order_sids(letter)
    if not sids and (before := LetterDraft.objects.filter(document_sid=letter.pk).first()):
        sids = before.order_sids
    orders = HostedOrder.objects.filter(account=letter.account_id, pk__in=sids).only("sid", "account_id")
    [draft] = draft_letters(orders, actor=actor, replaces=letter)
    return draft


def orders_of_draft(draft: LetterDraft) -> HostedOrderQuerySet:
    """The orders of a draft that can still be put on a letter."""
    return named_in(draft).without_loa()


def named_in(draft: LetterDraft) -> HostedOrderQuerySet:
    """All orders of a draft. Their SIDs stay in the database: there may be 15,000 of them."""
    sids = LetterDraft.objects.filter(pk=draft.pk).values_list(Func("order_sids", function="unnest"))
    return HostedOrder.objects.present().filter(account=draft.account_id, pk__in=sids)


def send_letter(
    *,
    draft: LetterDraft,
    terms: Mapping[str, Any],
    actor: User,
    form_key: UUID | None = None,
    reason: str = "",
) -> AuthorizationDocument:
    """Make the document of a draft, which Twilio sends to its signer at once.

    Raises NothingToSign, the four Twilio failures, AlreadyUnderWay, and AlreadySent whose operation's target
    is the document.
    """
    sids = sorted(orders_of_draft(draft).values_list("pk", flat=True))
    if not sids:
        if made := Operation.objects.filter(kind=CREATE_LETTER, detail__draft=str(draft.pk)).first():
            raise operations.AlreadySent(made)
        raise NothingToSign
    for name, value in terms.items():
        setattr(draft, name, value)
    draft.save(update_fields=list(terms))
    login, values = draft.account.require_own_login(), {**_values(draft), "HostedNumberOrderSids": sids}
    document = create_once(
        CREATE_LETTER,
        model=AuthorizationDocument,
        account=draft.account,
        natural_key=f"letter:{draft.account_id}:{fingerprint(draft.replaces, *sids)}",
        detail={"draft": str(draft.pk), "orders": len(sids), "first_order": sids[0]},
        send=lambda: gateway.create_document(login, values),
        apply=sync.apply_authorization,
        actor=actor,
        form_key=form_key,
        reason=reason,
        keepable=lambda failure: keepable(failure, _personal(draft)),
    )
    LetterDraft.objects.filter(pk=draft.pk).update(document_sid=document.pk)
    read_orders(draft.account, sids)
    return document


def resend_letter(
    *,
    document: AuthorizationDocument,
    draft: LetterDraft,
    terms: Mapping[str, Any],
    actor: User,
    form_key: UUID | None = None,
    reason: str = "",
) -> Operation:
    """Change a letter that was taken back, and send it again: the preview's way.

    Raises the four Twilio failures, AlreadySent and AlreadyUnderWay.
    """
    for name, value in terms.items():
        setattr(draft, name, value)
    draft.document_sid = document.pk
    draft.save(update_fields=[*terms, "document_sid"])
    operation = operations.start(
        RESEND_LETTER, account=document.account, target=document.pk, actor=actor, detail={}, reason=reason,
        form_key=form_key,
    )  # fmt: skip
    values = {**_values(draft), "Status": "signing"}
    return _changed(operation, document, values, personal=_personal(draft))


def revoke_letter(
    *, document: AuthorizationDocument, actor: User, form_key: UUID | None = None, reason: str = ""
) -> Operation:
    """Take a letter back that nobody has signed. Raises NotRevocable, the four Twilio failures (Absent: it
    was gone already), AlreadySent and AlreadyUnderWay.
    """
    earlier = operations.check_may_start(document.pk, form_key)
    document = read_letter(document=document)
    if document.status not in ("opened", "signing"):
        raise NotRevocable(document)
    try:
        operation = operations.start(
            REVOKE_LETTER,
            account=document.account,
            target=document.pk,
            actor=actor,
            detail={"status": document.status},
            reason=reason,
            form_key=form_key,
            earlier=earlier,
        )
    except operations.Overtaken:
        return revoke_letter(document=document, actor=actor, form_key=form_key, reason=reason)
    if settings.HOSTING_API == "preview":
        return _changed(operation, document, {"Status": "opened"})
    asked_at = timezone.now()
    sids = order_sids(document)
    try:
        request_id = gateway.delete_document(document.account.require_own_login(), document.pk)
    except TwilioFailure as failure:
        operations.end_as(operation, failure)
        raise
    with transaction.atomic(durable=True):
        sync.mark_authorization_absent(document.pk, asked_at=asked_at, source=Change.Source.OPERATION)
        operations.end(operation, request_id=request_id)
    read_orders(document.account, sids)
    return operation


def read_letter(
    *, document: AuthorizationDocument, patience: Patience = IN_A_REQUEST
) -> AuthorizationDocument:
    """Read the letter from Twilio now. Raises Absent, having noted it, and what a read raises."""
    source = Change.Source.READ
    fresh = sync.refetch_authorization(document.account, document.pk, source=source, patience=patience)
    if fresh is None:
        raise Absent("Twilio does not have this letter any more.")
    return fresh


def order_sids(document: AuthorizationDocument) -> list[str]:
    orders = HostedOrder.objects.present().filter(signing_document_sid=document.pk)
    return list(orders.order_by("pk").values_list("pk", flat=True))


def read_orders(account: TwilioAccount, sids: Sequence[str]) -> None:
    """Learn what became of orders whose letter changed: some at once, many as a list, by a worker."""
    if len(sids) > _READ_AT_ONCE:
        runs.send(runs.request_run(account, "hosted_orders", trigger=SyncRun.Trigger.PERSON))
        return
    for sid in sids:
        try:
            sync.refetch_order(account, sid, source=Change.Source.READ, patience=IN_A_REQUEST)
        except TwilioFailure:
            return  # the sync learns it


def settle_letters() -> None:
    """End what was done with letters and got no answer, by looking at Twilio."""
    operations.settle_each(CREATE_LETTER, _settle_creation)
    operations.settle_each(REVOKE_LETTER, _settle_revocation)
    operations.settle_each(RESEND_LETTER, _settle_resending)


def _settle_creation(operation: Operation) -> None:
    """The letter that one of its orders names: it named none when the letter was asked for."""
    assert operation.account
    account, source = operation.account, Change.Source.OPERATION
    order = sync.refetch_order(account, operation.detail["first_order"], source=source)
    if order is None or not order.signing_document_sid:
        operations.refuse(operation, "Twilio's answer was lost, and its orders are on no letter.")
        return
    login = account.require_own_login()
    snapshot = gateway.fetch_document(login, order.signing_document_sid, patience=IN_A_TASK)
    end_created(
        operation,
        snapshot,
        model=AuthorizationDocument,
        apply=sync.apply_authorization,
        words="Twilio's answer was lost; it is there.",
    )
    draft = LetterDraft.objects.filter(pk=operation.detail["draft"])
    draft.update(document_sid=snapshot.sid)
    runs.send(runs.request_run(account, "hosted_orders", trigger=SyncRun.Trigger.SCHEDULE))


def _settle_revocation(operation: Operation) -> None:
    document = _looked_at(operation)
    if document is None or document.status == "opened":
        operations.end(operation, words="Twilio's answer was lost; the letter is revoked.")
        assert operation.account
        runs.send(runs.request_run(operation.account, "hosted_orders", trigger=SyncRun.Trigger.SCHEDULE))
    else:
        operations.refuse(operation, "Twilio's answer was lost, and the letter is as it was.")


def _settle_resending(operation: Operation) -> None:
    document = _looked_at(operation)
    if document is not None and document.status != "opened":
        operations.end(operation, words="Twilio's answer was lost; the letter is sent.")
    else:
        operations.refuse(operation, "Twilio's answer was lost, and the letter is not sent.")


def _looked_at(operation: Operation) -> AuthorizationDocument | None:
    assert operation.account
    return sync.refetch_authorization(
        operation.account, operation.target, source=Change.Source.OPERATION, operation=operation
    )


def _changed(
    operation: Operation,
    document: AuthorizationDocument,
    values: Mapping[str, Any],
    *,
    personal: Sequence[str] = (),
) -> Operation:
    try:
        snapshot = gateway.update_document(document.account.require_own_login(), document.pk, values)
    except TwilioFailure as failure:
        operations.end_as(operation, keepable(failure, personal))
        raise
    with transaction.atomic(durable=True):
        sync.apply_authorization(snapshot, source=Change.Source.OPERATION, operation=operation)
        operations.end(operation, request_id=snapshot.request_id)
    read_orders(document.account, order_sids(document))
    return operation


def _values(draft: LetterDraft) -> dict[str, Any]:
    values: dict[str, Any] = {
        "AddressSid": draft.address_sid,
        "Email": draft.email,
        "ContactTitle": draft.contact_title,
        "ContactPhoneNumber": draft.contact_phone_number,
    }
    if draft.cc_emails:
        values["CcEmails"] = draft.cc_emails
    return values


def _personal(draft: LetterDraft) -> list[str]:
    return [draft.email, *(draft.cc_emails or []), draft.contact_phone_number, draft.contact_title]
