"""The pages below `/hosting`: what waits for whom, the telephone that rings, and the letter the signer gets."""

# ruff: noqa: E501 (markup)

from html import escape

import msgspec

from portal.sandbox.core import Sandbox
from portal.sandbox.hosting.control import Act, Signature, perform, sign
from portal.sandbox.hosting.desk import find_document, find_order
from portal.sandbox.hosting.documents import LOA_DAYS, orders_of
from portal.sandbox.hosting.progress import PATIENCE
from portal.sandbox.hosting.resources import (
    ACTION_REQUIRED,
    COMPLETED,
    FAILED,
    OPENED,
    PENDING_LOA,
    PROCESSING,
    RECEIVED,
    SIGNED,
    SIGNING,
    STATUSES,
    TESTING,
    VERIFYING,
    WITH_CARRIER,
    AuthorizationDocument,
    HostedOrder,
)
from portal.sandbox.hosting.settings import DAY, HostingSettings, read
from portal.sandbox.hosting.verification import MOST_CALLS, PROMPTS
from portal.sandbox.markup import calls, facts, fates, filters, page, serve, table, tag
from portal.sandbox.store import Store
from portal.sandbox.wire import Request, Response

MOST = 200
TONES = {COMPLETED: "good", SIGNED: "good", FAILED: "bad", ACTION_REQUIRED: "bad", "canceled": "bad"}
DELAYS = (
    ("process", "received after"), ("answer", "answered after"), ("bill", "bill read after"), ("sign", "signed after"),
    ("carrier", "registered after"), ("test", "tested after"), ("bulk", "bulk step"),
)  # fmt: skip


def answer(sandbox: Sandbox, request: Request) -> Response:
    """A page, or what one of its buttons does; `request.path` is what follows `/hosting`."""
    place = request.path.strip("/")

    def body() -> str:
        now = sandbox.clock.seconds()
        with sandbox.changing() as (store, _):
            if not place:
                return _desk(store, dict(request.query).get("status", ""), now)
            if place.startswith("call/"):
                return _telephone(find_order(store, place.removeprefix("call/")), now)
            if place.startswith("sign/"):
                return _letter(store, find_document(store, place.removeprefix("sign/")), now)
            return _order(find_order(store, place), now)

    return serve(request, "/hosting", lambda: _act(sandbox, place, request), body)


def _act(sandbox: Sandbox, place: str, request: Request) -> str:
    form = dict(request.form)
    if not place:
        delays = {name: int(form[name]) for name, _ in DELAYS}
        sandbox.hosting.set(HostingSettings(automatic="automatic" in form, **delays))
    elif place.startswith("sign/"):
        sign(sandbox, place.removeprefix("sign/"), msgspec.convert({"act": form.get("act")}, Signature))
    else:
        wanted = {name: form[name] for name in ("act", "code", "reason") if form.get(name)}
        perform(sandbox, place.removeprefix("call/"), msgspec.convert(wanted, Act))
    return place


def _desk(store: Store, status: str, now: int) -> str:
    found = [one for one in reversed(store.all(HostedOrder)) if status in ("", one.status)]
    found.sort(key=lambda one: one.status in (COMPLETED, FAILED))
    rows = "".join(_order_row(one, now) for one in found[:MOST])
    letters = store.all(AuthorizationDocument)[::-1]
    letters.sort(key=lambda one: one.status != SIGNING)
    settings = read(store)
    delays = "".join(
        f'<label>{text} <input type="number" name="{name}" value="{getattr(settings, name)}" min="0"> s</label>'
        for name, text in DELAYS
    )
    return page(
        "Hosting",
        f"""<section class="wide"><h2>Orders</h2>{filters("/hosting", STATUSES)}
{table(rows, "Number", "Status", "Waits for", "Reason", "")}</section>
<section class="wide"><h2>Authorization documents</h2>
{table("".join(_letter_row(store, one, now) for one in letters[:MOST]), "Signer", "Status", "Orders", "Since", "")}</section>
<section class="wide"><h2>By themselves</h2><form method="post" action="/hosting">
<label><input type="checkbox" name="automatic"{" checked" if settings.automatic else ""}> Go on by themselves</label>{delays}<button>Save</button></form></section>
{fates()}{calls(store, ("HR",))}""",
    )


def _order_row(order: HostedOrder, now: int) -> str:
    return (
        f'<tr><th scope="row"><a href="/hosting/{order.sid}">{order.phone_number}</a><br><code>{order.sid}</code></th>'
        f"<td>{_status(order.status)}</td><td>{escape(_waits_for(order, now))}</td>"
        f"<td>{escape(order.failure_reason)}</td><td>{_next(order)}</td></tr>"
    )


def _waits_for(order: HostedOrder, now: int) -> str:
    if order.status == PROCESSING or order.status in (WITH_CARRIER, TESTING):
        return "Twilio" if order.status == PROCESSING else "the carrier"
    if order.status == VERIFYING and order.call_open:
        return "somebody to answer"
    if order.status == PENDING_LOA:
        return "the signer"
    if order.status in PATIENCE:
        who = "Twilio's specialist" if order.status == ACTION_REQUIRED else "its owner"
        return f"{who}, day {min((now - order.since) // DAY + 1, PATIENCE[order.status])} of {PATIENCE[order.status]}"
    return ""


def _next(order: HostedOrder) -> str:
    if order.status == PROCESSING:
        return _button(order, "process", "Look at it")
    if order.status == VERIFYING and order.call_open:
        return f'<a href="/hosting/call/{order.sid}">Answer the call</a>'
    if order.status == PENDING_LOA:
        return f'<a href="/hosting/sign/{order.signing_document_sid}">Open the letter</a>'
    if order.status in (WITH_CARRIER, TESTING):
        return _button(order, "advance", "Register" if order.status == WITH_CARRIER else "Finish the tests")
    return _button(order, "resolve", "Resolve") if order.status == ACTION_REQUIRED else ""


def _button(order: HostedOrder, act: str, text: str) -> str:
    return f'<form method="post" action="/hosting/{order.sid}"><button name="act" value="{act}">{text}</button></form>'


def _letter_row(store: Store, document: AuthorizationDocument, now: int) -> str:
    day = min((now - document.sent_at) // DAY + 1, LOA_DAYS)
    since = f"day {day} of {LOA_DAYS}" if document.status == SIGNING else document.date_updated[:10]
    link = f'<a href="/hosting/sign/{document.sid}">Open the letter</a>' if document.status == SIGNING else ""
    return (
        f'<tr><th scope="row">{escape(document.email)}<br><code>{document.sid}</code></th><td>{_status(document.status)}</td>'
        f"<td>{len(orders_of(store, document))}</td><td>{since}</td><td>{link}</td></tr>"
    )


def _order(order: HostedOrder, now: int) -> str:
    known = {
        "Order": order.sid, "Account": order.account_sid, "Status": order.status, "Waits for": _waits_for(order, now),
        "Reason": order.failure_reason, "Number": order.incoming_phone_number_sid, "Address": order.address_sid,
        "Email": order.email, "Contact": order.contact_phone_number, "Document": order.signing_document_sid,
        "Calls": f"{order.verification_attempts} of {MOST_CALLS}", "Extension": order.extension,
        "Proof": order.verification_type, "Bill": order.verification_document_sid, "Made": order.date_created,
    }  # fmt: skip
    over = order.status in (COMPLETED, FAILED)
    acts = []
    if order.verification_type == "phone-bill" and order.status in (RECEIVED, VERIFYING):
        acts.append('<button name="act" value="verify">Take the bill as proof</button>')
    if order.status in (WITH_CARRIER, TESTING):
        acts.append('<button name="act" value="complete">Complete now</button>')
    if not over:
        acts.append(
            '<label>Reason <input name="reason" placeholder="Twilio\'s words"></label>'
            '<button name="act" value="require-action">Require action</button><button name="act" value="fail">Fail</button>'
        )
    desk = f'<form method="post" action="/hosting/{order.sid}">{"".join(acts)}</form>' if acts else ""
    return page(
        order.phone_number,
        f"""<section><h2>Order</h2>{facts(known)}</section>
<section><h2>What next</h2><p>{_next(order) or '<span class="quiet">Its owner has the next move.</span>'}</p>{desk}</section>""",
    )


def _telephone(order: HostedOrder, now: int) -> str:
    """Whoever answers hears that a code is asked for; the portal knows it, and whoever turns it over here."""
    if order.call_open and order.verification_code:
        left = max(order.code_until - now, 0)
        dialled = (
            f'<p class="quiet">Reached by dialling {escape(order.extension)}.</p>' if order.extension else ""
        )
        content = f"""<p>“This is Twilio. Please enter the verification code you were given.”</p>{dialled}
<form method="post" action="/hosting/call/{order.sid}"><label>Code <input name="code" inputmode="numeric" autocomplete="off" maxlength="8" size="8" autofocus></label>
<button class="strong" name="act" value="press">Enter</button><button name="act" value="hang-up">Hang up</button></form>
<p class="quiet">Prompt {order.wrong + 1} of {PROMPTS}, call {order.verification_attempts} of {MOST_CALLS}; the code is good for {left // 60} min {left % 60} s.</p>
<details><summary>The code, for whoever plays both</summary><p class="display">{order.verification_code}</p></details>"""
    else:
        content = f"<p>The telephone is silent. The order is {order.status}.</p>"
    return page(
        f"Telephone {order.phone_number}",
        f'<section class="letter"><h2>{"It rings" if order.call_open else "No call"}</h2>{content}<p><a href="/hosting/{order.sid}">The order</a></p></section>',
    )


def _letter(store: Store, document: AuthorizationDocument, now: int) -> str:
    orders = orders_of(store, document)
    listed = "".join(f"<li>{one.phone_number}</li>" for one in orders[:MOST])
    more = f"<p>and {len(orders) - MOST} more.</p>" if len(orders) > MOST else ""
    if document.status == SIGNING:
        day = min((now - document.sent_at) // DAY + 1, LOA_DAYS)
        end = f"""<p class="quiet">Day {day} of {LOA_DAYS}.</p><form method="post" action="/hosting/sign/{document.sid}">
<button class="strong" name="act" value="sign">Sign</button><button name="act" value="decline">Decline</button></form>"""
    else:
        why = ": it was taken back to be changed" if document.status == OPENED else ""
        end = f"<p>The letter is {document.status}{why}.</p>"
    title = f"{document.contact_title}, " if document.contact_title else ""
    return page(
        "Letter of authorization",
        f"""<section class="letter"><h2>Messaging with Twilio</h2>
<p>To {escape(title)}{escape(document.email)}, {escape(document.contact_phone_number)}</p>
<p>The undersigned authorizes Twilio to send and receive messages for these phone numbers. Voice stays where it is.</p><ul>{listed}</ul>{more}{end}</section>""",
    )


def _status(status: str) -> str:
    return tag(status, TONES.get(status, ""))
