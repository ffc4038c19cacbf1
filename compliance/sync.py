"""Compliance's mirrors. Nothing else writes these columns."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from compliance import gateway
from compliance.models import (
    Bundle,
    ItemAssignment,
    Regulation,
    RegulationVersion,
    RegulatoryType,
)
from compliance.models.regulation import GROUP
from compliance.resources import (
    BUNDLES,
    DOCUMENT_TYPES,
    DOCUMENTS,
    END_USER_TYPES,
    END_USERS,
    EVALUATIONS,
    ITEM_ASSIGNMENTS,
    REGULATIONS,
)
from portal.mirror.engine import (
    Fetch,
    Progress,
    Tally,
    apply_snapshots,
    mark_absent,
    read_listing,
    replace_scopes,
)
from portal.mirror.resource import Resource
from portal.models import Change, Operation, SyncRun, TwilioAccount
from portal.twilio.errors import Absent
from portal.twilio.login import Login
from portal.twilio.patience import IN_A_TASK, Patience
from portal.twilio.snapshots import Snapshot

# In one run, so many bundles are looked into; the next run goes on.
_LOOKED_INTO_AT_ONCE = 1000
# So many of them are read before what was read is written.
_WRITTEN_AT_ONCE = 50
# What can still change without the bundle saying so is looked into again after this.
_LOOKED_INTO_EVERY = timedelta(hours=1)
# In one run, the copies of so many bundles are asked for.
_COPIES_READ_AT_ONCE = 100


def sync_regulations(account: TwilioAccount, run: SyncRun, progress: Progress) -> Tally:
    """Read the regulations and the types of end users and documents, which are the same for every account.

    A regulation that is listed no more was retired: Twilio still answers to its sid, so that proves nothing.
    """
    login = account.require_own_login()
    end_user, document = RegulatoryType.Kind.END_USER, RegulatoryType.Kind.DOCUMENT
    tally = Tally()
    listings: tuple[tuple[Resource, str, Iterable[Any], Fetch | None], ...] = (
        (REGULATIONS, "regulations", gateway.iter_regulation_pages(login), None),
        (
            END_USER_TYPES,
            end_user,
            gateway.iter_end_user_type_pages(login),
            partial(gateway.fetch_end_user_type, login),
        ),
        (
            DOCUMENT_TYPES,
            document,
            gateway.iter_document_type_pages(login),
            partial(gateway.fetch_document_type, login),
        ),
    )
    for resource, scope, pages, fetch in listings:
        read = read_listing(resource, scope, pages, fetch=fetch, run=run, progress=_beside(tally, progress))
        tally += read
    keep_versions()
    return tally


def sync_end_users(account: TwilioAccount, run: SyncRun, progress: Progress) -> Tally:
    login = account.require_own_login()
    fetch = partial(gateway.fetch_end_user, login, patience=IN_A_TASK)
    pages = gateway.iter_end_user_pages(login)
    return read_listing(END_USERS, account.sid, pages, fetch=fetch, run=run, progress=progress)


def sync_documents(account: TwilioAccount, run: SyncRun, progress: Progress) -> Tally:
    login = account.require_own_login()
    fetch = partial(gateway.fetch_document, login, patience=IN_A_TASK)
    pages = gateway.iter_document_pages(login)
    return read_listing(DOCUMENTS, account.sid, pages, fetch=fetch, run=run, progress=progress)


def sync_bundles(account: TwilioAccount, run: SyncRun, progress: Progress) -> Tally:
    """Read the bundles, and the items and evaluations of those that may have other ones than we know."""
    login = account.require_own_login()
    fetch = partial(gateway.fetch_bundle, login, patience=IN_A_TASK)
    pages = gateway.iter_bundle_pages(login)
    tally = read_listing(BUNDLES, account.sid, pages, fetch=fetch, run=run, progress=progress)
    note_statuses(Q(account=account))
    _read_retired_regulations(login)
    for bundle in _perhaps_copied(account):
        with suppress(Absent):  # deleted since it was listed
            recognise_copies(bundle, source=Change.Source.SYNC)
    due = _to_look_into(account)
    for start in range(0, len(due), _WRITTEN_AT_ONCE):
        tally += _read_items(login, due[start : start + _WRITTEN_AT_ONCE], run, _beside(tally, progress))
    return tally


def _read_items(login: Login, sids: list[str], run: SyncRun, progress: Progress) -> Tally:
    """Bring the items and the evaluations of some bundles to what Twilio lists."""
    asked_at, tally = timezone.now(), Tally()
    items: list[Snapshot] = []
    evaluations: list[Snapshot] = []
    for sid in sids:
        items += gateway.fetch_items(login, sid, patience=IN_A_TASK)
        evaluations += gateway.fetch_evaluations(login, sid, patience=IN_A_TASK)
        tally += Tally(pages=2, requests=2)
        progress(tally)
    for resource, listed in ((ITEM_ASSIGNMENTS, items), (EVALUATIONS, evaluations)):
        tally += replace_scopes(resource, sids, listed, asked_at=asked_at, source=Change.Source.SYNC, run=run)
    Bundle.objects.filter(pk__in=sids).update(items_read_at=asked_at)
    return tally


def refetch_bundle(
    account: TwilioAccount,
    sid: str,
    *,
    source: Change.Source,
    operation: Operation | None = None,
    patience: Patience = IN_A_TASK,
) -> Bundle | None:
    """Ask Twilio for a bundle, its items and its evaluations, and copy them in; None if it has none such.

    Raises what a read raises. Nothing is concluded from what somebody said about the bundle.
    """
    login = account.require_own_login()
    asked_at = timezone.now()
    try:
        snapshot = gateway.fetch_bundle(login, sid, patience=patience)
    except Absent:
        mark_bundle_absent(sid, asked_at=asked_at, source=source)
        return None
    items = gateway.fetch_items(login, sid, patience=patience)
    evaluations = gateway.fetch_evaluations(login, sid, patience=patience)
    with transaction.atomic():
        apply_bundle(snapshot, source=source, operation=operation)
        replace_scopes(ITEM_ASSIGNMENTS, [sid], items, asked_at=asked_at, source=source)
        replace_scopes(EVALUATIONS, [sid], evaluations, asked_at=asked_at, source=source)
        Bundle.objects.filter(pk=sid).update(items_read_at=asked_at)
    return Bundle.objects.filter(pk=sid).first()


def refetch_documents(bundle: Bundle, *, source: Change.Source) -> None:
    """Ask Twilio for the documents that a bundle holds, and copy them in: a decision is about each of them.

    Raises what a read raises.
    """
    login = bundle.account.require_own_login()
    held = ItemAssignment.objects.present().filter(bundle=bundle, object_sid__startswith="RD")
    documents = []
    for sid in held.order_by("object_sid").values_list("object_sid", flat=True):
        with suppress(Absent):  # deleted meanwhile; the next listing tells
            documents.append(gateway.fetch_document(login, sid, patience=IN_A_TASK))
    apply_snapshots(DOCUMENTS, documents, source=source)


def apply_bundle(snapshot: Snapshot, *, source: Change.Source, operation: Operation | None = None) -> None:
    """Copy one answer about a bundle in."""
    apply_snapshots(BUNDLES, [snapshot], source=source, operation=operation)
    note_statuses(Q(pk=snapshot.sid))


def apply_item(snapshot: Snapshot, *, source: Change.Source, operation: Operation | None = None) -> None:
    apply_snapshots(ITEM_ASSIGNMENTS, [snapshot], source=source, operation=operation)


def apply_evaluation(
    snapshot: Snapshot, *, source: Change.Source, operation: Operation | None = None
) -> None:
    apply_snapshots(EVALUATIONS, [snapshot], source=source, operation=operation)


def apply_end_user(snapshot: Snapshot, *, source: Change.Source, operation: Operation | None = None) -> None:
    apply_snapshots(END_USERS, [snapshot], source=source, operation=operation)


def apply_document(snapshot: Snapshot, *, source: Change.Source, operation: Operation | None = None) -> None:
    apply_snapshots(DOCUMENTS, [snapshot], source=source, operation=operation)


def mark_bundle_absent(sid: str, *, asked_at: datetime, source: Change.Source) -> bool:
    return mark_absent(BUNDLES, sid, source=source, asked_at=asked_at)


def mark_item_absent(sid: str, *, asked_at: datetime, source: Change.Source) -> bool:
    return mark_absent(ITEM_ASSIGNMENTS, sid, source=source, asked_at=asked_at)


def mark_end_user_absent(sid: str, *, asked_at: datetime, source: Change.Source) -> bool:
    return mark_absent(END_USERS, sid, source=source, asked_at=asked_at)


def mark_document_absent(sid: str, *, asked_at: datetime, source: Change.Source) -> bool:
    return mark_absent(DOCUMENTS, sid, source=source, asked_at=asked_at)


def recognise_copies(
    bundle: Bundle, *, source: Change.Source, patience: Patience = IN_A_TASK
) -> list[Snapshot]:
    """Write down which bundles Twilio calls copies of this one, made here or elsewhere, and return them.

    A copy that was not read yet is read now: the list of copies shows them without what a bundle has.
    """
    asked_at = timezone.now()
    copies = gateway.fetch_copies(bundle.account.require_own_login(), bundle.pk, patience=patience)
    sids = [copy.sid for copy in copies]
    known = set(Bundle.objects.filter(pk__in=sids).values_list("pk", flat=True))
    for sid in sids:
        if sid not in known:
            refetch_bundle(bundle.account, sid, source=source, patience=patience)
    Bundle.objects.filter(pk__in=sids).exclude(copy_of=bundle.pk).update(copy_of=bundle.pk)
    Bundle.objects.filter(pk=bundle.pk).update(copies_read_at=asked_at)
    return copies


def note_statuses(which: Q) -> int:
    """Write down since when bundles have the status they have; return how many have another one.

    Twilio's dates tell of the last change of whatever kind, so this is the best there is for those that
    were in their status before they were first read.
    """
    changed = Bundle.objects.filter(which).exclude(status_seen=F("status"))
    moment = Case(
        When(status_seen="", then=Coalesce(F("remote_updated_at"), Now())),
        default=Now(),
    )
    went_to_review = Q(status__in=Bundle.UNDER_REVIEW) & ~Q(status_seen__in=Bundle.UNDER_REVIEW)
    return changed.update(
        status_since=moment,
        submitted_at=Case(When(went_to_review, then=moment), default=F("submitted_at")),
        review_reason="",
        status_seen=F("status"),
    )


def keep_versions() -> int:
    """Keep what regulations require now if it is not what they required before; return how many are new."""
    latest = {
        (row.iso_country, row.number_type, row.end_user_type): row
        for row in RegulationVersion.objects.order_by(*GROUP, "-number").distinct(*GROUP)
    }
    versions = []
    for regulation in Regulation.objects.in_force():
        group = (regulation.iso_country, regulation.number_type, regulation.end_user_type)
        before, requirements = latest.get(group), regulation.payload.get("requirements") or {}
        if before is None or before.requirements != requirements:
            versions.append(
                RegulationVersion(
                    iso_country=group[0],
                    number_type=group[1],
                    end_user_type=group[2],
                    number=before.number + 1 if before else 1,
                    regulation=regulation,
                    requirements=requirements,
                )
            )
    # Somebody else may have kept the same ones in this moment.
    return len(RegulationVersion.objects.bulk_create(versions, ignore_conflicts=True))


def _to_look_into(account: TwilioAccount) -> list[str]:
    """Bundles that changed since their items were read, or that are still being worked on."""
    open_ones = Q(status__in=(*Bundle.EDITABLE, *Bundle.UNDER_REVIEW))
    due = (
        Q(items_read_at=None)
        | Q(items_read_at__lt=F("remote_updated_at"))
        | open_ones & Q(items_read_at__lt=Now() - _LOOKED_INTO_EVERY)
    )
    bundles = Bundle.objects.present().filter(due, account=account)
    oldest_first = bundles.order_by(F("items_read_at").asc(nulls_first=True))
    return list(oldest_first.values_list("pk", flat=True)[:_LOOKED_INTO_AT_ONCE])


def _perhaps_copied(account: TwilioAccount) -> list[Bundle]:
    """Bundles with a last day whose copies were never asked for, or since when others like them came."""
    bundles = Bundle.objects.with_deadline().filter(account=account, copy_of="")
    same = {f"regulation__{name}": OuterRef(f"regulation__{name}") for name in ("iso_country", "number_type")}
    newer = Bundle.objects.present().filter(
        account=account, copy_of="", first_seen_at__gte=OuterRef("copies_read_at"), **same
    )
    due = bundles.filter(Q(copies_read_at=None) | Exists(newer)).select_related("account")
    return list(due.order_by(F("copies_read_at").asc(nulls_first=True))[:_COPIES_READ_AT_ONCE])


def _read_retired_regulations(login: Login) -> None:
    """Bundles may cite regulations that are listed no more: only those say for which numbers they are."""
    known = Regulation.objects.filter(pk=OuterRef("regulation_id"))
    cited = Bundle.objects.present().filter(~Exists(known), regulation_id__isnull=False)
    for sid in list(cited.order_by().values_list("regulation_id", flat=True).distinct()[:100]):
        with suppress(Absent):
            snapshot = gateway.fetch_regulation(login, sid)
            apply_snapshots(REGULATIONS, [snapshot], source=Change.Source.SYNC)
            if RegulationVersion.objects.exists():  # the listing was read, and did not have it
                mark_absent(REGULATIONS, sid, source=Change.Source.SYNC, asked_at=timezone.now())


def _beside(so_far: Tally, progress: Progress) -> Progress:
    """Progress of one listing of several."""
    return lambda tally: progress(so_far + tally)
