"""What staff can do with bundles: make, change, fill, evaluate, submit, delete.

A bundle's e-mail address and name may be a person's, so operations keep the names of what changed and
fingerprints to recognise it by.
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from compliance import gateway, sync
from compliance.models import Bundle, EndUser, Evaluation, ItemAssignment, Regulation, SupportingDocument
from portal import operations
from portal.creation import create_once, settle_creation
from portal.models import Change, Operation, TwilioAccount, User
from portal.secrets import fingerprint
from portal.twilio.errors import Absent, TwilioFailure
from portal.twilio.patience import IN_A_REQUEST, Patience
from portal.twilio.snapshots import Snapshot

CREATE_BUNDLE = "compliance.create_bundle"
UPDATE_BUNDLE = "compliance.update_bundle"
SUBMIT_BUNDLE = "compliance.submit_bundle"
REOPEN_BUNDLE = "compliance.reopen_bundle"
CHANGE_ITEMS = "compliance.change_items"
DELETE_BUNDLE = "compliance.delete_bundle"
# Twilio's names of what a form says of a bundle, in the order in which staff read them.
PROPERTIES: Mapping[str, str] = {
    "friendly_name": "Name",
    "email": "Contact e-mail",
    "status_callback": "Callback URL",
}

Item = EndUser | SupportingDocument


class NotEditable(Exception):
    """The bundle is neither a draft nor rejected: its items and its status are Twilio's (page 31)."""

    def __init__(self, bundle: Bundle) -> None:
        super().__init__("The bundle cannot be changed in its status.")
        self.bundle = bundle


class NotCompliant(Exception):
    """Twilio's evaluation found something missing; it was not submitted (page 37)."""

    def __init__(self, evaluation: Evaluation) -> None:
        super().__init__("The bundle does not comply with its regulation.")
        self.evaluation = evaluation


class ChangedMeanwhile(Exception):
    """Twilio's values are not the ones that were on the form. `fields` are name -> (opened with, now)."""

    def __init__(self, bundle: Bundle, fields: Mapping[str, tuple[str, str]]) -> None:
        super().__init__("The bundle has changed since the form was opened.")
        self.bundle = bundle
        self.fields = fields


def values_of(bundle: Bundle) -> dict[str, str]:
    """What a form shows of a bundle."""
    return {name: getattr(bundle, name) or "" for name in PROPERTIES}


def create_bundle(
    *,
    account: TwilioAccount,
    regulation: Regulation,
    friendly_name: str,
    email: str,
    actor: User,
    status_callback: str = "",
    is_test: bool = False,
    form_key: UUID | None = None,
    reason: str = "",
) -> Bundle:
    """Make a draft at Twilio, once. A test bundle is always rejected when it is submitted (18099).

    Raises the four Twilio failures, AlreadyUnderWay, and AlreadySent whose operation's target is the bundle.
    """
    login = account.require_own_login()
    values = {"friendly_name": friendly_name, "email": email, "regulation_sid": regulation.pk}
    if status_callback:
        values["status_callback"] = status_callback
    asked = {**values, **({"is_test": True} if is_test else {})}
    bundle = create_once(
        CREATE_BUNDLE,
        model=Bundle,
        account=account,
        natural_key=_natural_key(account.pk, values),
        detail={"regulation": regulation.pk, "is_test": is_test},
        send=lambda: gateway.create_bundle(login, asked),
        apply=sync.apply_bundle,
        actor=actor,
        form_key=form_key,
        reason=reason,
    )
    if is_test:
        bundle.is_test = True
        bundle.save(update_fields=["is_test"])
    return bundle


def read_bundle(*, bundle: Bundle, patience: Patience = IN_A_REQUEST) -> Bundle:
    """Read the bundle, its items and evaluations from Twilio now. Raises Absent, having noted it."""
    fresh = sync.refetch_bundle(bundle.account, bundle.pk, source=Change.Source.READ, patience=patience)
    if fresh is None:
        raise Absent("Twilio does not have this bundle any more.")
    return fresh


def update_bundle(
    *,
    bundle: Bundle,
    wanted: Mapping[str, str],
    opened_with: Mapping[str, str],
    actor: User,
    form_key: UUID | None = None,
    reason: str = "",
) -> Operation | None:
    """Change name, e-mail or callback, `PROPERTIES`; None when Twilio already has them so.

    Reads the bundle first and raises ChangedMeanwhile rather than overwrite what somebody else changed.
    Raises the four Twilio failures, AlreadySent and AlreadyUnderWay.
    """
    earlier = operations.check_may_start(bundle.pk, form_key)
    bundle = read_bundle(bundle=bundle)
    current = values_of(bundle)
    changes = {name: value for name, value in wanted.items() if value != opened_with[name]}
    conflicts = {
        name: (opened_with[name], current[name])
        for name, value in changes.items()
        if current[name] not in (opened_with[name], value)
    }
    if conflicts:
        raise ChangedMeanwhile(bundle, conflicts)
    changes = {name: value for name, value in changes.items() if value != current[name]}
    if not changes:
        return None
    detail = {
        "changed": [name for name in PROPERTIES if name in changes],
        "after": _seal(changes),
        "before": _seal({name: current[name] for name in changes}),
    }
    operation = _start(UPDATE_BUNDLE, bundle, actor, detail, form_key, reason, earlier)
    login = bundle.account.require_own_login()
    return _sent(operation, lambda: gateway.update_bundle(login, bundle.pk, changes))


def evaluate_bundle(*, bundle: Bundle, patience: Patience = IN_A_REQUEST) -> Evaluation:
    """Have Twilio check the bundle against its regulation, and return what it found.

    A question more than a change, so it is no operation: nothing is bound by it, and asking twice leaves
    two lines in the history. Raises the four Twilio failures.
    """
    login = bundle.account.require_own_login()
    snapshot = gateway.create_evaluation(login, bundle.pk, patience=patience)
    sync.apply_evaluation(snapshot, source=Change.Source.OPERATION)
    evaluation: Evaluation = Evaluation.objects.get(pk=snapshot.sid)
    return evaluation


def submit_bundle(
    *, bundle: Bundle, actor: User, form_key: UUID | None = None, reason: str = ""
) -> Operation:
    """Send a draft, or a repaired rejected bundle, to Twilio's reviewers; the status goes alone (22204).

    Raises NotEditable, NotCompliant with the evaluation that was made for it, the four Twilio failures,
    AlreadySent and AlreadyUnderWay.
    """
    earlier = operations.check_may_start(bundle.pk, form_key)
    bundle = _editable(bundle)
    evaluation = evaluate_bundle(bundle=bundle)
    if not evaluation.is_compliant:
        raise NotCompliant(evaluation)
    detail = {
        "evaluation": evaluation.pk,
        "fields": {"status": [bundle.status, Bundle.Status.PENDING_REVIEW]},
    }
    operation = _start(SUBMIT_BUNDLE, bundle, actor, detail, form_key, reason, earlier)
    login, values = bundle.account.require_own_login(), {"status": str(Bundle.Status.PENDING_REVIEW)}
    return _sent(operation, lambda: gateway.update_bundle(login, bundle.pk, values))


def reopen_bundle(
    *, bundle: Bundle, actor: User, form_key: UUID | None = None, reason: str = ""
) -> Operation:
    """Make a rejected bundle a draft again. Raises as `submit_bundle`, and does not evaluate."""
    earlier = operations.check_may_start(bundle.pk, form_key)
    bundle = _editable(bundle)
    detail = {"fields": {"status": [bundle.status, Bundle.Status.DRAFT]}}
    operation = _start(REOPEN_BUNDLE, bundle, actor, detail, form_key, reason, earlier)
    login, values = bundle.account.require_own_login(), {"status": str(Bundle.Status.DRAFT)}
    return _sent(operation, lambda: gateway.update_bundle(login, bundle.pk, values))


def assign_item(
    *, bundle: Bundle, item: Item, actor: User, form_key: UUID | None = None, reason: str = ""
) -> Operation | None:
    """Put an end user or a document into a bundle; None when it is there. Raises as `change_items`."""
    return change_items(bundle=bundle, add=item, remove=None, actor=actor, form_key=form_key, reason=reason)


def replace_item(
    *, bundle: Bundle, old: Item, new: Item, actor: User, form_key: UUID | None = None, reason: str = ""
) -> Operation | None:
    """Put one item in the place of another, in one step. Raises as `change_items`."""
    return change_items(bundle=bundle, add=new, remove=old, actor=actor, form_key=form_key, reason=reason)


def change_items(
    *,
    bundle: Bundle,
    add: Item | None,
    remove: Item | None,
    actor: User,
    form_key: UUID | None = None,
    reason: str = "",
) -> Operation | None:
    """Add an item, remove one, or both: the new one goes in first, so that the bundle never lacks it.

    None when the bundle is so already. Raises NotEditable, the four Twilio failures, AlreadySent and
    AlreadyUnderWay. After a failure between the two both items are there, and the words say so.
    """
    earlier = operations.check_may_start(bundle.pk, form_key)
    bundle = _editable(bundle)
    assigned = {item.object_sid: item.pk for item in ItemAssignment.objects.present().filter(bundle=bundle)}
    adds = add is not None and add.pk not in assigned
    removes = remove is not None and remove.pk in assigned
    if not adds and not removes:
        return None
    detail = {"add": add.pk if add and adds else None, "remove": remove.pk if remove and removes else None}
    operation = _start(CHANGE_ITEMS, bundle, actor, detail, form_key, reason, earlier)
    login, request_id, added = bundle.account.require_own_login(), "", None
    try:
        if add and adds:
            added = gateway.create_item(login, bundle.pk, add.pk)
            sync.apply_item(added, source=Change.Source.OPERATION, operation=operation)
            request_id = added.request_id
        if remove and removes:
            asked_at = timezone.now()
            request_id = gateway.delete_item(login, bundle.pk, assigned[remove.pk])
            sync.mark_item_absent(assigned[remove.pk], asked_at=asked_at, source=Change.Source.OPERATION)
    except TwilioFailure as failure:
        if added:
            failure.words = f"The new item was added, and the old one is still there: {failure.words}"
        operations.end_as(operation, failure)
        raise
    operations.end(operation, request_id=request_id)
    return operation


def delete_bundle(
    *, bundle: Bundle, actor: User, form_key: UUID | None = None, reason: str = ""
) -> Operation:
    """Delete a bundle at Twilio for good. 21647: it is under review; 21648: numbers use it.

    Raises the four Twilio failures (Absent: it was gone already), AlreadySent and AlreadyUnderWay.
    """
    earlier = operations.check_may_start(bundle.pk, form_key)
    operation = _start(DELETE_BUNDLE, bundle, actor, {}, form_key, reason, earlier)
    asked_at = timezone.now()
    try:
        request_id = gateway.delete_bundle(bundle.account.require_own_login(), bundle.pk)
    except TwilioFailure as failure:
        operations.end_as(operation, failure)
        if isinstance(failure, Absent):
            sync.mark_bundle_absent(bundle.pk, asked_at=asked_at, source=Change.Source.READ)
        raise
    with transaction.atomic(durable=True):
        sync.mark_bundle_absent(bundle.pk, asked_at=asked_at, source=Change.Source.OPERATION)
        operations.end(operation, request_id=request_id)
    return operation


def settle_bundle_operations() -> None:
    """End what lost its answer, by looking at what Twilio has now. Nothing is sent again."""
    settlers = {
        CREATE_BUNDLE: _settle_creation,
        UPDATE_BUNDLE: _settle_update,
        SUBMIT_BUNDLE: _settle_status,
        REOPEN_BUNDLE: _settle_status,
        CHANGE_ITEMS: _settle_items,
        DELETE_BUNDLE: _settle_deletion,
    }
    for kind, settle in settlers.items():
        operations.settle_each(kind, settle)


def _settle_creation(operation: Operation) -> None:
    account = operation.account
    login = account.require_own_login()
    settle_creation(
        operation,
        model=Bundle,
        listed=gateway.fetch_bundles(login, RegulationSid=operation.detail["regulation"]),
        is_it=lambda payload: _natural_key(account.pk, payload) == operation.target,
        apply=sync.apply_bundle,
    )
    if operation.detail["is_test"] and operation.state == Operation.State.DONE:
        Bundle.objects.filter(pk=operation.target).update(is_test=True)


def _settle_update(operation: Operation) -> None:
    if bundle := _now(operation):
        current = values_of(bundle)
        now = _seal({name: current[name] for name in operation.detail["changed"]})
        if now == operation.detail["before"]:
            operations.refuse(operation, "Twilio's answer was lost, and the bundle does not show the change.")
        else:
            operations.end(operation, words="Twilio's answer was lost; the bundle shows a change.")


def _settle_status(operation: Operation) -> None:
    """A status that is the one before was not sent, unless Twilio dates a change of the bundle since."""
    if bundle := _now(operation):
        before, _ = operation.detail["fields"]["status"]
        since = operation.started_at
        changed = bundle.remote_updated_at is not None and bundle.remote_updated_at >= since
        if bundle.status == before and not changed:
            operations.refuse(operation, f"Twilio's answer was lost, and the bundle is still {before}.")
        else:
            operations.end(operation, words=f"Twilio's answer was lost; the bundle is {bundle.status}.")


def _settle_items(operation: Operation) -> None:
    if bundle := _now(operation):
        assigned = set(
            ItemAssignment.objects.present().filter(bundle=bundle).values_list("object_sid", flat=True)
        )
        add, remove = operation.detail["add"], operation.detail["remove"]
        if (add is None or add in assigned) and (remove is None or remove not in assigned):
            operations.end(operation, words="Twilio's answer was lost; the bundle has its items so.")
        else:
            operations.refuse(
                operation, "Twilio's answer was lost, and the bundle's items do not show the change."
            )


def _settle_deletion(operation: Operation) -> None:
    bundle = Bundle.objects.select_related("account").get(pk=operation.target)
    if sync.refetch_bundle(bundle.account, bundle.pk, source=Change.Source.READ) is None:
        operations.end(operation, words="Twilio's answer was lost; the bundle is gone.")
    else:
        operations.refuse(operation, "Twilio's answer was lost, and the bundle is still there.")


def _now(operation: Operation) -> Bundle | None:
    """The bundle as Twilio has it now; None, with the operation refused, when it is gone."""
    bundle = sync.refetch_bundle(operation.account, operation.target, source=Change.Source.READ)
    if bundle is None:
        operations.refuse(operation, "Twilio's answer was lost, and the bundle is gone.")
    return bundle


def _editable(bundle: Bundle) -> Bundle:
    """The bundle as Twilio has it now; NotEditable when it may not be changed."""
    fresh = read_bundle(bundle=bundle)
    if not fresh.is_editable:
        raise NotEditable(fresh)
    return fresh


def _start(
    kind: str,
    bundle: Bundle,
    actor: User,
    detail: Mapping[str, Any],
    form_key: UUID | None,
    reason: str,
    earlier: int,
) -> Operation:
    """Write the intent down; a change made since the bundle was read counts as one that is under way."""
    try:
        return operations.start(
            kind,
            account=bundle.account,
            target=bundle.pk,
            actor=actor,
            detail=dict(detail),
            reason=reason,
            form_key=form_key,
            earlier=earlier,
        )
    except operations.Overtaken:
        latest = Operation.objects.about(bundle.pk).first()
        assert latest is not None
        raise operations.AlreadyUnderWay(latest) from None


def _sent(operation: Operation, send: Callable[[], Snapshot]) -> Operation:
    try:
        snapshot = send()
    except TwilioFailure as failure:
        operations.end_as(operation, failure)
        raise
    with transaction.atomic(durable=True):
        sync.apply_bundle(snapshot, source=Change.Source.OPERATION, operation=operation)
        operations.end(operation, request_id=snapshot.request_id)
    return operation


def _natural_key(account_sid: str, values: Mapping[str, Any]) -> str:
    parts = (str(values.get(name) or "") for name in ("regulation_sid", "friendly_name", "email"))
    return f"bundle:{account_sid}:{fingerprint('bundle', *parts)}"


def _seal(values: Mapping[str, str]) -> str:
    return fingerprint("bundle", *(f"{name}={values[name]}" for name in sorted(values)))
