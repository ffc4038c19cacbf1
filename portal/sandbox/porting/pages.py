"""The pages below `/porting`: what waits for whom, the losing carrier's desk, and the letter the signer gets."""

# ruff: noqa: E501 (markup)

from html import escape
from typing import Any

import msgspec

from portal.sandbox.core import Sandbox
from portal.sandbox.markup import calls, facts, fates, filters, options, page, serve, table, tag
from portal.sandbox.porting.control import Act, perform
from portal.sandbox.porting.desk import find_port_in
from portal.sandbox.porting.progress import LOA_DAYS
from portal.sandbox.porting.resources import (
    ACTION_REQUIRED,
    CANCELED,
    CANCELING,
    COMPLETED,
    EXPIRED,
    IN_REVIEW,
    OVER,
    PENDING,
    REJECTED,
    REJECTIONS,
    STATUSES,
    SUBMITTED,
    WAITING,
    WITH_CARRIER,
    PortIn,
    PortInNumber,
    words,
)
from portal.sandbox.porting.settings import DAY, PortingSettings, read
from portal.sandbox.porting.state import numbers_of
from portal.sandbox.store import Store
from portal.sandbox.wire import Request, Response

MOST = 200
TONES = {COMPLETED: "good", REJECTED: "bad", ACTION_REQUIRED: "bad", CANCELED: "bad", EXPIRED: "bad"}
DELAYS = (("review", "reviewed after"), ("sign", "signed after"), ("answer", "answered after"), ("cancel", "canceled after"))  # fmt: skip


def answer(sandbox: Sandbox, request: Request) -> Response:
    """A page, or what one of its buttons does; `request.path` is what follows `/porting`."""
    place = request.path.strip("/")

    def body() -> str:
        now = sandbox.clock.seconds()
        with sandbox.changing() as (store, _):
            if not place:
                return _desk(store, dict(request.query).get("status", ""), now)
            if place.startswith("sign/"):
                return _letter(store, find_port_in(store, place.removeprefix("sign/")), now)
            return _request(store, find_port_in(store, place), now)

    return serve(request, "/porting", lambda: _act(sandbox, place, request), body)


def _act(sandbox: Sandbox, place: str, request: Request) -> str:
    form = dict(request.form)
    if not place:
        settings = PortingSettings(
            automatic="automatic" in form,
            not_portable_is_400="not_portable_is_400" in form,
            ends_expired="ends_expired" in form,
            **{name: int(form[name]) for name, _ in DELAYS},
        )
        sandbox.porting.set(settings)
        return place
    wanted = {
        "act": form.get("act", ""),
        "numbers": [value for name, value in request.form if name == "number"],
        "date": form.get("date") or None,
        "code": int(form.get("code") or 22150),
    }
    perform(sandbox, place.removeprefix("sign/"), msgspec.convert(wanted, Act))
    return place


def _desk(store: Store, status: str, now: int) -> str:
    found = [one for one in reversed(store.all(PortIn)) if status in ("", one.status)]
    found.sort(key=lambda one: one.status in OVER)
    rows = "".join(_row(store, one, now) for one in found[:MOST])
    settings = read(store)
    delays = "".join(
        f'<label>{text} <input type="number" name="{name}" value="{getattr(settings, name)}" min="0"> s</label>'
        for name, text in DELAYS
    )
    boxes = "".join(
        f'<label><input type="checkbox" name="{name}"{" checked" if getattr(settings, name) else ""}> {text}</label>'
        for name, text in (
            ("automatic", "Go on by themselves"),
            ("not_portable_is_400", "Not portable is HTTP 400"),
            ("ends_expired", "Unsigned requests end as Expired"),
        )
    )
    return page(
        "Porting",
        f"""<section class="wide"><h2>Requests</h2>{filters("/porting", STATUSES)}
{table(rows, "Request", "Status", "Numbers", "Waits for", "")}</section>
<section class="wide"><h2>By themselves</h2><form method="post" action="/porting">{boxes}{delays}<button>Save</button></form></section>
{fates()}{calls(store, ("KW",))}""",
    )


def _row(store: Store, port_in: PortIn, now: int) -> str:
    numbers = numbers_of(store, port_in)
    name = port_in.losing_carrier_information["customer_name"]
    return (
        f'<tr><th scope="row"><a href="/porting/{port_in.sid}">{escape(name)}</a><br><code>{port_in.sid}</code></th>'
        f"<td>{_status(port_in.status)}</td><td>{_counts(numbers)}</td><td>{escape(_waits_for(port_in, numbers, now))}</td>"
        f"<td>{_next(port_in, numbers)}</td></tr>"
    )


def _counts(numbers: list[PortInNumber]) -> str:
    counts: dict[str, int] = {}
    for one in numbers:
        counts[one.status] = counts.get(one.status, 0) + 1
    return "<br>".join(f"{count} {_status(status)}" for status, count in counts.items())


def _waits_for(port_in: PortIn, numbers: list[PortInNumber], now: int) -> str:
    statuses = {one.status for one in numbers}
    if IN_REVIEW in statuses:
        return "Twilio"
    if WAITING in statuses:
        return f"{port_in.signer}, day {_day(port_in, now)} of {LOA_DAYS}"
    if SUBMITTED in statuses or CANCELING in statuses:
        return "the losing carrier"
    if PENDING in statuses:
        return f"the port date, {min(one.port_date or '' for one in numbers if one.status == PENDING)[:10]}"
    return "the customer" if REJECTED in statuses else ""


def _day(port_in: PortIn, now: int) -> int:
    return min((now - (port_in.waiting_since or now)) // DAY + 1, LOA_DAYS)


def _next(port_in: PortIn, numbers: list[PortInNumber]) -> str:
    """The one thing that can be done next, as a button or as the way to the letter."""
    statuses = {one.status for one in numbers}
    if IN_REVIEW in statuses:
        return _button(port_in, "review", "Review")
    if WAITING in statuses:
        return f'<a href="/porting/sign/{port_in.sid}">Open the letter</a>'
    if SUBMITTED in statuses:
        return _button(port_in, "accept", "Accept")
    if PENDING in statuses:
        return _button(port_in, "complete", "Complete now")
    return _button(port_in, "confirm-cancel", "Let go") if CANCELING in statuses else ""


def _button(port_in: PortIn, act: str, text: str) -> str:
    return f'<form method="post" action="/porting/{port_in.sid}"><button name="act" value="{act}">{text}</button></form>'


def _request(store: Store, port_in: PortIn, now: int) -> str:
    numbers = numbers_of(store, port_in)
    given = port_in.losing_carrier_information
    known = {
        "Account": port_in.account_sid, "Status": words(port_in.status), "Waits for": _waits_for(port_in, numbers, now),
        "Filed": port_in.date_created, "Wanted": port_in.target_port_in_date, "From": port_in.target_port_in_time_range_start,
        "Until": port_in.target_port_in_time_range_end, "Ticket": port_in.support_ticket_id,
        "Canceled because": port_in.order_cancellation_reason, "Documents": ", ".join(port_in.documents),
        "Bundle": port_in.bundle_sid, "Carrier service": port_in.portability_advance_carrier,
    }  # fmt: skip
    carrier = {
        "Customer": f"{given['customer_name']} ({given['customer_type']})", "Account number": given["account_number"],
        "Telephone": given["account_telephone_number"], "Representative": given["authorized_representative"],
        "Email": port_in.signer, "Address": ", ".join(str(part) for part in given["address"].values() if part),
    }  # fmt: skip
    rows = "".join(_number_row(one) for one in numbers[:MOST])
    return page(
        given["customer_name"],
        f"""<section><h2>Request</h2><p><code>{port_in.sid}</code></p>{facts(known)}<p>{"" if any(one.status in WITH_CARRIER for one in numbers) else _next(port_in, numbers)}</p></section>
<section><h2>Losing carrier's customer</h2>{facts(carrier)}</section>
<section class="wide"><h2>Numbers</h2><form method="post" action="/porting/{port_in.sid}">
{table(rows, "", "Number", "Type", "Status", "Port date", "Reason")}{_carrier_desk(numbers)}</form></section>""",
    )


def _number_row(number: PortInNumber) -> str:
    code = number.rejection_code or number.not_portable_code
    pin = "PIN" if number.pin else "no PIN" if number.missing_required_fields else ""
    with_carrier = number.status in WITH_CARRIER
    box = (
        f'<input type="checkbox" name="number" value="{number.sid}" aria-label="{number.phone_number}">'
        if with_carrier
        else ""
    )
    why = f"{code} {REJECTIONS.get(number.rejection_code or 0, '')}" if code else ""
    return (
        f'<tr><td>{box}</td><th scope="row">{number.phone_number}</th><td>{number.number_type.lower()} {pin}</td>'
        f"<td>{_status(number.status)}</td><td>{(number.port_date or '')[:16].replace('T', ' ')}</td><td>{escape(why)}</td></tr>"
    )


def _carrier_desk(numbers: list[PortInNumber]) -> str:
    """What the losing carrier may do with the numbers that are ticked, or with all."""
    if not any(one.status in WITH_CARRIER for one in numbers):
        return '<p class="quiet">The losing carrier has none of these numbers.</p>'
    codes = options((code, f"{code} {text}") for code, text in REJECTIONS.items())
    return f"""<p class="quiet">The losing carrier, for what is ticked, or for all that it has:</p>
<label>Date <input type="date" name="date"></label><button name="act" value="accept">Accept</button>
<button name="act" value="set-date">Move the date</button><button name="act" value="complete">Complete now</button>
<label>Code <select name="code">{codes}</select></label><button name="act" value="reject">Reject</button>"""


def _letter(store: Store, port_in: PortIn, now: int) -> str:
    """The letter of authorization, as the representative sees it."""
    given = port_in.losing_carrier_information
    waiting = [one for one in numbers_of(store, port_in) if one.status == WAITING]
    address = ", ".join(str(part) for part in given["address"].values() if part)
    listed = "".join(f"<li>{one.phone_number}</li>" for one in waiting)
    if waiting:
        end = f"""<ul>{listed}</ul><p class="quiet">Day {_day(port_in, now)} of {LOA_DAYS}. Without a signature the request is canceled.</p>
<form method="post" action="/porting/sign/{port_in.sid}"><button class="strong" name="act" value="sign">Sign as {escape(given["authorized_representative"])}</button>
<button name="act" value="decline">Decline</button></form>"""
    else:
        done = (
            f"Signed. The request is {words(port_in.status)}."
            if port_in.signed_at
            else f"There is nothing to sign. The request is {words(port_in.status)}."
        )
        end = f"<p>{done}</p>"
    return page(
        "Letter of authorization",
        f"""<section class="letter"><h2>Port to Twilio</h2>
<p>To {escape(given["authorized_representative"])} &lt;{escape(port_in.signer)}&gt;</p>
<p>{escape(given["customer_name"])}, {escape(address)}, authorizes Twilio to move these phone numbers to its network{_of_account(given)}:</p>{end}</section>""",
    )


def _of_account(given: dict[str, Any]) -> str:
    account = given["account_number"]
    return f", held under account {escape(str(account))}" if account else ""


def _status(status: str) -> str:
    return tag(words(status), TONES.get(status, ""))
