"""Working out which numbers are active, for all numbers of an account in one statement.

`NumberActivity` follows from the usage that was read, and from the numbers, accounts and prices of
the mirror; whoever changes one of those calls here. Only rows that differ are written.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from inventory.models import UsagePeriod, UsageWindow
from inventory.usage.activity import CALLS_NEEDED, MESSAGES_NEEDED, MONTH, period_of
from portal.models import TwilioAccount


def refresh_accounts(accounts: Iterable[TwilioAccount]) -> None:
    for account in accounts:
        refresh_account(account)


def refresh_account(account: TwilioAccount) -> None:
    """Work out the last month of an account, and which of its numbers are active in it."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            # One at a time, so that none writes what it read before another did.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [account.pk])
        read: dict[str, set[date]] = defaultdict(set)
        windows = UsageWindow.objects.filter(account=account, read_at__isnull=False)
        for kind, day in windows.values_list("kind", "day"):
            read[kind].add(day)
        period = period_of({kind: read[kind] for kind in UsageWindow.Kind.values}, timezone.now().date())
        days = {
            "first_day": period.first_day,
            "last_day": period.last_day,
            "is_complete": period.is_complete,
        }
        UsagePeriod.objects.update_or_create(account=account, defaults=days)
        _derive(account=account.pk, sids=None)


def refresh_numbers(sids: Sequence[str]) -> None:
    """Work out anew what a few numbers are that an answer of Twilio's was about."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LOCK, {"sids": list(sids)})
        _derive(account=None, sids=list(sids))


def recount() -> None:
    """Add the sums up anew. They are right without it; it sweeps out those of nothing."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "LOCK TABLE inventory_numberactivity, inventory_activitysum IN SHARE ROW EXCLUSIVE MODE"
        )
        cursor.execute("DELETE FROM inventory_activitysum")
        cursor.execute(_RECOUNT)


def _derive(*, account: str | None, sids: list[str] | None) -> None:
    today = timezone.now().date()
    parameters: dict[str, Any] = {
        "account": account,
        "sids": sids,
        "first": today - MONTH,
        "last": today,
        "calls_needed": CALLS_NEEDED,
        "messages_needed": MESSAGES_NEEDED,
    }
    with connection.cursor() as cursor:
        if account:
            # What a common table expression holds, Postgres takes for little, and goes through it row by row.
            cursor.execute("SELECT set_config('enable_nestloop', 'off', true)")
        cursor.execute(_DERIVE, parameters)
        if account:
            cursor.execute("SELECT set_config('enable_nestloop', 'on', true)")


# The accounts that numbers are in, or were, one after the other.
_LOCK = """
    SELECT pg_advisory_xact_lock(hashtextextended(account_sid, 1)) FROM (
        SELECT account_sid FROM inventory_phonenumber WHERE sid = ANY (%(sids)s)
        UNION SELECT account_sid FROM inventory_numberactivity WHERE sid = ANY (%(sids)s)
        ORDER BY 1
    ) AS account
"""

_RECOUNT = """
    INSERT INTO inventory_activitysum (
        account_sid, country, number_type, state, urgency, currency, count, monthly_cost
    )
    SELECT account_sid, country, number_type, state, urgency, currency, count(*), sum(monthly_cost)
    FROM inventory_numberactivity
    GROUP BY account_sid, country, number_type, state, urgency, currency
"""

_DERIVE = """
    WITH number AS (
        SELECT number.sid, number.account_sid, number.phone_number, number.country, number.number_type,
               number.origin, number.remote_created_at, account.owner_sid,
               (account.status = 'suspended' OR account.type = 'Trial')::int AS urgency,
               coalesce(period.first_day, %(first)s) AS first_day,
               coalesce(period.last_day, %(last)s) AS last_day,
               coalesce(period.is_complete, false) AS is_complete
        FROM inventory_phonenumber AS number
        JOIN portal_twilioaccount AS account ON account.sid = number.account_sid
        LEFT JOIN inventory_usageperiod AS period ON period.account_sid = number.account_sid
        WHERE (number.account_sid = %(account)s OR number.sid = ANY (%(sids)s))
          AND number.missing_since IS NULL
    ), used AS MATERIALIZED (
        SELECT number.sid,
               sum(usage.total) FILTER (WHERE read.kind = 'calls') AS calls,
               sum(usage.counted) FILTER (WHERE read.kind = 'calls') AS counted_calls,
               sum(usage.total) FILTER (WHERE read.kind = 'messages') AS messages,
               sum(usage.counted) FILTER (WHERE read.kind = 'messages') AS counted_messages
        FROM number
        JOIN inventory_numberusage AS usage ON usage.phone_number = number.phone_number
        JOIN inventory_usagewindow AS read ON read.id = usage.window_id
        WHERE read.read_at IS NOT NULL AND read.day BETWEEN number.first_day AND number.last_day
        GROUP BY number.sid
    ), wanted AS MATERIALIZED (
        SELECT number.sid, number.account_sid, number.phone_number, number.country, number.number_type,
               number.remote_created_at AS added_at,
               CASE
                   WHEN used.counted_calls >= %(calls_needed)s
                     OR used.counted_messages >= %(messages_needed)s THEN 'active'
                   WHEN number.origin = 'hosted' THEN 'hosted'
                   WHEN (number.remote_created_at AT TIME ZONE 'UTC')::date > number.first_day THEN 'new'
                   WHEN number.is_complete THEN 'idle'
                   ELSE 'unknown'
               END AS state,
               coalesce(used.calls, 0) AS calls, coalesce(used.counted_calls, 0) AS counted_calls,
               coalesce(used.messages, 0) AS messages,
               coalesce(used.counted_messages, 0) AS counted_messages, number.urgency,
               coalesce(own.current_price, parent.current_price, 0) AS monthly_cost,
               CASE WHEN own.current_price IS NULL THEN coalesce(parent.currency, '') ELSE own.currency
               END AS currency,
               kept.until AS keep_until
        FROM number
        LEFT JOIN used ON used.sid = number.sid
        LEFT JOIN inventory_numberprice AS own
               ON own.account_sid = number.account_sid AND own.iso_country = number.country
              AND own.number_type = number.number_type AND own.missing_since IS NULL
        LEFT JOIN inventory_numberprice AS parent
               ON parent.account_sid = number.owner_sid AND parent.iso_country = number.country
              AND parent.number_type = number.number_type AND parent.missing_since IS NULL
              AND parent.current_price IS NOT NULL
        LEFT JOIN inventory_keptnumber AS kept ON kept.sid = number.sid
    ), gone AS (
        DELETE FROM inventory_numberactivity AS mine
        WHERE (mine.account_sid = %(account)s OR mine.sid = ANY (%(sids)s))
          AND NOT EXISTS (SELECT FROM wanted WHERE wanted.sid = mine.sid)
        RETURNING mine.*
    ), written AS (
        INSERT INTO inventory_numberactivity AS known (
            sid, account_sid, phone_number, country, number_type, added_at, state, calls, counted_calls,
            messages, counted_messages, urgency, monthly_cost, currency, keep_until
        )
        SELECT * FROM wanted ORDER BY sid
        ON CONFLICT (sid) DO UPDATE SET (
            account_sid, phone_number, country, number_type, added_at, state, calls, counted_calls,
            messages, counted_messages, urgency, monthly_cost, currency, keep_until
        ) = ROW (
            excluded.account_sid, excluded.phone_number, excluded.country, excluded.number_type,
            excluded.added_at, excluded.state, excluded.calls, excluded.counted_calls, excluded.messages,
            excluded.counted_messages, excluded.urgency, excluded.monthly_cost, excluded.currency,
            excluded.keep_until
        )
        WHERE known.* IS DISTINCT FROM excluded.*
        RETURNING known.*
    ), step AS (
        SELECT account_sid, country, number_type, state, urgency, currency, 1 AS by, monthly_cost
        FROM written
        UNION ALL
        -- What they were: a statement sees the table as it was before.
        SELECT old.account_sid, old.country, old.number_type, old.state, old.urgency, old.currency, -1,
               -old.monthly_cost
        FROM written JOIN inventory_numberactivity AS old ON old.sid = written.sid
        UNION ALL
        SELECT account_sid, country, number_type, state, urgency, currency, -1, -monthly_cost FROM gone
    )
    INSERT INTO inventory_activitysum AS known (
        account_sid, country, number_type, state, urgency, currency, count, monthly_cost
    )
    SELECT account_sid, country, number_type, state, urgency, currency, sum(by), sum(monthly_cost)
    FROM step
    GROUP BY account_sid, country, number_type, state, urgency, currency
    HAVING sum(by) <> 0 OR sum(monthly_cost) <> 0
    ORDER BY account_sid, country, number_type, state, urgency, currency
    ON CONFLICT (account_sid, country, number_type, state, urgency, currency)
    DO UPDATE SET count = known.count + excluded.count,
                  monthly_cost = known.monthly_cost + excluded.monthly_cost
"""
