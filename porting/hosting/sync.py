"""The mirror of hosted number orders and authorization documents. Nothing else writes these columns."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from django.db.models import F, Q
from django.utils import timezone

from portal.mirror.engine import Progress, Tally, apply_snapshots, mark_absent, read_listing
from portal.models import Change, Operation, SyncRun, TwilioAccount
from portal.twilio.errors import Absent
from portal.twilio.patience import IN_A_TASK, Patience
from portal.twilio.snapshots import Snapshot
from porting.features import noting_feature
from porting.hosting import gateway
from porting.models import AccountFeature, AuthorizationDocument, HostedOrder
from porting.resources import AUTHORIZATIONS, HOSTED_ORDERS
from porting.since import DATED


def sync_hosted_orders(account: TwilioAccount, run: SyncRun, progress: Progress) -> Tally:
    login = account.require_own_login()
    fetch = partial(gateway.fetch_order, login, patience=IN_A_TASK)
    with noting_feature(account, AccountFeature.Feature.HOSTING):
        tally = read_listing(
            HOSTED_ORDERS,
            account.sid,
            gateway.iter_order_pages(login),
            fetch=fetch,
            run=run,
            progress=progress,
        )
    note_statuses(Q(account=account))
    return tally


def sync_authorizations(account: TwilioAccount, run: SyncRun, progress: Progress) -> Tally:
    login = account.require_own_login()
    fetch = partial(gateway.fetch_document, login, patience=IN_A_TASK)
    with noting_feature(account, AccountFeature.Feature.HOSTING):
        pages = gateway.iter_document_pages(login)
        tally = read_listing(AUTHORIZATIONS, account.sid, pages, fetch=fetch, run=run, progress=progress)
    note_statuses(Q(account=account))
    return tally


def refetch_order(
    account: TwilioAccount,
    sid: str,
    *,
    source: Change.Source,
    operation: Operation | None = None,
    patience: Patience = IN_A_TASK,
) -> HostedOrder | None:
    """Ask Twilio for an order and copy it in; None if it has none such. Raises what a read raises."""
    asked_at = timezone.now()
    try:
        snapshot = gateway.fetch_order(account.require_own_login(), sid, patience=patience)
    except Absent:
        mark_absent(HOSTED_ORDERS, sid, source=source, asked_at=asked_at)
        return None
    apply_orders([snapshot], source=source, operation=operation)
    return HostedOrder.objects.select_related("account").filter(pk=sid).first()


def refetch_authorization(
    account: TwilioAccount,
    sid: str,
    *,
    source: Change.Source,
    operation: Operation | None = None,
    patience: Patience = IN_A_TASK,
) -> AuthorizationDocument | None:
    """The same for an authorization document."""
    asked_at = timezone.now()
    try:
        snapshot = gateway.fetch_document(account.require_own_login(), sid, patience=patience)
    except Absent:
        mark_absent(AUTHORIZATIONS, sid, source=source, asked_at=asked_at)
        return None
    apply_authorization(snapshot, source=source, operation=operation)
    return AuthorizationDocument.objects.select_related("account").filter(pk=sid).first()


def apply_orders(
    snapshots: Iterable[Snapshot], *, source: Change.Source, operation: Operation | None = None
) -> None:
    """Copy answers about orders in."""
    found = list(snapshots)
    apply_snapshots(HOSTED_ORDERS, found, source=source, operation=operation)
    note_statuses(Q(pk__in=[snapshot.sid for snapshot in found]))


def apply_order(snapshot: Snapshot, *, source: Change.Source, operation: Operation | None = None) -> None:
    apply_orders([snapshot], source=source, operation=operation)


def apply_authorization(
    snapshot: Snapshot, *, source: Change.Source, operation: Operation | None = None
) -> None:
    apply_snapshots(AUTHORIZATIONS, [snapshot], source=source, operation=operation)
    note_statuses(Q(pk=snapshot.sid))


def mark_order_absent(sid: str, *, asked_at: datetime, source: Change.Source) -> bool:
    return mark_absent(HOSTED_ORDERS, sid, source=source, asked_at=asked_at)


def mark_authorization_absent(sid: str, *, asked_at: datetime, source: Change.Source) -> bool:
    return mark_absent(AUTHORIZATIONS, sid, source=source, asked_at=asked_at)


def note_statuses(which: Q) -> None:
    """Write down since when orders and documents have the statuses they have."""
    for model in (HostedOrder, AuthorizationDocument):
        rows = model._default_manager.filter(which).exclude(status_seen=F("status"))
        rows.update(status_since=DATED, status_seen=F("status"))
