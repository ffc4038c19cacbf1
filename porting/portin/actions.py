"""Filing port-in requests: the bill first, as a document of its own, then the request, each exactly once.

Twilio looks into every number before it answers, so a request is begun where the button is pressed, and a
worker sends it. Whoever is at it holds a lock that dies with its connection, and notes when it sends: what
was sent is never sent again, and what was not is given to the workers again.

An operation names the draft and how many numbers it has, never what was typed.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from celery import current_app
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError

from portal import files, operations
from portal.creation import begin_creation, carry_out_creation, settle_creation
from portal.locks import advisory_lock
from portal.models import Change, Operation, StoredFile, TwilioAccount, User
from portal.secrets import CannotDecrypt
from portal.twilio.errors import NoCredentials, Rejected, TwilioFailure, Uncertain
from portal.twilio.login import Login
from portal.twilio.patience import IN_A_TASK
from portal.twilio.snapshots import Snapshot
from porting.features import noting_feature
from porting.models import AccountFeature, PortInDraft, PortInNumber, PortInRequest
from porting.models.port_in_draft import FILE_PORT_IN
from porting.portin import gateway
from porting.portin.drafts import fetch_draft
from porting.portin.filing import body_of, natural_key, personal_texts
from porting.portin.gateway import PortInSnapshot
from porting.portin.refusals import problems_of
from porting.portin.splitter import MOST_NUMBERS
from porting.portin.sync import apply_port_in
from porting.privacy import keepable
from porting.statuses import PORT_IN_OVER

log = structlog.get_logger(__name__)

UPLOAD_BILL = "porting.upload_bill"
FILING_TASK = "file_port_in"
SENT_AT = "sent_at"  # of an operation's detail: when the request left for Twilio
_TWILIOS_TIME = timedelta(seconds=gateway.FILING_TIMEOUT)
_NO_FILE = "Twilio made the document, and its file did not arrive. Upload it again."
_LOST_BILL = "Twilio's answer was lost. Nothing cites the bill yet, so it can be uploaded again."
# Twilio tells dates apart by day, and its clock may differ from ours.
_LOOKED_BACK = timedelta(days=1)


class AlreadyFiled(Exception):
    """The draft is a request already."""

    def __init__(self, draft: PortInDraft) -> None:
        super().__init__("The request was filed.")
        self.draft = draft


class _NotToFile(Exception):
    """A filing that was begun cannot be sent; the words say why."""


class AlreadyPorting(Exception):
    """Numbers of the draft are in a request that is not over."""

    def __init__(self, numbers: list[PortInNumber]) -> None:
        super().__init__("Some of these numbers are being ported already.")
        self.numbers = numbers


class FiledBeside(Exception):
    """Another draft with some of the numbers is being filed at this moment."""

    def __init__(self, other: PortInDraft) -> None:
        super().__init__("Another request with some of these numbers is being filed at this moment.")
        self.other = other


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
        kept = keepable(failure, [file.name])
        operations.end_as(operation, kept)
        raise kept from None
    with transaction.atomic(durable=True):
        # Another bill may have been chosen meanwhile: this document is not of that one.
        PortInDraft.objects.open().filter(pk=draft.pk, bill=draft.bill_id).update(document_sid=snapshot.sid)
        operations.end(operation, request_id=snapshot.request_id)
    return fetch_draft(draft)


def begin_filing(
    *, draft: PortInDraft, actor: User, form_key: UUID | None = None, reason: str = ""
) -> Operation:
    """Commit that the request is to be filed, and have a worker do it: Twilio looks into every number first.

    The wish is known by account and numbers, so the same numbers are filed once whoever asks for it. Raises
    what `check_may_file` raises.
    """
    draft = check_may_file(draft, form_key)
    operation = begin_creation(
        FILE_PORT_IN,
        model=PortInRequest,
        account=draft.account,
        natural_key=natural_key(draft.account_id, draft.numbers),
        detail={"draft": str(draft.pk), "version": draft.version, "numbers": len(draft.numbers)},
        actor=actor,
        form_key=form_key,
        reason=reason,
    )
    try:
        _check_numbers(draft)  # once more: of two that began together, each sees the other now
    except (AlreadyPorting, FiledBeside) as taken:
        operations.refuse(operation, str(taken))
        raise
    send_filing(operation)
    return operation


def check_may_file(draft: PortInDraft, form_key: UUID | None = None) -> PortInDraft:
    """The draft as it is now, if `begin_filing` may be asked for it.

    Raises AlreadyFiled, AlreadyPorting with the numbers that are in another request, FiledBeside,
    AlreadyUnderWay, AlreadySent, and NotThere or CannotDecrypt when the bill is gone.
    """
    draft = fetch_draft(draft)
    if draft.is_filed:
        raise AlreadyFiled(draft)
    operations.check_may_start(natural_key(draft.account_id, draft.numbers), form_key)
    _check_numbers(draft)
    if draft.bill and not draft.document_sid:
        files.checked_file(draft.bill)
    return draft


def _check_numbers(draft: PortInDraft) -> None:
    """A filing ends as its request comes into the mirror, so it is in the one place or in the other."""
    beside = PortInDraft.objects.being_filed().exclude(pk=draft.pk)
    if other := beside.filter(numbers__overlap=draft.numbers).defer("values", "refusals").first():
        raise FiledBeside(other)
    if porting := numbers_under_way(draft.numbers):
        raise AlreadyPorting(porting)


def send_filing(operation: Operation) -> bool:
    """Give a filing to the workers; False when the broker is down, and it is given to them later."""
    try:
        current_app.send_task(FILING_TASK, args=[str(operation.pk)])
    except (BrokerError, OSError) as error:
        log.warning("filing.broker_down", operation=str(operation.pk), error=type(error).__name__)
        return False
    return True


def carry_out_filing(operation_id: UUID | str) -> PortInRequest | None:
    """File a request that was begun, and forget here what was typed for it.

    None where it is not to be sent: somebody is at it, it has ended, its worker died after it was sent, or
    the draft is not any more what was to be filed. Raises the four Twilio failures; what Twilio refused stays
    with the draft, by the names of its values.
    """
    with _filing_lock(operation_id) as held:
        started = Operation.objects.filter(kind=FILE_PORT_IN, state=Operation.State.STARTED)
        operation = started.select_related("account", "actor").filter(pk=operation_id).first()
        if not held or operation is None or SENT_AT in operation.detail:
            return None
        try:
            draft = _draft_to_file(operation)
            login, body = login_for(draft.account), body_of(draft)
        except NoCredentials as failure:
            operations.refuse(operation, failure.words)
            raise
        except TwilioFailure as failure:
            operations.refuse(operation, f"The bill did not reach Twilio. {failure.words}")
            raise
        except _NotToFile as reason:
            operations.refuse(operation, str(reason))
            return None
        except Exception:
            operations.refuse(operation, "A fault in Numberdesk. Twilio was not asked.")
            raise
        operation.detail[SENT_AT] = timezone.now().isoformat()
        operation.save(update_fields=["detail"])
        return _file(operation, draft, login, body)


def _draft_to_file(operation: Operation) -> PortInDraft:
    """The draft as it was when the button was pressed, its bill at Twilio. Raises _NotToFile."""
    rows = PortInDraft.objects.select_related("account", "bill", "saved_by").select_for_update(of=("self",))
    with transaction.atomic():  # after a change that began before the button was pressed
        draft = rows.filter(pk=operation.detail["draft"]).first()
    if draft is None or draft.is_filed or draft.version != operation.detail["version"]:
        raise _NotToFile("The draft was changed after the button was pressed. Check the answers.")
    assert operation.actor
    try:
        return upload_bill(draft=draft, actor=operation.actor)
    except operations.AlreadyUnderWay:
        raise _NotToFile("The bill was being uploaded at the same time.") from None
    except (files.NotThere, CannotDecrypt):
        raise _NotToFile("The utility bill was not kept. Upload it again.") from None


def _file(operation: Operation, draft: PortInDraft, login: Login, body: dict[str, Any]) -> PortInRequest:
    answers: dict[str, PortInSnapshot] = {}
    personal = personal_texts(draft.said)

    def send() -> Snapshot:
        with noting_feature(draft.account, AccountFeature.Feature.PORTING):
            found = gateway.create_port_in(login, body)
        answers[found.request.sid] = found
        return found.request

    try:
        return carry_out_creation(
            operation,
            model=PortInRequest,
            send=send,
            apply=partial(_apply_filed, draft.pk, answers),
            keepable=lambda failure: keepable(failure, personal),
        )
    except Rejected as failure:
        problems = problems_of(keepable(failure, personal))
        PortInDraft.objects.open().filter(pk=draft.pk).update(
            refusals={name: words for name, words in problems.items() if name}
        )
        raise


def filing_of(draft: PortInDraft) -> Operation | None:
    """The last filing of these numbers into this account, from whichever draft."""
    key = natural_key(draft.account_id, draft.numbers)
    return Operation.objects.filter(kind=FILE_PORT_IN, detail__natural_key=key).first()


def is_being_filed(draft: PortInDraft) -> bool:
    key = natural_key(draft.account_id, draft.numbers)
    return Operation.objects.open().filter(kind=FILE_PORT_IN, target=key).exists()


def numbers_under_way(numbers: Sequence[str]) -> list[PortInNumber]:
    """Those of the numbers that a request is porting; what was rejected there may be filed."""
    rows = PortInNumber.objects.present().filter(phone_number__in=numbers)
    rows = rows.exclude(status__in=[*PORT_IN_OVER, "port_rejected", "canceling"])
    return list(rows.exclude(request__status__in=PORT_IN_OVER).with_request()[:MOST_NUMBERS])


def settle_port_in_operations() -> None:
    """End what lost its answer, by looking at what Twilio has now. Nothing is sent again."""
    operations.settle_each(FILE_PORT_IN, _settle_filing)
    operations.settle_each(UPLOAD_BILL, lambda operation: operations.refuse(operation, _LOST_BILL))


def _settle_filing(operation: Operation) -> None:
    """Look through the requests made since for one of the same account and numbers.

    One that no worker has sent yet is given to them again. Of one that was sent nobody can say that Twilio
    does not have it before Twilio has had its time.
    """
    with _filing_lock(operation.pk) as held:
        operation.refresh_from_db()
        if not held or not operation.is_open:
            return
        sent_at = operation.detail.get(SENT_AT)
        if sent_at is None:
            send_filing(operation)
        elif timezone.now() - datetime.fromisoformat(sent_at) > _TWILIOS_TIME:
            _look_for(operation)


def _look_for(operation: Operation) -> None:
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


def _filing_lock(operation_id: UUID | str) -> AbstractContextManager[bool]:
    return advisory_lock(f"{FILE_PORT_IN}:{operation_id}")


def _bill_target(draft: PortInDraft) -> str:
    return f"bill:{draft.pk.hex}"
