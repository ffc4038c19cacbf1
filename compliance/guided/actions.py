"""What the guided way does at each task: keep what was typed, and bring it to Twilio once.

An item is made, changed and assigned by the actions of bundles, items and documents; here they are put
together so that a press of Continue, repeated for whatever reason, goes on where the last one stopped.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from compliance.bundles.actions import Item, assign_item, evaluate_bundle, replace_item
from compliance.documents import actions as documents
from compliance.documents.words import mark_of
from compliance.items import actions as items
from compliance.lint import holder_names
from compliance.models import Bundle, EndUser, Evaluation, GuidedAnswer, RegulationVersion, SupportingDocument
from portal import files
from portal.models import Operation, Reveal, StoredFile, User
from portal.operations import AlreadySent, AlreadyUnderWay
from portal.reveal.reveals import SHOWN_FOR
from portal.twilio.errors import TwilioFailure, Uncertain
from portal.uploads.check import CheckedFile

# What a reveal of a whole item is written down as.
ALL_FIELDS = "all fields"


def save_answer(*, bundle: Bundle, task: str, values: Mapping[str, Any], actor: User) -> GuidedAnswer:
    """Keep what was said at a task, encrypted; whoever looks at its version sees that it has changed."""
    with transaction.atomic():
        answer, is_new = GuidedAnswer.objects.select_for_update().get_or_create(
            bundle_sid=bundle.pk,
            task=task,
            defaults={"values": dict(values), "saved_by": actor},  # type: ignore[misc]
        )
        if not is_new:
            answer.values, answer.saved_by = dict(values), actor
            answer.version = F("version") + 1
            answer.saved_at = Now()
            answer.save(update_fields=["values", "saved_by", "version", "saved_at"])
            answer.refresh_from_db()
    return answer


def forget_answers(*, bundle: Bundle) -> None:
    """Nothing that was typed stays here once the bundle is on its way."""
    GuidedAnswer.objects.filter(bundle_sid=bundle.pk).exclude(task__in=("way", "regulation")).delete()
    for stored in StoredFile.objects.there().filter(owner_sid=bundle.pk):
        _release(str(stored.pk), bundle)
        files.discard(stored.pk)


def forget_answer(*, bundle: Bundle, task: str) -> None:
    """Twilio has what was typed at this task."""
    GuidedAnswer.objects.filter(bundle_sid=bundle.pk, task=task).delete()


def note_shown(*, bundle: Bundle, sid: str, actor: User, why: str = "Opened to be changed") -> None:
    """Somebody is shown what an object says: written down before, like every reveal."""
    if not Reveal.objects.running().filter(actor=actor, target=sid, field=ALL_FIELDS).exists():
        Reveal.objects.create(
            actor=actor,
            account_id=bundle.account_id,
            target=sid,
            field=ALL_FIELDS,
            reason=f"{why} in bundle {bundle.pk}",
            expires_at=timezone.now() + SHOWN_FOR,
        )


def note_version(*, bundle: Bundle, version: RegulationVersion, actor: User) -> None:
    """From here on, the person has seen the regulation as it stands in this version."""
    save_answer(bundle=bundle, task="regulation", values={"version": version.number}, actor=actor)


def begin_with(*, bundle: Bundle, holder: str, actor: User) -> None:
    """Put the end user that the bundle was begun for into it. What does not work now is a task like any."""
    wanted = bundle.regulation.end_user_type if bundle.regulation else ""
    rows = EndUser.objects.present().filter(account=bundle.account_id, type=wanted)
    if end_user := rows.filter(pk=holder).first():
        with suppress(TwilioFailure, AlreadyUnderWay):
            assign_item(bundle=bundle, item=end_user, actor=actor)


def put_item(*, bundle: Bundle, item: Item, instead_of: Item | None, actor: User) -> None:
    """Have the bundle hold this item, in the place of another if there is one. Raises as `change_items`."""
    if instead_of is None or instead_of.pk == item.pk:
        assign_item(bundle=bundle, item=item, actor=actor)
    else:
        replace_item(bundle=bundle, old=instead_of, new=item, actor=actor)


def add_end_user(
    *,
    bundle: Bundle,
    type: str,
    friendly_name: str,
    values: Mapping[str, Any],
    instead_of: EndUser | None,
    actor: User,
    form_key: UUID,
) -> EndUser:
    """Make an end user and assign it; sent again, it finds the one it made and changes that.

    Raises the four Twilio failures, AlreadyUnderWay, NotEditable and ChangedMeanwhile.
    """
    try:
        end_user = items.create_end_user(
            account=bundle.account, type=type, friendly_name=friendly_name, values=values, actor=actor,
            form_key=usable_key(form_key),
        )  # fmt: skip
    except AlreadySent as sent:
        end_user = EndUser.objects.select_related("account").get(pk=_made(sent.operation, "IT"))
        items.update_end_user(
            end_user=end_user, friendly_name=friendly_name, values=values, opened_with=end_user.values,
            actor=actor,
        )  # fmt: skip
    put_item(bundle=bundle, item=end_user, instead_of=instead_of, actor=actor)
    return end_user


def change_end_user(*, end_user: EndUser, values: Mapping[str, Any], actor: User) -> None:
    """Change what an end user says, and its name if that was made of it. Raises as `update_end_user`."""
    held = end_user.values
    before, after = next(iter(holder_names(held)), ""), next(iter(holder_names(values)), "")
    is_called_so = bool(after) and end_user.friendly_name == before
    items.update_end_user(
        end_user=end_user,
        friendly_name=after if is_called_so else end_user.friendly_name,
        values=values,
        opened_with=held,
        actor=actor,
    )


def add_document(
    *,
    bundle: Bundle,
    type: str,
    friendly_name: str,
    values: Mapping[str, Any],
    file: CheckedFile | None,
    instead_of: SupportingDocument | None,
    actor: User,
    form_key: UUID,
) -> SupportingDocument:
    """Make a document, with its file if it takes one, and assign it in the place of an older one.

    Sent again, it finds the document it made. Raises the four Twilio failures, AlreadyUnderWay, NotEditable.
    """
    stored_id = file.stored_id if file else ""
    made: dict[str, Any] = {
        "account": bundle.account,
        "type": type,
        "friendly_name": friendly_name,
        "actor": actor,
        "form_key": usable_key(form_key),
    }
    _release(stored_id, bundle)
    try:
        if file:
            document = documents.upload_document(**made, attributes=values, file=file)
        else:
            document = items.create_data_document(**made, values=values)
    except AlreadySent as sent:
        document = _document(_made(sent.operation, "RD"))
        if stored_id:
            files.discard(stored_id)
        if document.values != values and document.is_content_open:
            change_document(document=document, values=values, file=None, actor=actor)
    except (TwilioFailure, AlreadyUnderWay) as failure:
        if not isinstance(failure, Uncertain):
            _keep(stored_id, bundle)
        raise
    put_item(bundle=bundle, item=document, instead_of=instead_of, actor=actor)
    return document


def change_document(
    *,
    document: SupportingDocument,
    values: Mapping[str, Any],
    file: CheckedFile | None,
    actor: User,
    bundle: Bundle | None = None,
) -> None:
    """Change what a document says, and its file if there is another one.

    Raises KeptAsItIs, ChangedMeanwhile, the four Twilio failures, AlreadySent and AlreadyUnderWay.
    """
    documents.update_document(
        document=document,
        friendly_name=document.friendly_name,
        attributes=values,
        opened_with=mark_of(document.friendly_name, document.values),
        actor=actor,
    )
    if file is None:
        return
    if bundle:
        _release(file.stored_id, bundle)
    try:
        documents.replace_file(document=_document(document.pk), file=file, actor=actor)
    except TwilioFailure as failure:
        if bundle and not isinstance(failure, Uncertain):
            _keep(file.stored_id, bundle)
        raise


def read_papers(bundle: Bundle) -> None:
    """Bring the documents of a decided bundle to what Twilio says of them now: it tells of the bundle alone.

    While Twilio is away they stay as they are known.
    """
    stale = SupportingDocument.objects.in_bundle(bundle.pk).select_related("account")
    if bundle.status_since:
        stale = stale.filter(synced_at__lt=bundle.status_since)
    with suppress(TwilioFailure):
        for document in stale:
            documents.read_document(document=document)


def try_evaluation(bundle: Bundle) -> Evaluation | None:
    """Twilio's check of what is there now; None when Twilio cannot be asked, which stops nobody."""
    try:
        return evaluate_bundle(bundle=bundle)
    except TwilioFailure:
        return None


def was_sent(form_key: UUID) -> bool:
    """Whether this very form was sent before, whatever became of it."""
    return Operation.objects.filter(form_key=form_key).exists()


def usable_key(form_key: UUID) -> UUID:
    """The form's key, or another one for a form whose last attempt came to nothing."""
    refused = Operation.objects.filter(form_key=form_key, state=Operation.State.REFUSED)
    return uuid4() if refused.exists() else form_key


def _made(operation: Operation, prefix: str) -> str:
    """The sid of what an earlier attempt made; AlreadyUnderWay while nobody knows."""
    if operation.state != Operation.State.DONE or not operation.target.startswith(prefix):
        raise AlreadyUnderWay(operation)
    return str(operation.target)


def _document(sid: str) -> SupportingDocument:
    row: SupportingDocument = SupportingDocument.objects.select_related("account").get(pk=sid)
    return row


def _release(stored_id: str, bundle: Bundle) -> None:
    """A file that was kept for the draft can be given to a document."""
    if stored_id:
        StoredFile.objects.filter(pk=stored_id, owner_sid=bundle.pk).update(owner_sid="")


def _keep(stored_id: str, bundle: Bundle) -> None:
    if stored_id:
        files.give(stored_id, bundle.pk)
