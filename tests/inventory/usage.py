"""Usage as if it had been read."""

from datetime import date, timedelta

from django.utils import timezone

from inventory.models import NumberUsage, PhoneNumber, UsageWindow
from inventory.usage import standing
from inventory.usage.activity import MONTH


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
        for kind in UsageWindow.Kind:
            for days in range(MONTH.days + 1):
                day_ = today - timedelta(days=days)
                UsageWindow.objects.get_or_create(
                    account=number.account, kind=kind, day=day_, defaults={"begun_at": now, "read_at": now}
                )
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
    for number in numbers:
        make_usage(number, whole_month=True)
    standing.refresh_accounts({number.account for number in numbers})
