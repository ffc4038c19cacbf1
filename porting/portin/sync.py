"""The mirror of port-in requests and their numbers. Nothing else writes these columns.

The list shows summaries only, so what changed there is fetched one by one. A request is never deleted at
Twilio, so none goes missing by being absent from a list.
"""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from portal.mirror.engine import Progress, Tally, apply_snapshots, mark_absent
from portal.mirror.records import iso8601
from portal.models import Change, Operation, SyncRun, TwilioAccount
from portal.twilio.errors import Absent
from portal.twilio.patience import IN_A_TASK, Patience
from porting.features import noting_feature
from porting.models import AccountFeature, PortInNumber, PortInRequest
from porting.models.port_in import HEAVY
from porting.portin import gateway
from porting.resources import PORT_IN_NUMBERS, PORT_INS
from porting.since import DATED, UNDATED
from porting.statuses import PORT_IN_OVER, normal_status

# The list dates a request by its own status alone, so what is not over is read again after so long.
_READ_EVERY = 3600.0


def sync_port_ins(account: TwilioAccount, run: SyncRun, progress: Progress) -> Tally:
    """Read the requests that this account filed, and every one that may have changed since it was read."""
    login = account.require_own_login()
    tally = Tally()
    with noting_feature(account, AccountFeature.Feature.PORTING):
        summaries = {summary.sid: summary for summary in gateway.iter_summaries(login) if summary.sid}
    known = {row.pk: row for row in PortInRequest.objects.filter(pk__in=summaries).defer(*HEAVY)}
    tally.seen, tally.requests, tally.pages = len(summaries), -(-len(summaries) // 100) or 1, 1
    for sid, summary in summaries.items():
        row = known.get(sid)
        if row and not _is_due(row, summary):
            continue
        found = gateway.fetch_port_in(login, sid, patience=IN_A_TASK)
        tally.requests += 1
        written = _apply(found, summary, source=Change.Source.SYNC, run=run)
        tally.added += row is None
        tally.changed += row is not None and written > 0
        progress(tally)
    return tally


def refetch_port_in(
    request: PortInRequest | None,
    sid: str,
    *,
    reader: TwilioAccount,
    source: Change.Source,
    operation: Operation | None = None,
    patience: Patience = IN_A_TASK,
) -> PortInRequest | None:
    """Ask Twilio for a request and its numbers and copy them in; None if it has none such.

    `reader` is the account whose credentials can read it. Raises what a read raises.
    """
    login = reader.require_own_login()
    asked_at = timezone.now()
    try:
        found = gateway.fetch_port_in(login, sid, patience=patience)
    except Absent:
        if request is not None:
            mark_absent(PORT_INS, sid, source=source, asked_at=asked_at)
        return None
    apply_port_in(found, source=source, operation=operation)
    return PortInRequest.objects.select_related("account", "reader").filter(pk=sid).first()


def apply_port_in(
    found: gateway.PortInSnapshot, *, source: Change.Source, operation: Operation | None = None
) -> None:
    """Copy one answer about a request and its numbers in."""
    _apply(found, None, source=source, operation=operation)


def note_statuses(requests: Iterable[str], *, with_date: bool = False) -> None:
    """Write down since when requests and their numbers have the statuses they have.

    `with_date`: the date of the requests' last change was read as well, which the list alone tells.
    """
    sids = list(requests)
    for rows, since in (
        (PortInRequest.objects.filter(pk__in=sids), DATED if with_date else UNDATED),
        (PortInNumber.objects.filter(request__in=sids), DATED),
    ):
        rows.exclude(status_seen=F("status")).update(status_since=since, status_seen=F("status"))


def _apply(
    found: gateway.PortInSnapshot,
    summary: gateway.Summary | None,
    *,
    source: Change.Source,
    operation: Operation | None = None,
    run: SyncRun | None = None,
) -> int:
    sid = found.request.sid
    with transaction.atomic():
        written = apply_snapshots(PORT_INS, [found.request], source=source, operation=operation, run=run)
        written += apply_snapshots(
            PORT_IN_NUMBERS, found.numbers, source=source, operation=operation, run=run
        )
        if summary:
            PortInRequest.objects.filter(pk=sid).update(
                suggested_action=summary.suggested_action,
                remote_updated_at=iso8601(summary.updated),
                numbers_requested=summary.requested,
                numbers_ported=summary.ported,
            )
        else:
            numbers = PortInNumber.objects.filter(request=sid)
            PortInRequest.objects.filter(pk=sid).update(
                numbers_requested=numbers.count(),
                numbers_ported=numbers.filter(status="completed").count(),
            )
        note_statuses([sid], with_date=summary is not None)
        read_at = found.request.requested_at
        older = Q(details_read_at=None) | Q(details_read_at__lt=read_at)
        PortInRequest.objects.filter(older, pk=sid).update(details_read_at=read_at)
    return written


def _is_due(row: PortInRequest, summary: gateway.Summary) -> bool:
    """Whether a request may be another than it was when it was read."""
    if row.details_read_at is None or row.status != normal_status(summary.status):
        return True
    if (row.suggested_action, row.numbers_ported) != (summary.suggested_action, summary.ported):
        return True
    if (updated := iso8601(summary.updated)) and updated != row.remote_updated_at:
        return True
    age = (timezone.now() - row.details_read_at).total_seconds()
    return row.status not in PORT_IN_OVER and age > _READ_EVERY
