"""Reading how much numbers are used: an account's calls and messages, a day at a time.

Every run goes through the days of the last month, the newest first, and reads those that were not
read, and those that may have changed since they were: a call may last a day, and a message may wait.
What a page brings is added up and written every few pages together with where the list goes on, so a
run that dies costs those few pages. A day counts once its last page was read; a day that is read
again counts as it was until then.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from django.utils import timezone

from inventory.models import NumberUsage, UsageWindow
from inventory.usage import gateway, standing
from inventory.usage.activity import MONTH, counts_as_call, counts_as_message, number_of
from portal.mirror.engine import Tally
from portal.mirror.runs import Progress
from portal.models import SyncRun, TwilioAccount
from portal.twilio.errors import NoCredentials, Rejected
from portal.twilio.login import Login

log = structlog.get_logger(__name__)

CALLS, MESSAGES = UsageWindow.Kind.CALLS, UsageWindow.Kind.MESSAGES

# So long after its end a day may still change: Twilio ends calls after 24 hours.
SETTLED_AFTER = timedelta(hours=25)
# An interrupted reading is taken up where it stopped for so long; then it begins anew.
_GOES_ON_WITHIN = timedelta(hours=6)
_PAGES_BETWEEN_CHECKPOINTS = 10
# A list that moves while it is read may repeat what stood on these last pages.
_PAGES_REMEMBERED = 10


def sync_usage(account: TwilioAccount, run: SyncRun, progress: Progress) -> Tally:
    """Read the days that are due, and work out anew which numbers are active.

    `added` counts days read for the first time, `changed` those read again.
    """
    login = account.api_login()
    if login is None:
        raise NoCredentials("There are no credentials for this account.")
    tally = Tally()
    today = timezone.now().date()
    _forget(account, before=today - MONTH - timedelta(days=3))
    try:
        for day, kind in _due(account, today):
            _read_day(account, login, day, kind, tally, progress)
    finally:
        standing.refresh_account(account)
    return tally


def _due(account: TwilioAccount, today: date) -> list[tuple[date, UsageWindow.Kind]]:
    """The days that were never read, or not since they settled; the newest first."""
    read = UsageWindow.objects.filter(account=account, read_at__isnull=False)
    settled = {
        (day, kind)
        for day, kind, begun_at in read.values_list("day", "kind", "begun_at")
        if begun_at >= _end_of(day) + SETTLED_AFTER
    }
    days = [today - timedelta(days=n) for n in range(MONTH.days + 1)]
    return [(day, kind) for day in days for kind in (CALLS, MESSAGES) if (day, kind) not in settled]


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=UTC)


def _read_day(
    account: TwilioAccount,
    login: Login,
    day: date,
    kind: UsageWindow.Kind,
    tally: Tally,
    progress: Progress,
) -> None:
    window = _open(account, day, kind)
    try:
        _read(window, _pages(login, window), tally, progress)
    except Rejected as failure:
        if not window.next_url or failure.status not in (400, 404):
            raise
        # The place where the list was to go on is not known any more.
        log.info("usage.anew", account=account.pk, kind=kind, day=day.isoformat())
        _drop([window])
        window = _open(account, day, kind)
        _read(window, _pages(login, window), tally, progress)


def _open(account: TwilioAccount, day: date, kind: UsageWindow.Kind) -> UsageWindow:
    """The reading of this day that was interrupted, or a new one."""
    unread = UsageWindow.objects.filter(account=account, day=day, kind=kind, read_at=None)
    window: UsageWindow | None = unread.first()
    now = timezone.now()
    if window and window.begun_at >= now - _GOES_ON_WITHIN and window.next_url:
        return window
    if window:
        _drop([window])
    return UsageWindow.objects.create(account=account, day=day, kind=kind, begun_at=now)


def _pages(login: Login, window: UsageWindow) -> Iterator[gateway.EventPage]:
    pages = gateway.iter_call_pages if window.kind == CALLS else gateway.iter_message_pages
    return pages(login, window.day, resume_at=window.next_url)


def _read(window: UsageWindow, pages: Iterable[gateway.EventPage], tally: Tally, progress: Progress) -> None:
    counts = _Counts(_counting[window.kind])
    since_checkpoint = 0
    for page in pages:
        fresh = counts.add(page.events)
        since_checkpoint += 1
        window.pages += 1
        window.seen += fresh
        tally.pages += 1
        tally.seen += fresh
        tally.unreadable += page.unreadable
        tally.requests += page.effort.requests
        tally.retries += page.effort.retries
        tally.waited += page.effort.waited
        if page.next_url and since_checkpoint == _PAGES_BETWEEN_CHECKPOINTS:
            window.next_url = page.next_url
            with transaction.atomic(durable=True):
                counts.write(window)
                window.save(update_fields=["pages", "seen", "next_url"])
            since_checkpoint = 0
        progress(tally)
    with transaction.atomic(durable=True):
        counts.write(window)
        is_first = _close(window)
    tally.added += is_first
    tally.changed += not is_first


def _close(window: UsageWindow) -> bool:
    """Let a day count as it was read just now; whether it had never been read."""
    earlier = UsageWindow.objects.filter(
        account=window.account_id, day=window.day, kind=window.kind, read_at__isnull=False
    )
    replaced = list(earlier)
    _drop(replaced)
    window.read_at, window.next_url = timezone.now(), ""
    window.save(update_fields=["pages", "seen", "next_url", "read_at"])
    return not replaced


def _drop(windows: Iterable[UsageWindow]) -> None:
    ids = [window.pk for window in windows]
    with transaction.atomic():
        NumberUsage.objects.filter(window__in=ids).delete()
        UsageWindow.objects.filter(pk__in=ids).delete()


def _forget(account: TwilioAccount, before: date) -> None:
    _drop(UsageWindow.objects.filter(account=account, day__lt=before))


_counting: dict[str, Callable[[gateway.Event], bool]] = {
    CALLS: lambda event: counts_as_call(event.status, event.seconds),
    MESSAGES: lambda event: counts_as_message(event.status),
}


class _Counts:
    """What pages add up to by number since it was last written down."""

    def __init__(self, counts: Callable[[gateway.Event], bool]) -> None:
        self._counts = counts
        self._totals: dict[str, int] = defaultdict(int)
        self._counted: dict[str, int] = defaultdict(int)
        self._seen: deque[set[str]] = deque(maxlen=_PAGES_REMEMBERED)

    def add(self, events: Iterable[gateway.Event]) -> int:
        """Count what was not counted before; how many that were."""
        here: set[str] = set()
        self._seen.append(here)
        for event in events:
            if any(event.sid in sids for sids in self._seen):
                continue
            here.add(event.sid)
            number = number_of(event.direction, event.sender, event.recipient)
            if number:
                self._totals[number] += 1
                self._counted[number] += self._counts(event)
        return len(here)

    def write(self, window: UsageWindow) -> None:
        """Add to what the window has. Numbers that are not ours leave no trace."""
        if self._totals:
            parameters: dict[str, Any] = {
                "window": window.pk,
                "numbers": list(self._totals),
                "totals": list(self._totals.values()),
                "counted": [self._counted[number] for number in self._totals],
            }
            with connection.cursor() as cursor:
                cursor.execute(_ADD, parameters)
        self._totals.clear()
        self._counted.clear()


_ADD = """
    INSERT INTO inventory_numberusage AS known (phone_number, window_id, total, counted)
    SELECT phone_number, %(window)s, total, counted
    FROM unnest(%(numbers)s::text[], %(totals)s::int[], %(counted)s::int[])
         AS incoming (phone_number, total, counted)
    WHERE EXISTS (
        SELECT FROM inventory_phonenumber AS ours WHERE ours.phone_number = incoming.phone_number
    )
    ON CONFLICT (phone_number, window_id)
    DO UPDATE SET total = known.total + excluded.total, counted = known.counted + excluded.counted
"""
