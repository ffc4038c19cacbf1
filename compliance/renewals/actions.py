"""Bringing a bundle up to date: copy it, check the copy, replace its items, delete the copy (page 28).

Everything between, filling the copy and submitting it, is what is done with any draft: `bundles.actions`.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar
from uuid import UUID

from django.db import transaction

from compliance import gateway, sync
from compliance.bundles.actions import delete_bundle, evaluate_bundle, read_bundle
from compliance.models import Bundle, EndUser, ItemAssignment
from compliance.querysets import BundleQuerySet
from compliance.renewals.deadlines import last_change_of
from compliance.renewals.preflight import Check, is_clear, preflight
from compliance.renewals.rules import day_words, newest_copy
from compliance.templatetags.compliance_ui import regulation_name
from portal import operations
from portal.batches import asking
from portal.batches.asking import Frozen
from portal.batches.runner import Outcome, Refused
from portal.models import Batch, BatchItem, Change, Operation, User
from portal.twilio.errors import Absent, TwilioFailure, Uncertain
from portal.twilio.patience import IN_A_REQUEST, IN_A_TASK, Patience

START_UPDATE = "compliance.start_update"
START_UPDATES = "compliance.start_updates"  # the batch of them
REPLACE_ITEMS = "compliance.replace_items"
ESCALATE_REVIEW = "compliance.escalate_review"
# What a copy is called: the bundle's name and this, in no more than Twilio takes.
_SUFFIX = " (update)"
_LONGEST_NAME = 64

T = TypeVar("T")


class NotRenewable(Exception):
    """The bundle is not approved, or has no last day: there is nothing to bring up to date (22223)."""

    def __init__(self, bundle: Bundle) -> None:
        super().__init__("Only an approved bundle with a last day is brought up to date by a copy.")
        self.bundle = bundle


class NotReady(Exception):
    """Something stands against replacing the items; nothing was sent. `checks` say what."""

    def __init__(self, checks: list[Check]) -> None:
        super().__init__("Something stands against replacing the items.")
        self.checks = checks


def start_update(
    *,
    bundle: Bundle,
    actor: User,
    form_key: UUID | None = None,
    reason: str = "",
    patience: Patience = IN_A_REQUEST,
) -> Operation | None:
    """Copy a bundle at Twilio and have the copy evaluated; None when it has a copy already, made anywhere.

    Raises NotRenewable, the four Twilio failures, AlreadySent and AlreadyUnderWay. What fails after the copy
    was made, reading and evaluating it, is done again from its page.
    """
    earlier = operations.check_may_start(bundle.pk, form_key)
    bundle = read_bundle(bundle=bundle, patience=patience)
    if not (bundle.is_approved and bundle.valid_until):
        raise NotRenewable(bundle)
    known = [copy.sid for copy in sync.recognise_copies(bundle, source=Change.Source.READ, patience=patience)]
    if known:
        return None
    operation = _start(START_UPDATE, bundle, actor, {}, form_key, reason, earlier)
    login = bundle.account.require_own_login()
    name = bundle.friendly_name.removesuffix(_SUFFIX)[: _LONGEST_NAME - len(_SUFFIX)] + _SUFFIX
    try:
        made = gateway.create_copy(login, bundle.pk, friendly_name=name)
        _adopt(operation, made.sid, patience=patience)
    except TwilioFailure as failure:
        operations.end_as(operation, failure)
        raise
    _look_into(made.sid, patience=patience)
    return operation


def evaluate_copy(*, copy: Bundle) -> None:
    """Have Twilio check the copy, and read it and its items. Raises the four Twilio failures."""
    evaluate_bundle(bundle=copy)
    read_update(bundle=copy)


def read_update(*, bundle: Bundle, patience: Patience = IN_A_REQUEST) -> Bundle:
    """Read a bundle from Twilio now, with its documents, and its end users where nobody has yet.

    Raises the four Twilio failures; Absent when it is gone.
    """
    bundle = read_bundle(bundle=bundle, patience=patience)
    if bundle.valid_until and not bundle.copy_of:
        sync.recognise_copies(bundle, source=Change.Source.READ, patience=patience)
    _read_papers(bundle, patience=patience)
    return bundle


def replace_items(
    *, bundle: Bundle, copy: Bundle, actor: User, form_key: UUID | None = None, reason: str = ""
) -> Operation:
    """Give a bundle the items of its approved copy; it keeps its SID and numbers, and its last day goes.

    Reads both first. Raises NotReady with what stands against it, the four Twilio failures, AlreadySent and
    AlreadyUnderWay. The copy has no items afterwards; `delete_copy` is the next step.
    """
    earlier = operations.check_may_start(bundle.pk, form_key)
    bundle, copy = read_update(bundle=bundle), read_update(bundle=copy)
    checks = preflight(bundle, copy, changed_at=last_change_of(bundle.regulation))
    if not is_clear(checks):
        raise NotReady(checks)
    detail = {"copy": copy.pk, "items": sorted(_items_of(copy))}
    operation = _start(REPLACE_ITEMS, bundle, actor, detail, form_key, reason, earlier)
    login = bundle.account.require_own_login()
    try:
        request_id = gateway.replace_items(login, bundle.pk, copy.pk)
        _read_result(operation)
    except TwilioFailure as failure:
        operations.end_as(operation, failure)
        raise
    operations.end(operation, request_id=request_id)
    return operation


def delete_copy(*, copy: Bundle, actor: User, form_key: UUID | None = None, reason: str = "") -> Operation:
    """Delete a copy that is not needed any more. Raises as `delete_bundle`."""
    return delete_bundle(bundle=copy, actor=actor, form_key=form_key, reason=reason)


def escalate(*, bundles: list[Bundle], ticket: str, actor: User) -> None:
    """Write down that Twilio was told of reviews that take too long, and under which number of its own."""
    with transaction.atomic():
        for bundle in bundles:
            detail = {"ticket": ticket}
            operations.record(
                ESCALATE_REVIEW, account=bundle.account, target=bundle.pk, actor=actor, detail=detail
            )


def draft_starts(rows: BundleQuerySet, *, author: User) -> Batch:
    """Freeze bundles whose updates are to be started. Raises NotAllowed for none, and for too many."""
    chosen = rows.select_related("regulation").defer("payload", "regulation__payload")
    in_order = chosen.order_by("valid_until", "sid")[: asking.MOST_ITEMS + 1]
    items = [Frozen(bundle.account_id, bundle.pk, _name_of(bundle)) for bundle in in_order]
    if not items:
        raise asking.NotAllowed("Tick the bundles to start with.")
    return asking.draft(START_UPDATES, author=author, draft_view="compliance:renewal-batch", items=items)


def _name_of(bundle: Bundle) -> str:
    """What a batch calls a bundle, whose own name may be a person's."""
    return f"{regulation_name(bundle.regulation)}, {bundle.pk[:6]}…{bundle.pk[-4:]}"


def check_starts_of(batch: Batch) -> None:
    """Look at every bundle of a draft: leave out what has a copy, and what cannot be copied."""
    items = list(batch.items.all())
    sids = [item.target for item in items]
    bundles = Bundle.objects.present().in_bulk(sids)
    copied = set(Bundle.objects.present().filter(copy_of__in=sids).values_list("copy_of", flat=True))
    for item in items:
        bundle = bundles.get(item.target)
        was_possible, words = item.detail.get("possible", True), ""
        if bundle is None:
            words = "Twilio does not have it any more."
        elif bundle.pk in copied:
            words = "It has a copy already. Go on with that one."
        elif not bundle.is_approved:
            words = "It is not approved any more, so it cannot be copied."
        elif not bundle.valid_until:
            words = "It has no last day any more."
        until = f"Valid until {day_words(bundle.valid_until)}" if bundle and bundle.valid_until else ""
        item.words, item.detail = words, {"possible": not words, "text": until}
        if words:
            item.state = BatchItem.State.LEFT_OUT
        elif not was_possible:
            item.state = BatchItem.State.WAITING
    BatchItem.objects.bulk_update(items, ["detail", "state", "words"], batch_size=1000)


def carry_out_start(item: BatchItem) -> Outcome:
    """Start the update of one bundle of a batch."""
    bundle = Bundle.objects.select_related("account").get(pk=item.target)
    actor, reason = item.batch.author, item.batch.reason
    try:
        operation = start_update(
            bundle=bundle, actor=actor, form_key=item.key, reason=reason, patience=IN_A_TASK
        )
    except NotRenewable:
        raise Refused("It is not approved any more, or has no last day any more.") from None
    copy = newest_copy(bundle)
    sid = copy.pk if copy else ""
    words = "The copy was made and evaluated." if operation else "It had a copy already."
    return Outcome(operation, sid, words)


def settle_renewals() -> None:
    """End what lost its answer, by looking at what Twilio has now. Nothing is sent again."""
    operations.settle_each(START_UPDATE, _settle_start)
    operations.settle_each(REPLACE_ITEMS, _settle_replacement)


def _settle_start(operation: Operation) -> None:
    """A copy that there is now is the one: none was there when it was asked for."""
    bundle = Bundle.objects.select_related("account").get(pk=operation.target)
    copies = sync.recognise_copies(bundle, source=Change.Source.READ)
    if not copies:
        operations.refuse(operation, "Twilio's answer was lost, and the bundle has no copy.")
        return
    newest = max(copies, key=lambda copy: str(copy.payload.get("date_created")))
    _adopt(operation, newest.sid, words="Twilio's answer was lost; the copy is there.", patience=IN_A_TASK)
    _look_into(newest.sid, patience=IN_A_TASK)


def _settle_replacement(operation: Operation) -> None:
    """The bundle that has every item which was the copy's has been given them."""
    bundle = sync.refetch_bundle(operation.account, operation.target, source=Change.Source.READ)
    if bundle is None:
        operations.refuse(operation, "Twilio's answer was lost, and the bundle is gone.")
    elif set(operation.detail["items"]) <= _items_of(bundle):
        _read_result(operation)
        operations.end(operation, words="Twilio's answer was lost; the items were replaced.")
    else:
        operations.refuse(operation, "Twilio's answer was lost, and the bundle has the items it had before.")


def _adopt(operation: Operation, sid: str, *, patience: Patience, words: str = "") -> None:
    """Copy a new copy in and end the operation that made it; `detail.sid` is what it made."""
    login = operation.account.require_own_login()
    snapshot = _surely(lambda: gateway.fetch_bundle(login, sid, patience=patience))
    with transaction.atomic(durable=True):
        sync.apply_bundle(snapshot, source=Change.Source.OPERATION, operation=operation)
        Bundle.objects.filter(pk=sid).update(copy_of=operation.target)
        operation.detail = {**operation.detail, "sid": sid}
        operation.save(update_fields=["detail"])
        operations.end(operation, words=words, request_id=snapshot.request_id)


def _read_result(operation: Operation) -> None:
    """Read what replacing the items made of the two."""
    read = partial(
        sync.refetch_bundle, operation.account, source=Change.Source.OPERATION, operation=operation
    )
    for sid in (operation.target, operation.detail["copy"]):
        _surely(partial(read, sid))


def _surely(read: Callable[[], T]) -> T:
    """Read what a change made. Where that fails, the change is not known to be done, and is settled later."""
    try:
        return read()
    except TwilioFailure as failure:
        raise Uncertain(f"Twilio did it, and could not be read afterwards: {failure.words}") from failure


def _look_into(sid: str, *, patience: Patience) -> None:
    """Evaluate a new copy and read its papers, as far as Twilio answers."""
    copy = Bundle.objects.select_related("account").get(pk=sid)
    with suppress(TwilioFailure):
        evaluate_bundle(bundle=copy, patience=patience)
        read_update(bundle=copy, patience=patience)


def _read_papers(bundle: Bundle, *, patience: Patience) -> None:
    """Read the documents of a bundle, whose addresses count, and its end users if nobody has yet."""
    login = bundle.account.require_own_login()
    held = _items_of(bundle)
    known = set(EndUser.objects.filter(pk__in=held).values_list("pk", flat=True))
    for sid in sorted(held - known):
        with suppress(Absent):
            if sid.startswith("RD"):
                document = gateway.fetch_document(login, sid, patience=patience)
                sync.apply_document(document, source=Change.Source.READ)
            elif sid.startswith("IT"):
                end_user = gateway.fetch_end_user(login, sid, patience=patience)
                sync.apply_end_user(end_user, source=Change.Source.READ)


def _items_of(bundle: Bundle) -> set[str]:
    return set(ItemAssignment.objects.present().filter(bundle=bundle).values_list("object_sid", flat=True))


def _start(
    kind: str,
    bundle: Bundle,
    actor: User,
    detail: dict[str, object],
    form_key: UUID | None,
    reason: str,
    earlier: int,
) -> Operation:
    """Write the intent down; a change made since the bundle was read counts as one that is under way."""
    try:
        return operations.start(
            kind, account=bundle.account, target=bundle.pk, actor=actor, detail=detail, reason=reason,
            form_key=form_key, earlier=earlier,
        )  # fmt: skip
    except operations.Overtaken:
        latest = Operation.objects.about(bundle.pk).first()
        assert latest is not None
        raise operations.AlreadyUnderWay(latest) from None
