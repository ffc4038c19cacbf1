"""Usage as if it had been read."""

from datetime import date, timedelta

from django.utils import timezone

from inventory.models import NumberUsage, PhoneNumber, UsageWindow
from inventory.usage import standing
from inventory.usage.activity import MONTH
from portal.models import TwilioAccount


def make_usage(
    number: PhoneNumber,
    *,
    calls: int = 0,
    messages: int = 0,
    short_calls: int = 0,
    day: date | None = None,
    whole_month: bool = False,
) -> None:
    """Calls and messages that count on one day, yesterday by default; or a whole month that was read."""
    today = timezone.now().date()
    now = timezone.now()
    if whole_month:
        read_whole_month(number.account)
    for kind, total, counted in (("calls", calls + short_calls, calls), ("messages", messages, messages)):
        if total:
            window, _ = UsageWindow.objects.get_or_create(
                account=number.account,
                kind=kind,
                day=day or today - timedelta(days=1),
                defaults={"begun_at": now, "read_at": now},
            )
            NumberUsage.objects.create(
                phone_number=number.phone_number, window=window, total=total, counted=counted
            )


def settle(*numbers: PhoneNumber) -> None:
    """Work out which numbers of these accounts are active, the last month having been read."""
    accounts = {number.account_id: number.account for number in numbers}
    for account in accounts.values():
        read_whole_month(account)
    standing.refresh_accounts(accounts.values())


def read_whole_month(account: TwilioAccount) -> None:
    """Every day of the last month was read; what was found on it stays."""
    now = timezone.now()
    UsageWindow.objects.bulk_create(
        (
            UsageWindow(
                account=account, kind=kind, day=now.date() - timedelta(days=days), begun_at=now, read_at=now
            )
            for kind in UsageWindow.Kind
            for days in range(MONTH.days + 1)
        ),
        ignore_conflicts=True,
    )
