"""What the losing carrier does: it accepts numbers for a date, rejects them for a code, and hands them over.

Left alone it goes by the numbers' fates (`portal.sandbox.elsewhere`): one that ends in 6n is rejected with
2215n until what the code is about differs from every request that was rejected for it before.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from portal.sandbox import elsewhere
from portal.sandbox.clock import iso8601, rfc2822, seconds_of
from portal.sandbox.friendly import format_number
from portal.sandbox.porting import settings
from portal.sandbox.porting.dates import port_moment
from portal.sandbox.porting.resources import (
    COMPLETED,
    PENDING,
    REJECTED,
    REJECTIONS,
    SUBMITTED,
    WITH_CARRIER,
    PortIn,
    PortInNumber,
)
from portal.sandbox.porting.settings import DAY
from portal.sandbox.porting.state import numbers_of, set_number, settle
from portal.sandbox.records import add_number, load_number, save_number
from portal.sandbox.resources import Capabilities, Number
from portal.sandbox.stock import take
from portal.sandbox.store import Store

# What has to be another one before the carrier reconsiders; nothing: filing again will do. Never: 22159.
ABOUT = {
    22150: (),
    22151: (),
    22152: (),
    22153: ("customer_name", "customer_type"),
    22154: ("address",),
    22155: ("pin",),
    22156: ("account_number",),
    22157: ("authorized_representative",),
    22158: ("target_port_in_date",),
}
USUAL_DAYS = 7
LATE_DAYS = 3
LEAST_NOTICE = 2 * DAY
NOTICE_TO_CANCEL = 72 * 3600


def receive(store: Store, port_in: PortIn, now: int) -> None:
    """Numbers have been submitted."""
    automatic = settings.read(store)
    if automatic.automatic:
        store.schedule(now + automatic.answer, "answer_port_in", port_in.sid)


def answer(store: Store, port_in: PortIn, now: int) -> None:
    """Decide on everything that was submitted."""
    for number in _submitted(store, port_in):
        code = _objection(store, number)
        if code is None:
            accept(store, port_in, number, now, date_for(port_in, number, now))
        else:
            reject(store, number, now, code)
    settle(store, port_in, now)


def _submitted(store: Store, port_in: PortIn) -> list[PortInNumber]:
    return [number for number in numbers_of(store, port_in) if number.status == SUBMITTED]


def accept(store: Store, port_in: PortIn, number: PortInNumber, now: int, moment: str) -> None:
    """Commit to a date, or to another one: it may be changed until the day."""
    if number.status not in WITH_CARRIER:
        raise ValueError(f"{number.phone_number} is not with the losing carrier")
    was_pending = number.status == PENDING
    number.port_date, number.rejection_code = moment, None
    if was_pending:
        number.touch(now)
        store.save(number)
    else:
        set_number(store, number, PENDING, now)
    store.schedule(seconds_of(moment), "complete_port_in_number", number.sid, moment)


def reject(store: Store, number: PortInNumber, now: int, code: int) -> None:
    if code not in REJECTIONS:
        raise ValueError(f"there is no rejection code {code}")
    if number.status not in WITH_CARRIER:
        raise ValueError(f"{number.phone_number} is not with the losing carrier")
    number.rejection_code, number.port_date = code, None
    set_number(store, number, REJECTED, now)
    let_go(store, number)


def complete(store: Store, number: PortInNumber, now: int) -> None:
    """Hand a number over: it is an IncomingPhoneNumber now, and hosted no longer."""
    if number.status not in WITH_CARRIER:
        raise ValueError(f"{number.phone_number} is not with the losing carrier")
    for (sid,) in store.rows(
        "SELECT sid FROM number WHERE phone_number = ? AND origin = 'hosted'", (number.phone_number,)
    ):
        store.forget("number", sid)
    owned = load_number(store, number.number_sid) if number.number_sid else None
    if owned is None:
        owned = _make_number(store, number, now)
    owned.status, owned.date_updated = "in-use", rfc2822(now)
    save_number(store, owned)
    take(store, number.phone_number)
    number.number_sid, number.port_date = owned.sid, number.port_date or iso8601(now)
    set_number(store, number, COMPLETED, now)


def reserve(store: Store, number: PortInNumber, now: int) -> None:
    """A number that the account hosts has a second IncomingPhoneNumber once it is submitted (page 11)."""
    hosted = store.row(
        "SELECT 1 FROM number WHERE phone_number = ? AND account = ? AND origin = 'hosted'",
        (number.phone_number, number.account_sid),
    )
    if hosted:
        number.number_sid = _make_number(store, number, now).sid


def let_go(store: Store, number: PortInNumber) -> None:
    """A port that comes to nothing leaves no IncomingPhoneNumber behind."""
    if number.number_sid and number.status != COMPLETED:
        store.forget("number", number.number_sid)
        number.number_sid = None
        store.save(number)


def is_imminent(number: PortInNumber, now: int) -> bool:
    """Whether it is too late to cancel."""
    return number.port_date is not None and seconds_of(number.port_date) - now <= NOTICE_TO_CANCEL


def _make_number(store: Store, number: PortInNumber, now: int) -> Number:
    is_american = number.country in elsewhere.HOSTED_COUNTRIES
    made = Number(
        account_sid=number.account_sid,
        address_requirements="none" if is_american else "local",
        capabilities=Capabilities(voice=True, sms=is_american, mms=is_american),
        date_created=rfc2822(now),
        date_updated=rfc2822(now),
        friendly_name=format_number(number.phone_number),
        phone_number=number.phone_number,
        sid=store.new_sid("PN"),
        status="pending",
        type=number.number_type.lower().replace("-", ""),
    )
    add_number(store, made)
    return made


def _objection(store: Store, number: PortInNumber) -> int | None:
    code = elsewhere.rejection_of(number.phone_number)
    if code is None or code not in ABOUT:
        return code
    about = ABOUT[code]
    bodies = store.rows(
        "SELECT sid FROM document WHERE kind = 'port_in_number' AND json_extract(body, '$.phone_number') = ?"
        " AND json_extract(body, '$.rejection_code') = ?",
        (number.phone_number, code),
    )
    earlier = [found for (sid,) in bodies if (found := store.find(PortInNumber, sid)) is not None]
    if not earlier:
        return code
    given = [number.given.get(name) for name in about]
    return (
        code if about and any(given == [one.given.get(name) for name in about] for one in earlier) else None
    )


def date_for(port_in: PortIn, number: PortInNumber, now: int) -> str:
    """The date that was asked for if there is time left, else the next weekday a week ahead."""
    late = LATE_DAYS * DAY if elsewhere.is_late(number.phone_number) else 0
    wanted = port_moment(port_in)
    if wanted is not None and wanted >= now + LEAST_NOTICE:
        return iso8601(wanted + late)
    day = datetime.fromtimestamp(now + USUAL_DAYS * DAY + late, UTC).replace(hour=15, minute=0, second=0)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return iso8601(int(day.timestamp()))


def _answer_due(store: Store, at: int, sid: str, _: str) -> None:
    port_in = store.find(PortIn, sid)
    if port_in:
        answer(store, port_in, at)


def _complete_due(store: Store, at: int, sid: str, moment: str) -> None:
    """The day of a number, and of all in its request that have the same."""
    due = (PENDING, moment)
    number = store.find(PortInNumber, sid)
    port_in = store.find(PortIn, number.port_in_sid) if number else None
    if number is None or port_in is None or (number.status, number.port_date) != due:
        return
    for one in numbers_of(store, port_in):
        if (one.status, one.port_date) == due:
            complete(store, one, at)
    settle(store, port_in, at)


ACTIONS: dict[str, Callable[[Store, int, str, str], None]] = {
    "answer_port_in": _answer_due,
    "complete_port_in_number": _complete_due,
}
