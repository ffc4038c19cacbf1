"""Port-in requests of the data set: every state there is, on the parent and, in turns, on its subaccounts.

They are made by the sandbox's own rules, step by step at the times they would have happened; so their
deadlines lie where they belong. Their area codes hold nothing else of the data set.
"""

from typing import Any, NamedTuple

from portal.sandbox import elsewhere
from portal.sandbox.clock import iso8601
from portal.sandbox.dataset import names
from portal.sandbox.dataset.accounts import DAY, Desk
from portal.sandbox.porting import carrier, progress
from portal.sandbox.porting.requests import FIRST_TICKET, LOSING_CARRIER
from portal.sandbox.porting.resources import (
    SUBMITTED,
    PortIn,
    PortingDocument,
    PortInNumber,
    WebhookConfiguration,
)
from portal.sandbox.porting.settings import PortingSettings
from portal.sandbox.porting.state import numbers_of, settle
from portal.sandbox.resources import Address, make_sid
from portal.sandbox.store import Store

AREA_CODES = ("603", "308", "531", "620")
PLAIN = (*range(20), *range(35, 50), *range(80, 90))


class Story(NamedTuple):
    """A request that was filed `age` days ago, and what was done with it so many days after that.

    `numbers` ordinary ones, and those that end in `endings`. `lands` is the days from now to the port date.
    """

    age: float
    steps: tuple[tuple[float, str], ...] = ()
    numbers: int = 1
    endings: tuple[int, ...] = ()
    lands: float | None = None
    signer: str = "owner"


BY_HAND = PortingSettings(automatic=False)
READ, SIGNED = (0.1, "review"), (0.8, "sign")
STORIES = (
    Story(0.05, numbers=3),
    Story(2, (READ,), numbers=4),
    Story(23, (READ,), numbers=2),
    Story(28.8, (READ,), signer="never"),
    Story(1.5, (READ, SIGNED), numbers=2, endings=(70,)),
    Story(6, (READ, SIGNED, (2, "accept")), numbers=5, lands=9.6),
    Story(12, (READ, SIGNED, (2, "accept")), numbers=2, lands=1.7),
    Story(8, (READ, SIGNED, (3, "answer")), numbers=2, endings=(64, 66)),
    Story(5, (READ,), endings=(55, 90)),
    Story(40, (READ, SIGNED, (3, "accept"), (14, "complete")), numbers=2),
    Story(26, (READ, SIGNED, (2, "answer"), (3, "cancel-rejected"), (12, "complete")), endings=(63,)),
    Story(19, (READ, (2, "cancel"))),
    Story(9, (READ,), numbers=0, endings=(91, 92)),
    Story(47, (READ, (30, "expire")), numbers=2),
    Story(4, (READ, SIGNED, (2, "accept"), (3.9, "cancel")), lands=8.6),
    Story(52, (READ, (30, "lapse"))),
)


def add_ports(store: Store, desks: list[Desk], anchor: int) -> None:
    store.write_meta({"porting": BY_HAND})
    used = [0] * len(desks)
    for index, story in enumerate(STORIES):
        for owner in (0, 1 + index % (len(desks) - 1)):
            _tell(store, desks[owner], story, f"{index}:{owner}", _pick(owner, story, used), anchor)
    store.db.execute("DELETE FROM meta WHERE key = 'porting'")
    _add_configuration(store, desks[2], anchor)


def _pick(owner: int, story: Story, used: list[int]) -> list[str]:
    """Numbers in the account's own area code that no other request has."""
    plain = PLAIN[used[owner] : used[owner] + story.numbers]
    used[owner] += story.numbers
    return [f"+1{AREA_CODES[owner]}55501{ending:02d}" for ending in (*plain, *story.endings)]


def _tell(store: Store, desk: Desk, story: Story, key: str, numbers: list[str], anchor: int) -> None:
    filed = anchor - int(story.age * DAY)
    port_in = _file(store, desk, story, key, filed, anchor)
    for number in numbers:
        store.add(_number(port_in, number, filed))
    for after, act in story.steps:
        _act(store, port_in, act, filed + int(after * DAY), anchor, story)


def _act(store: Store, port_in: PortIn, act: str, now: int, anchor: int, story: Story) -> None:
    numbers = numbers_of(store, port_in)
    match act:
        case "review":
            progress.review(store, port_in, now)
        case "sign":
            progress.sign(store, port_in, now)
        case "answer":
            carrier.answer(store, port_in, now)
        case "accept":
            moment = anchor + int((story.lands or -story.age + 14) * DAY)
            for number in numbers:
                if number.status == SUBMITTED:
                    carrier.accept(store, port_in, number, now, iso8601(moment))
        case "complete":
            for number in numbers:
                if number.status == "port_pending":
                    carrier.complete(store, number, now)
            settle(store, port_in, now)
        case "cancel":
            progress.cancel(store, port_in, numbers, now)
        case "cancel-rejected":
            rejected = [number for number in numbers if number.rejection_code]
            progress.cancel(store, port_in, rejected, now)
        case "expire":
            progress.expire_loa(store, port_in, now)
        case "lapse":
            store.write_meta({"porting": PortingSettings(automatic=False, ends_expired=True)})
            progress.expire_loa(store, port_in, now)
            store.write_meta({"porting": BY_HAND})


def _file(store: Store, desk: Desk, story: Story, key: str, filed: int, anchor: int) -> PortIn:
    address = store.find(Address, desk.addresses["US"][0])
    assert address is not None
    seed = int(make_sid("", f"port-in:{key}")[:6], 16)
    first = names.FIRST_NAMES[seed % len(names.FIRST_NAMES)]
    last = names.LAST_NAMES[seed // 7 % len(names.LAST_NAMES)]
    firm = f"{names.FIRMS[seed % len(names.FIRMS)]} {names.TRADES[seed // 3 % len(names.TRADES)]}"
    domain = f"{firm.lower().replace(' ', '-')}.example.com"
    moment = iso8601(filed)
    document = PortingDocument(
        sid=make_sid("RD", f"bill:{key}"),
        account_sid=desk.sid,
        created_by=desk.sid,
        document_type="utility_bill",
        friendly_name=f"{firm}, bill",
        mime_type="application/pdf",
        date_created=moment,
        date_updated=moment,
    )
    store.add(document)
    wanted = anchor + int((story.lands if story.lands is not None else 14 - story.age) * DAY)
    given: dict[str, Any] = {
        **dict.fromkeys(LOSING_CARRIER),
        "customer_type": "Business",
        "customer_name": firm,
        "account_number": f"{100_000 + seed % 900_000}",
        "account_telephone_number": f"+1{AREA_CODES[0]}5550199",
        "authorized_representative": f"{first} {last}",
        "authorized_representative_email": f"{story.signer}@{domain}",
        "address": {
            "street": address.street,
            "street_2": address.street_secondary,
            "city": address.city,
            "state": address.region,
            "zip": address.postal_code,
            "country": address.iso_country,
        },
    }
    port_in = PortIn(
        sid=make_sid("KW", f"port-in:{key}"),
        account_sid=desk.sid,
        caller=desk.sid,
        losing_carrier_information=given,
        documents=[document.sid],
        notification_emails=[f"porting@{desk.slug}.example.com"],
        target_port_in_date=iso8601(wanted)[:10],
        support_ticket_id=FIRST_TICKET - 1 - seed % 900_000,
        date_created=moment,
        date_updated=moment,
    )
    store.add(port_in)
    return port_in


def _number(port_in: PortIn, phone_number: str, filed: int) -> PortInNumber:
    code = elsewhere.not_portable(phone_number, has_address=True)
    given = port_in.losing_carrier_information
    kind = elsewhere.type_of(phone_number)
    return PortInNumber(
        sid=make_sid("PU", f"{port_in.sid}:{phone_number}"),
        account_sid=port_in.account_sid,
        port_in_sid=port_in.sid,
        phone_number=phone_number,
        country="US",
        number_type=kind,
        portable=code is None,
        not_portable_code=code,
        missing_required_fields=kind == elsewhere.MOBILE,
        given={
            **{name: given[name] for name in ("customer_name", "customer_type", "address", "account_number")},
            "pin": None,
            "authorized_representative": given["authorized_representative"],
            "target_port_in_date": port_in.target_port_in_date,
        },
        date_created=iso8601(filed),
        date_updated=iso8601(filed),
    )


def _add_configuration(store: Store, desk: Desk, anchor: int) -> None:
    """One account has its porting events sent somewhere."""
    moment = iso8601(anchor - 200 * DAY)
    store.add(
        WebhookConfiguration(
            sid=make_sid("WC", desk.sid),
            account_sid=desk.sid,
            port_in_target_url=f"https://hooks.{desk.slug}.example.com/porting",
            notifications_of=["PortInActionRequired", "PortInCompleted"],
            port_in_target_date_created=moment,
            date_created=moment,
            date_updated=moment,
        )
    )
