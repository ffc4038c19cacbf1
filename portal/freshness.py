"""How old is what a page shows, and what is being done about it (UX-39, UX-40)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from portal.models import SyncRun, TwilioAccount


@dataclass(frozen=True, slots=True)
class Trouble:
    """An account whose last reading failed."""

    account: TwilioAccount
    run: SyncRun


@dataclass(frozen=True, slots=True)
class Freshness:
    """The age of one resource over some accounts: that of the oldest of them."""

    resource: str
    as_of: datetime | None
    is_stale: bool
    is_running: bool
    troubles: Sequence[Trouble] = field(default_factory=list)
    never_read: Sequence[TwilioAccount] = field(default_factory=list)
    source: str = "sync"

    def or_read_at(self, moment: datetime) -> "Freshness":
        """The freshness of one object that may have been read by itself since the last sync."""
        if self.as_of is None or moment > self.as_of:
            return replace(self, as_of=moment, is_stale=False, source="a reading of this object")
        return self


def freshness(resource: str, accounts: Sequence[TwilioAccount]) -> Freshness:
    """One query, however many accounts."""
    return freshness_of((resource,), accounts)[resource]


def freshness_of(resources: Sequence[str], accounts: Sequence[TwilioAccount]) -> dict[str, Freshness]:
    """That of several resources, in one query."""
    watched = {resource: _watched(resource, accounts) for resource in resources}
    sids = {account.pk for some in watched.values() for account in some}
    runs = SyncRun.objects.filter(account__in=sids, resource__in=list(resources))
    keys = ("account_id", "resource")
    latest = runs.order_by(*keys, "-queued_at").distinct(*keys)
    complete: dict[tuple[str, str], SyncRun] = {}
    last: dict[tuple[str, str], SyncRun] = {}
    for run in latest.union(runs.latest_complete(resources), all=True):
        key = run.resource, run.account_id
        if key not in last or run.queued_at > last[key].queued_at:
            last[key] = run
        if run.state == SyncRun.State.DONE:
            complete[key] = run
    return {
        resource: _freshness(
            resource,
            some,
            {account.pk: complete[key] for account in some if (key := (resource, account.pk)) in complete},
            {account.pk: last[key] for account in some if (key := (resource, account.pk)) in last},
        )
        for resource, some in watched.items()
    }


def _watched(resource: str, accounts: Sequence[TwilioAccount]) -> list[TwilioAccount]:
    """The accounts that the resource is read from."""
    return [
        account
        for account in accounts
        if account.is_watched
        and account.missing_since is None
        and not (resource in settings.SYNC_BY_PARENTS and account.is_subaccount)
    ]


def _freshness(
    resource: str,
    watched: Sequence[TwilioAccount],
    complete: Mapping[str, SyncRun],
    last: Mapping[str, SyncRun],
) -> Freshness:
    never_read = [account for account in watched if account.pk not in complete]
    as_of = min((run.finished_at for run in complete.values() if run.finished_at), default=None)
    limit = settings.STALE_AFTER[resource]
    return Freshness(
        resource=resource,
        as_of=None if never_read else as_of,
        is_stale=bool(never_read) or as_of is None or as_of < timezone.now() - limit,
        is_running=any(not run.is_finished for run in last.values()),
        troubles=[
            Trouble(account, last[account.pk])
            for account in watched
            if account.pk in last and last[account.pk].state == SyncRun.State.FAILED
        ],
        never_read=never_read,
    )
