"""Changing many numbers: freeze them, work out what becomes of each, carry it out one by one."""

from collections.abc import Iterable, Iterator

from django.db import IntegrityError, transaction
from django.utils import timezone

from inventory.actions import ChangedMeanwhile, record_ours, update_number
from inventory.bulk.change import Change, effect_on
from inventory.configuration import PROPERTIES, configuration_of
from inventory.models import ConfigurationPreset, PhoneNumber
from inventory.querysets import PhoneNumberQuerySet
from portal.batches import asking
from portal.batches.asking import MOST_ITEMS, Frozen
from portal.batches.runner import Outcome, Refused
from portal.models import Batch, BatchItem, User
from portal.twilio.patience import IN_A_TASK

_AT_ONCE = 500


def freeze_numbers(
    rows: PhoneNumberQuerySet,
    *,
    kind: str,
    author: User,
    draft_view: str,
    detail: dict[str, object] | None = None,
) -> Batch:
    """Make a draft about exactly these numbers. Raises NotAllowed when there are too many or none."""
    chosen = rows.order_by("phone_number", "sid").values_list(
        "account_id", "sid", "phone_number", "payload_hash"
    )[: MOST_ITEMS + 1]
    items = [Frozen(account, sid, number, seen=str(seen)) for account, sid, number, seen in chosen]
    if not items:
        raise asking.NotAllowed("Select a number for this task.")
    return asking.draft(kind, author=author, draft_view=draft_view, items=items, detail=detail)


def set_change(batch: Batch, change: Change) -> None:
    """Work out what the change does to each number of a draft, and write that down as what is to be done."""
    batch.detail = {**batch.detail, "change": change.as_json()}
    batch.save(update_fields=["detail"])
    for items in chunks(batch.items.all()):
        numbers = {
            number.pk: number
            for number in PhoneNumber.objects.present().filter(pk__in=[item.target for item in items])
        }
        for item in items:
            _set_effect(item, numbers.get(item.target), change)
        BatchItem.objects.bulk_update(items, ["detail", "seen", "state", "words"])


def _set_effect(item: BatchItem, number: PhoneNumber | None, change: Change) -> None:
    item.detail = {}
    if number is None:
        item.state, item.words = BatchItem.State.LEFT_OUT, "Twilio does not list it any more."
        return
    effect = effect_on(number, change)
    item.detail = {
        "fields": effect.fields,
        "ours": effect.ours,
        "lines": effect.lines,
        "possible": not effect.is_nothing,
    }
    item.seen = str(number.payload_hash)
    item.state = BatchItem.State.LEFT_OUT if effect.is_nothing else BatchItem.State.WAITING
    item.words = effect.why_not


def carry_out_update(item: BatchItem) -> Outcome:
    """Change one number as the preview said, unless what it was to be changed from is not so any more."""
    number = PhoneNumber.objects.select_related("account").get(pk=item.target)
    fields, ours = item.detail["fields"], item.detail["ours"]
    actor, reason = item.batch.author, item.batch.reason
    if not fields:
        return Outcome(record_ours(number=number, ours=ours, actor=actor, reason=reason))
    opened_with = configuration_of(number.payload) | {name: old for name, (old, _) in fields.items()}
    try:
        operation = update_number(
            number=number,
            wanted=opened_with | {name: new for name, (_, new) in fields.items()},
            opened_with=opened_with,
            actor=actor,
            form_key=item.key,
            reason=reason,
            patience=IN_A_TASK,
            ours=ours,
        )
    except ChangedMeanwhile as conflict:
        names = ", ".join(line.name for line in conflict.lines)
        raise Refused(f"It has changed since the preview: {names}. Nothing was changed.") from conflict
    return Outcome(operation, words="" if operation else "Twilio already had it so.")


def describe(change: Change) -> list[tuple[str, object]]:
    """A change in words: what it sets, in the order in which staff read it."""
    lines = [
        (label, change.properties[name]) for name, label in PROPERTIES.items() if name in change.properties
    ]
    lines += [("Owner", change.owner)] if change.owner is not None else []
    lines += [("Cost centre", change.cost_centre)] if change.cost_centre is not None else []
    lines += [("Add tags", ", ".join(change.add_tags))] if change.add_tags else []
    lines += [("Remove tags", ", ".join(change.remove_tags))] if change.remove_tags else []
    return lines


def chunks(items: Iterable[BatchItem]) -> Iterator[list[BatchItem]]:
    """The items, some hundred at a time."""
    chunk: list[BatchItem] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == _AT_ONCE:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


class NameTaken(Exception):
    """There is a preset of this name already."""


def save_preset(
    preset: ConfigurationPreset | None, *, name: str, account_sid: str | None, change: Change, author: User
) -> ConfigurationPreset:
    """Make a preset, or change one. Numbers that were set with it before stay as they are.

    Raises NameTaken when somebody else has just used the name.
    """
    preset = preset or ConfigurationPreset()
    preset.name, preset.account_id, preset.author = name, account_sid, author
    preset.change, preset.changed_at = change.as_json(), timezone.now()
    try:
        with transaction.atomic():
            preset.save()
    except IntegrityError as error:
        raise NameTaken from error
    return preset


def forget_file(batch: Batch) -> None:
    """Drop what a draft quotes of an uploaded file, once its changes were confirmed."""
    if batch.detail.pop("file", None) is not None:
        batch.save(update_fields=["detail"])
