"""Customers of the accounts, whose bundles are at every point of their life."""

from dataclasses import replace
from typing import NamedTuple

from portal.sandbox.clock import iso8601, rfc2822, seconds_of
from portal.sandbox.dataset import names
from portal.sandbox.dataset.accounts import Desk
from portal.sandbox.dataset.papers import (
    DAY,
    Holder,
    add_evaluation,
    add_items,
    chosen_documents,
    day,
    fields_of,
    make_bundle,
    make_document,
    make_end_user,
)
from portal.sandbox.dataset.plan import LINES
from portal.sandbox.dataset.requirements import WITHOUT_FILE
from portal.sandbox.regulatory.evaluation import Items
from portal.sandbox.regulatory.reasons import REASONS, TEST_BUNDLE
from portal.sandbox.regulatory.resources import (
    APPROVED,
    DRAFT,
    IN_REVIEW,
    PENDING,
    PROVISIONAL,
    REJECTED,
    TYPE_OF_LINE,
    Bundle,
    EndUser,
    Regulation,
    SupportingDocument,
)
from portal.sandbox.resources import Address, make_sid
from portal.sandbox.store import Store


class Stage(NamedTuple):
    """A point in the life of a bundle. `age` is how many days ago it came there.

    What it `lacks`: the last "document", the last "field" of the end user, the "file" of the last document, a
    "match" of names, or a number of its own: it has its "host"'s. `until` is the days until a valid_until,
    `copy` the status of the copy that will replace it, `code` what it was rejected for.
    """

    status: str
    age: float
    lacks: str = ""
    until: int | None = None
    copy: str = ""
    code: int = 0


STAGES = (
    Stage(APPROVED, 40),
    Stage(DRAFT, 3, lacks="document"),
    Stage(PENDING, 0.2),
    Stage(REJECTED, 2, code=18002),
    Stage(APPROVED, 200),
    Stage(IN_REVIEW, 0.8),
    Stage(APPROVED, 310, lacks="field", until=21),
    Stage(DRAFT, 1),
    Stage(PROVISIONAL, 5),
    Stage(REJECTED, 9, code=18022),
    Stage(APPROVED, 500),
    Stage(IN_REVIEW, 4.5),
    Stage(APPROVED, 420, lacks="field", until=75, copy=DRAFT),
    Stage(DRAFT, 90, lacks="field"),
    Stage(REJECTED, 30, code=18021),
    Stage(APPROVED, 90),
    Stage(DRAFT, 6, lacks="match"),
    Stage(PENDING, 3.6),
    Stage(REJECTED, 4, code=18008),
    Stage(APPROVED, 15),
    Stage(DRAFT, 12, lacks="file"),
    Stage(REJECTED, 6, code=18018),
    Stage(APPROVED, 330, lacks="field", until=6, copy=APPROVED),
    Stage(DRAFT, 8, lacks="host"),
    Stage(REJECTED, 12, code=TEST_BUNDLE),
)
DOCUMENT_STATUS = {
    DRAFT: "draft", PENDING: "pending-review", IN_REVIEW: "pending-review", APPROVED: "approved",
    REJECTED: "approved", PROVISIONAL: "provisionally-approved",
}  # fmt: skip


def add_customer(
    store: Store, desk: Desk, regulation: Regulation, stage: Stage, number: int, anchor: int
) -> list[Bundle]:
    """Everything of a customer but the bundle, and the copy of it if there is one: these are returned."""
    at = anchor - int(stage.age * DAY) - number * 137 % 7200
    started = at - (2 + number % 5) * DAY
    holder = _customer(store, desk, regulation, stage, number, started)
    bundle = _add_bundle(store, holder, regulation, stage, number, started, at)
    bundle.status_callback = f"https://hooks.{desk.slug}.example.com/bundles" if number % 3 == 0 else None
    if stage.until:
        bundle.valid_until = iso8601(anchor + stage.until * DAY)
        store.schedule(seconds_of(bundle.valid_until), "expire_bundle", bundle.sid, bundle.valid_until)
    if stage.status == APPROVED:
        _offer(desk, bundle, holder.address.sid)
    if not stage.copy:
        return [bundle]
    twin = replace(holder, key=f"{holder.key}:copy")
    copied = anchor - (5 + number % 7) * DAY
    copy = _add_bundle(store, twin, regulation, Stage(stage.copy, 3), number, copied, copied + 2 * DAY)
    copy.parent_sid, copy.status_callback = bundle.sid, bundle.status_callback
    copy.valid_until = bundle.valid_until if stage.copy == DRAFT else None
    return [bundle, copy]


def _offer(desk: Desk, bundle: Bundle, address: str) -> None:
    """Let numbers of the account be held with an approved bundle."""
    for line in LINES:
        kind = line.country, TYPE_OF_LINE.get(line.type, line.type)
        if line.bundle and kind == (bundle.iso_country, bundle.number_type):
            desk.bundles[line.country, line.type].append((bundle.sid, address))


def _add_bundle(
    store: Store, holder: Holder, regulation: Regulation, stage: Stage, number: int, started: int, at: int
) -> Bundle:
    end_user = _end_user(holder, regulation, stage, started)
    documents = _documents(holder, regulation, stage, number, started, at)
    bundle = make_bundle(holder.key, holder, regulation, stage.status, at, started=started)
    bundle.is_test = stage.code == TEST_BUNDLE
    bundle.failure_reason = REASONS[stage.code] if stage.code else ""
    for one in (end_user, *documents):
        store.add(one)
    add_items(store, bundle, [end_user.sid, *(document.sid for document in documents)])
    if stage.status in (DRAFT, REJECTED):
        items = Items([end_user], documents, {holder.address.sid: holder.address})
        add_evaluation(store, bundle, regulation, items, iso8601(at))
    return bundle


def _end_user(holder: Holder, regulation: Regulation, stage: Stage, started: int) -> EndUser:
    people = regulation.end_user_type
    entered = [name for name in fields_of([regulation])[people] if name != "comments"]
    if stage.lacks == "field" and len(entered) > 1:
        entered.pop()
    end_user = make_end_user(holder, people, entered, iso8601(started))
    if stage.lacks == "match":
        name = "business_name" if people == "business" else "last_name"
        end_user.attributes[name] = f"{end_user.attributes[name]} ".upper()
    return end_user


def _documents(
    holder: Holder, regulation: Regulation, stage: Stage, number: int, started: int, at: int
) -> list[SupportingDocument]:
    """One for each requirement; the last one is at fault if there is a fault."""
    fields, kinds = fields_of([regulation]), chosen_documents(regulation, number)
    issued = started - (200 if stage.code == 18022 else 25) * DAY
    documents = []
    for kind in kinds[:-1] if stage.lacks == "document" else kinds:
        is_last = kind == kinds[-1]
        document = make_document(
            holder,
            kind,
            fields[kind],
            iso8601(started),
            day(issued),
            day(started + 900 * DAY),
            with_file=kind not in WITHOUT_FILE and not (is_last and stage.lacks == "file"),
        )
        document.status, document.date_updated = DOCUMENT_STATUS[stage.status], iso8601(at)
        if stage.code and is_last:
            document.status, document.failure_reason = "rejected", REASONS[stage.code]
            document.errors = [{"code": stage.code}]
        documents.append(document)
    return documents


def _customer(
    store: Store, desk: Desk, regulation: Regulation, stage: Stage, number: int, started: int
) -> Holder:
    """An invented customer with an address in the country; a PO box where that is what it is rejected for."""
    first = names.FIRST_NAMES[number * 7 % len(names.FIRST_NAMES)]
    last = names.LAST_NAMES[number * 11 % len(names.LAST_NAMES)]
    firm = f"{names.FIRMS[number % len(names.FIRMS)]} {names.TRADES[number // 7 % len(names.TRADES)]}"
    name = firm if regulation.end_user_type == "business" else f"{first} {last}"
    country = regulation.iso_country
    street, city, region, postal_code = names.ADDRESSES[country][0]
    address = Address(
        sid=make_sid("AD", f"address:customer:{number}"),
        account_sid=desk.sid,
        customer_name=name,
        friendly_name=name,
        street=f"PO Box {100 + number}" if stage.code == 18018 else f"{street}-{1 + number % 90}",
        city=city,
        region=region,
        postal_code=postal_code,
        iso_country=country,
        validated=number % 2 == 0,
        verified=stage.status in (APPROVED, PROVISIONAL),
        date_created=rfc2822(started),
        date_updated=rfc2822(started),
    )
    store.add(address)
    return Holder(
        key=f"customer:{number}",
        account=desk.sid,
        name=name,
        first_name=first,
        last_name=last,
        domain=f"customer-{number + 1}.example.com",
        address=address,
        number=desk.own_number(country) if stage.lacks == "host" else number + 200,
    )
