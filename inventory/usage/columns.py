"""The columns of the list of numbers at risk, as its CSV file has them."""

from collections.abc import Callable, Sequence
from typing import Any

from inventory.models import NumberActivity
from inventory.usage.labels import ACTIVITIES

Cell = Callable[[NumberActivity], Any]

COLUMNS: Sequence[tuple[str, Cell]] = (
    ("Number (phone_number)", lambda row: row.phone_number),
    ("Name (friendly_name)", lambda row: row.number.friendly_name),
    ("Country (country)", lambda row: row.country),
    ("Type (type)", lambda row: row.number_type),
    ("Account (account_sid)", lambda row: row.account_id),
    ("Account (account)", lambda row: row.account.friendly_name),
    ("Account status (account_status)", lambda row: row.account.status),
    ("Account type (account_type)", lambda row: row.account.type),
    ("Activity (activity)", lambda row: ACTIVITIES[row.state].word),
    ("Calls (calls)", lambda row: row.calls),
    ("Calls that count (counted_calls)", lambda row: row.counted_calls),
    ("Messages (messages)", lambda row: row.messages),
    ("Messages that count (counted_messages)", lambda row: row.counted_messages),
    ("Added (date_created)", lambda row: row.added_at.isoformat()),
    ("Owner (owner)", lambda row: row.number.owner),
    ("Cost centre (cost_centre)", lambda row: row.number.cost_centre),
    ("Keep until (keep_until)", lambda row: row.keep_until.isoformat() if row.keep_until else ""),
    ("Reason to keep (keep_reason)", lambda row: row.kept_reason),
    ("Monthly (monthly_price)", lambda row: row.monthly_cost if row.currency else ""),
    ("Monthly (currency)", lambda row: row.currency),
    ("SID (sid)", lambda row: row.pk),
)
