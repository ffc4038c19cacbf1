"""Filing port-in requests: the bill first, as a document of its own, then the request, each exactly once.

An operation names the draft and how many numbers it has, never what was typed.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from portal import files, operations
from portal.creation import create_once, settle_creation
from portal.models import Change, Operation, StoredFile, TwilioAccount, User
from portal.twilio.errors import Rejected, TwilioFailure, Uncertain
from portal.twilio.login import Login
from portal.twilio.patience import IN_A_TASK
from portal.twilio.snapshots import Snapshot
from porting.features import noting_feature
from porting.models import AccountFeature, PortInDraft, PortInNumber, PortInRequest
from porting.portin import gateway
from porting.portin.drafts import fetch_draft
from porting.portin.filing import body_of, natural_key, personal_texts
from porting.portin.gateway import PortInSnapshot
from porting.portin.refusals import keepable, problems_of
from porting.portin.sync import apply_port_in
from porting.statuses import PORT_IN_OVER

UPLOAD_BILL = "porting.upload_bill"
FILE_PORT_IN = "porting.file_port_in"
_NO_FILE = "Twilio made the document, and its file did not arrive. Upload it again."
_LOST_BILL = "Twilio's answer was lost. Nothing cites the bill yet, so it can be uploaded again."
# Twilio tells dates apart by day, and its clock may differ from ours.
_LOOKED_BACK = timedelta(days=1)


class AlreadyFiled(Exception):
    """The draft is a request already."""

    def __init__(self, draft: PortInDraft) -> None:
        super().__init__("The request was filed.")
        self.draft = draft


class AlreadyPorting(Exception):
    """Numbers of the draft are in a request that is not over."""

    def __init__(self, numbers: list[PortInNumber]) -> None:
        super().__init__("Some of these numbers are being ported already.")
        self.numbers = numbers


def login_for(account: TwilioAccount) -> Login:
    """Whose credentials port numbers into this account: its own or, as the body names it, its parent's.

    Raises NoCredentials.
    """
    own = account.own_login()
    if own is None and account.is_subaccount:
        parent = TwilioAccount.objects.filter(pk=account.owner_sid).first()
        own = parent.own_login() if parent else None
    return own or account.require_own_login()


def upload_bill(*, draft: PortInDraft, actor: User) -> PortInDraft:
    """Give Twilio the bill that was kept (page 12), and remember its document.

    A document is only ever cited, so one whose answer was lost is left alone and made again. Raises the four
    Twilio failures, AlreadyUnderWay, and NotThere when the file is gone.
    """
    if draft.bill is None or draft.document_sid:
        return draft
    login, file = login_for(draft.account), files.checked_file(draft.bill)
    operation = operations.start(
        UPLOAD_BILL, account=draft.account, target=_bill_target(draft), actor=actor,
        detail={"draft": str(draft.pk), "file": str(draft.bill_id)},
    )  # fmt: skip
    try:
        with noting_feature(draft.account, AccountFeature.Feature.PORTING):
            snapshot = gateway.upload_document(
                login, document_type="utility_bill", friendly_name="Utility bill", name=file.neutral_name,
                content=file.content, content_type=file.content_type,
            )  # fmt: skip
        if not snapshot.payload.get("mime_type"):
            raise Rejected(_NO_FILE, request_id=snapshot.request_id)
    except Uncertain:
        operations.refuse(operation, _LOST_BILL)
        raise
    except TwilioFailure as failure:
        operations.end_as(operation, keepable(failure, [file.name]))
        raise
    with transaction.atomic(durable=True):
        # Another bill may have been chosen meanwhile: this document is not of that one.
        PortInDraft.objects.open().filter(pk=draft.pk, bill=draft.bill_id).update(document_sid=snapshot.sid)
        operations.end(operation, request_id=snapshot.request_id)
    return fetch_draft(draft)


def file_port_in(
    *, draft: PortInDraft, actor: User, form_key: UUID | None = None, reason: str = ""
) -> PortInRequest:
    """File the request at Twilio, once, and forget here what was typed for it.

    The wish is known by account and numbers, so the same numbers are filed once whoever asks for it. Raises
    AlreadyFiled, AlreadyPorting with the numbers that are in another request, the four Twilio failures,
    AlreadyUnderWay and AlreadySent. What Twilio refused stays with the draft, by the names of its values.
    """
    draft = fetch_draft(draft)
    if draft.is_filed:
        raise AlreadyFiled(draft)
    key = natural_key(draft.account_id, draft.numbers)
    operations.check_may_start(key, form_key)
    if porting := numbers_under_way(draft):
        raise AlreadyPorting(porting)
    draft = upload_bill(draft=draft, actor=actor)
    login, body = login_for(draft.account), body_of(draft)
    answers: dict[str, PortInSnapshot] = {}

    def send() -> Snapshot:
        with noting_feature(draft.account, AccountFeature.Feature.PORTING):
            found = gateway.create_port_in(login, body)
        answers[found.request.sid] = found
        return found.request

    personal = personal_texts(draft.said)
    try:
        return create_once(
            FILE_PORT_IN,
            model=PortInRequest,
            account=draft.account,
            natural_key=key,
            detail={"draft": str(draft.pk), "numbers": len(draft.numbers)},
            send=send,
            apply=partial(_apply_filed, draft.pk, answers),
            actor=actor,
            form_key=form_key,
            reason=reason,
            keepable=lambda failure: keepable(failure, personal),
        )
    except Rejected as failure:
        problems = problems_of(keepable(failure, personal))
        PortInDraft.objects.open().filter(pk=draft.pk).update(
            refusals={name: words for name, words in problems.items() if name}
        )
        raise


def numbers_under_way(draft: PortInDraft) -> list[PortInNumber]:
    """Numbers of the draft that another request is porting; those that were rejected there may be filed."""
    rows = PortInNumber.objects.present().filter(phone_number__in=draft.numbers)
    rows = rows.exclude(status__in=[*PORT_IN_OVER, "port_rejected", "canceling"])
    return list(rows.exclude(request__status__in=PORT_IN_OVER).select_related("request")[:50])


def settle_port_in_operations() -> None:
    """End what lost its answer, by looking at what Twilio has now. Nothing is sent again."""
    operations.settle_each(FILE_PORT_IN, _settle_filing)
    operations.settle_each(UPLOAD_BILL, lambda operation: operations.refuse(operation, _LOST_BILL))


def _settle_filing(operation: Operation) -> None:
    """Look through the requests made since for one of the same account and numbers."""
    key, answers = operation.detail["natural_key"], dict[str, PortInSnapshot]()

    def listed() -> Iterator[Snapshot]:
        for found in _filed_since(operation):
            answers[found.request.sid] = found
            yield found.request

    settle_creation(
        operation,
        model=PortInRequest,
        listed=listed(),
        is_it=lambda payload: key_of(answers[str(payload["sid"])]) == key,
        apply=partial(_apply_filed, UUID(operation.detail["draft"]), answers),
    )


def key_of(found: PortInSnapshot) -> str:
    """The natural key of a request as Twilio shows it."""
    numbers = (str(number.payload.get("phone_number")) for number in found.numbers)
    return natural_key(str(found.request.payload["account_sid"]), numbers)


def _filed_since(operation: Operation) -> Iterator[PortInSnapshot]:
    login = login_for(operation.account)
    known = set(
        PortInRequest.objects.filter(first_seen_at__lt=operation.started_at).values_list("pk", flat=True)
    )
    since = timezone.localtime(operation.started_at, timezone.get_default_timezone()) - _LOOKED_BACK
    for summary in gateway.iter_summaries(login, CreatedAfter=f"{since:%Y-%m-%d}"):
        if summary.sid and summary.sid not in known:
            yield gateway.fetch_port_in(login, summary.sid, patience=IN_A_TASK)


def _apply_filed(
    draft_id: UUID,
    answers: dict[str, PortInSnapshot],
    snapshot: Snapshot,
    *,
    source: Change.Source,
    operation: Operation,
) -> None:
    """The request is there: copy it in, tie the draft to it, and forget what was typed."""
    apply_port_in(answers[snapshot.sid], source=source, operation=operation)
    draft = PortInDraft.objects.select_for_update().filter(pk=draft_id).first()
    if draft is None:
        return
    if draft.replaces:
        PortInRequest.objects.filter(pk=snapshot.sid).update(replaces=draft.replaces)
    StoredFile.objects.filter(owner_sid=draft.file_owner).update(owner_sid=snapshot.sid)
    nothing: dict[str, Any] = {"values": {}, "refusals": {}}
    PortInDraft.objects.filter(pk=draft.pk).update(port_in_sid=snapshot.sid, filed_at=Now(), **nothing)


def _bill_target(draft: PortInDraft) -> str:
    return f"bill:{draft.pk.hex}"
