"""The columns of the number list: what the page, the CSV file and the URL call them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from compliance.standing import REASONS
from inventory import labels
from inventory.models import PhoneNumber
from inventory.pricing import PriceList
from portal.numbering import national

COMPLIANCE = "compliance"  # the column that is worked out anew for each page


@dataclass(frozen=True, slots=True)
class Beside:
    """What columns tell of numbers that does not stand with them, as far as a column asks for it."""

    prices: PriceList
    reasons: Mapping[str, str] = field(default_factory=dict)  # of `compliance.standing`, by sid


@dataclass(frozen=True, slots=True)
class Column:
    """`cells` gives what a CSV file holds under `keys`; the page draws its own cell."""

    name: str
    title: str
    keys: tuple[str, ...]
    cells: Callable[[PhoneNumber, "Beside"], Sequence[Any]]
    is_default: bool = False
    is_figure: bool = False
    sort: str = ""


def _can(number: PhoneNumber) -> str:
    return " ".join(name for name in labels.CAPABILITIES if getattr(number, name))


def _price(number: PhoneNumber, beside: Beside) -> tuple[str, str]:
    price = beside.prices.of(number.account_id, number.country, number.number_type)
    return (str(price.amount), price.currency) if price else ("", "")


def _activity(number: PhoneNumber, _: Beside) -> tuple[Any, ...]:
    found = getattr(number, "activity", None)
    return (found.state, found.counted_calls, found.counted_messages) if found else ("", "", "")


def _compliance(number: PhoneNumber, beside: Beside) -> tuple[str, str]:
    reason = beside.reasons.get(number.pk, "")
    return (REASONS[reason].standing, REASONS[reason].title) if reason else ("", "")


COLUMNS = (
    Column(
        "number", "Number", ("phone_number", "national_format"),
        lambda n, _: (n.phone_number, national(n.phone_number)), is_default=True, sort="number",
    ),
    Column("name", "Name", ("friendly_name",), lambda n, _: (n.friendly_name,), is_default=True, sort="name"),
    Column("country", "Country", ("country",), lambda n, _: (n.country,)),
    Column("type", "Type", ("number_type",), lambda n, _: (n.number_type,), is_default=True),
    Column("can", "Can do", ("capabilities",), lambda n, _: (_can(n),), is_default=True),
    Column(
        "calls", "Calls go to", ("trunk_sid", "voice_application_sid", "voice_url"),
        lambda n, _: (n.trunk_sid, n.voice_application_id, n.voice_url), is_default=True,
    ),
    Column(
        "messages", "Messages go to", ("sms_application_sid", "sms_url"),
        lambda n, _: (n.sms_application_id, n.sms_url),
    ),
    Column("status", "Status", ("status",), lambda n, _: (n.status,)),
    Column("origin", "Origin", ("origin",), lambda n, _: (n.origin,)),
    Column(
        "address", "Address", ("address_requirements", "address_sid"),
        lambda n, _: (n.address_requirements, n.address_id),
    ),
    Column("bundle", "Bundle", ("bundle_sid",), lambda n, _: (n.bundle_sid,)),
    Column(COMPLIANCE, "Compliance (derived)", ("compliance", "compliance_reason"), _compliance),
    Column(
        "emergency", "Emergency", ("emergency_status", "emergency_address_status"),
        lambda n, _: (n.emergency_status, n.emergency_address_status),
    ),
    Column(
        "account", "Account", ("account_sid", "account"),
        lambda n, _: (n.account_id, n.account.friendly_name), is_default=True,
    ),
    Column("owner", "Owner", ("owner",), lambda n, _: (n.owner,)),
    Column("cost_centre", "Cost centre", ("cost_centre",), lambda n, _: (n.cost_centre,)),
    Column("tags", "Tags", ("tags",), lambda n, _: (", ".join(n.tags),)),
    Column(
        "added", "Added", ("date_created",), lambda n, _: (n.added_at.isoformat(),), sort="added",
    ),
    Column(
        "missing", "Missing since", ("missing_since",),
        lambda n, _: (n.missing_since.isoformat() if n.missing_since else "",),
    ),
    Column(
        "activity", "Activity", ("activity", "counted_calls", "counted_messages"), _activity,
    ),
    Column("sid", "SID", ("sid",), lambda n, _: (n.sid,)),
    Column("price", "Monthly", ("monthly_price", "currency"), _price, is_default=True, is_figure=True),
)  # fmt: skip
_BY_NAME = {column.name: column for column in COLUMNS}
DEFAULT = tuple(column.name for column in COLUMNS if column.is_default)


def chosen(names: Iterable[str], *, about_missing: bool = False) -> list[Column]:
    """The columns with these names, in the list's own order and always with the number; else the default."""
    default = {*DEFAULT, "missing"} - {"calls"} if about_missing else {*DEFAULT}
    wanted = {name for name in names if name in _BY_NAME} or default
    return [column for column in COLUMNS if column.name in wanted | {"number"}]
