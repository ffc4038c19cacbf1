"""Hosted number orders of the data set: every state there is, with the letters that some of them wait for.

Made as the port-in requests are (`ports`), on the parent and in turns on its subaccounts.
"""

from typing import NamedTuple

from portal.sandbox.clock import iso8601
from portal.sandbox.dataset import names
from portal.sandbox.dataset.accounts import DAY, Desk
from portal.sandbox.hosting import documents, progress, verification
from portal.sandbox.hosting.orders import number_of
from portal.sandbox.hosting.resources import FAILED, AuthorizationDocument, HostedOrder
from portal.sandbox.hosting.settings import HostingSettings
from portal.sandbox.records import add_number
from portal.sandbox.resources import make_sid
from portal.sandbox.store import Store

AREA_CODES = ("606", "432", "364", "228")


class Story(NamedTuple):
    """Orders that were made `age` days ago, and what was done with them so many days after that."""

    age: float
    steps: tuple[tuple[float, str], ...] = ()
    numbers: int = 1


SEEN, CALLED, PROVED, SENT, SIGNED = (
    (0.01, "process"), (0.1, "call"), (0.2, "verify"), (0.5, "send"), (1.0, "sign"),
)  # fmt: skip
READY = (SEEN, CALLED, PROVED)
STORIES = (
    Story(0.005),
    Story(2, (SEEN,), numbers=2),
    Story(5.9, (SEEN,)),
    Story(1, (SEEN, CALLED, (0.15, "miss"))),
    Story(3, READY, numbers=2),
    Story(2.5, (*READY, SENT), numbers=3),
    Story(6.3, (*READY, SENT)),
    Story(1.6, (*READY, SENT, SIGNED)),
    Story(1.2, (*READY, SENT, SIGNED, (1.1, "test"))),
    Story(30, (*READY, SENT, SIGNED, (1.5, "complete"))),
    Story(4.5, (SEEN, CALLED, (0.2, "miss"), (0.3, "call"), (0.4, "miss"), (0.5, "call"), (0.6, "miss"))),
    Story(10, (*READY, SENT, (7.5, "unsigned"))),
    Story(20, (SEEN, (1, "fail"))),
    Story(8, (*READY, SENT, (2, "decline"))),
    Story(1.4, (*READY, SENT, (0.9, "open"))),
)


def add_hosting(store: Store, desks: list[Desk], anchor: int) -> None:
    store.write_meta({"hosting": HostingSettings(automatic=False)})
    used = [0] * len(desks)
    for index, story in enumerate(STORIES):
        for owner in (0, 1 + index % (len(desks) - 1)):
            endings = range(used[owner], used[owner] + story.numbers)
            used[owner] += story.numbers
            numbers = [f"+1{AREA_CODES[owner]}55501{ending:02d}" for ending in endings]
            _tell(store, desks[owner], story, numbers, anchor)
    store.db.execute("DELETE FROM meta WHERE key = 'hosting'")


def _tell(store: Store, desk: Desk, story: Story, numbers: list[str], anchor: int) -> None:
    made = anchor - int(story.age * DAY)
    sids = [_make(store, desk, number, made) for number in numbers]
    for after, act in story.steps:
        now = made + int(after * DAY)
        orders = [order for sid in sids if (order := store.find(HostedOrder, sid)) is not None]
        if act == "send":
            _send(store, desk, orders, now)
        elif act in ("sign", "decline", "unsigned", "open"):
            _answer(store, orders[0].signing_document_sid or "", act, now)
        else:
            for order in orders:
                _act(store, order, act, now)


def _act(store: Store, order: HostedOrder, act: str, now: int) -> None:
    match act:
        case "process":
            progress.process(store, order, now)
        case "call":
            verification.start_call(store, order, now)
        case "miss":
            order.verification_code = None
            verification.hang_up(store, order, now)
        case "verify":
            progress.verify(store, order, now)
        case "test":
            progress.test(store, order, now)
        case "complete":
            progress.complete(store, order, now)
        case "fail":
            progress.fail(store, order, now, progress.ENABLED)


def _answer(store: Store, sid: str, act: str, now: int) -> None:
    document = store.find(AuthorizationDocument, sid)
    assert document is not None
    if act == "open":
        documents.reopen(store, document, now)
    elif act == "unsigned":
        documents.expire(store, document, now)
    else:
        (documents.sign if act == "sign" else documents.decline)(store, document, now)


def _send(store: Store, desk: Desk, orders: list[HostedOrder], now: int) -> None:
    first = orders[0]
    document = AuthorizationDocument(
        sid=make_sid("PX", f"loa:{first.sid}"),
        account_sid=desk.sid,
        address_sid=first.address_sid or "",
        email=first.email or "",
        contact_phone_number=first.contact_phone_number or "",
        contact_title=first.contact_title,
        cc_emails=first.cc_emails,
        date_created=iso8601(now),
        date_updated=iso8601(now),
    )
    store.add(document)
    documents.send(store, document, orders, now)


def _make(store: Store, desk: Desk, phone_number: str, made: int) -> str:
    seed = int(make_sid("", f"hosted:{phone_number}")[:6], 16)
    firm = f"{names.FIRMS[seed % len(names.FIRMS)]} {names.TRADES[seed // 3 % len(names.TRADES)]}"
    order = HostedOrder(
        sid=make_sid("HR", f"hosted:{phone_number}"),
        account_sid=desk.sid,
        phone_number=phone_number,
        incoming_phone_number_sid=make_sid("PN", f"hosted:{phone_number}"),
        address_sid=desk.addresses["US"][seed % len(desk.addresses["US"])],
        friendly_name=f"{firm}, SMS",
        email=f"owner@{firm.lower().replace(' ', '-')}.example.com",
        cc_emails=[f"porting@{desk.slug}.example.com"],
        contact_title=("Owner", "Office manager", "Director")[seed % 3],
        contact_phone_number=phone_number,
        date_created=iso8601(made),
        date_updated=iso8601(made),
    )
    store.add(order)
    add_number(store, number_of(order, made, {}))
    progress.file(store, order, made)
    assert order.status != FAILED
    return order.sid
