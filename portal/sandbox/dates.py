"""Dates in queries: `DateSent=2026-01-02`, `DateSent>=…`, in the formats Twilio's own examples use."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

from portal.sandbox.errors import refusal

DAY = 86_400
ZONES = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}


def date_conditions(
    query: Mapping[str, str], parameter: str, column: str, *, includes_end: bool
) -> tuple[str, list[object]]:
    """SQL for the three spellings of a date filter.

    `=` is that day, or that second. `>` is from then on. `<` is up to and with the day for messages
    (`includes_end`), before the day for calls; that is how the specification describes them.
    """
    sql, parameters = "", list[object]()
    if text := query.get(parameter):
        start, length = parse_date(text)
        sql += f" AND {column} >= ? AND {column} < ?"
        parameters += [start, start + length]
    if text := query.get(f"{parameter}>"):
        start, _ = parse_date(text)
        sql += f" AND {column} >= ?"
        parameters.append(start)
    if text := query.get(f"{parameter}<"):
        start, length = parse_date(text)
        sql += f" AND {column} < ?"
        parameters.append(start + length if includes_end else start)
    return sql, parameters


def parse_date(text: str) -> tuple[int, int]:
    """When a date or a moment begins, in seconds, and how many seconds it lasts; or 400 20422."""
    text = text.strip()
    for parse in (_day, datetime.fromisoformat, _american, parsedate_to_datetime):
        try:
            moment = parse(text)
        except (ValueError, TypeError, IndexError):
            continue
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return int(aware.timestamp()), DAY if parse is _day else 1
    raise refusal(20422, f"{text} is not a date")


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)


def _american(text: str) -> datetime:
    """`06/11/2019 22:05:25 MST`"""
    moment, _, zone = text.rpartition(" ")
    offset = timezone(timedelta(hours=ZONES.get(zone, 0)))
    return datetime.strptime(moment, "%m/%d/%Y %H:%M:%S").replace(tzinfo=offset)
