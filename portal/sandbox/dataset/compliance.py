"""The compliance side of the data set: every account's own bundles, and its customers' in every status.

Each account holds an approved bundle for every kind of number that takes one, all in its own name. Beside
them stand customers, the more the more numbers there are, whose bundles are at every point of their life.
"""

from collections.abc import Iterator
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
    fields_of,
    make_document,
    make_end_user,
)
from portal.sandbox.dataset.plan import LINES
from portal.sandbox.dataset.regulations import Group, add_regulations
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
    Regulation,
    SupportingDocument,
)
from portal.sandbox.resources import Address, make_sid
from portal.sandbox.store import Store

NUMBERS_PER_CUSTOMER = 20
REGULATIONS_SINCE = 1600 * DAY


class Stage(NamedTuple):
    """A point in the life of a bundle. `age` is how many days ago it came there.

    `lacks` leaves out the last document or the last field of the end user, `until` is the days until a
    valid_until, `code` what it was rejected for.
    """

    status: str
    age: float
    lacks: str = ""
    until: int | None = None
    code: int = 0


STAGES = (
    Stage(APPROVED, 40),
    Stage(DRAFT, 3, lacks="document"),
    Stage(PENDING, 0.2),
    Stage(REJECTED, 2, code=18002),
    Stage(APPROVED, 200),
    Stage(IN_REVIEW, 0.8),
    Stage(APPROVED, 310, until=21),
    Stage(DRAFT, 1),
    Stage(PROVISIONAL, 5),
    Stage(REJECTED, 9, code=18022),
    Stage(APPROVED, 500),
    Stage(IN_REVIEW, 4.5),
    Stage(APPROVED, 420, until=75),
    Stage(DRAFT, 90, lacks="field"),
    Stage(REJECTED, 30, code=18021),
    Stage(APPROVED, 90),
    Stage(PENDING, 3.6),
    Stage(REJECTED, 4, code=18008),
    Stage(APPROVED, 15),
    Stage(REJECTED, 6, code=18018),
    Stage(APPROVED, 330, until=6),
    Stage(REJECTED, 12, code=TEST_BUNDLE),
)
DOCUMENT_STATUS = {
    DRAFT: "draft", PENDING: "pending-review", IN_REVIEW: "pending-review", APPROVED: "approved",
    REJECTED: "approved", PROVISIONAL: "provisionally-approved",
}  # fmt: skip


def add_compliance(store: Store, desks: list[Desk], numbers: int, anchor: int) -> None:
    regulations = add_regulations(store, iso8601(anchor - REGULATIONS_SINCE))
    bundles: list[Bundle] = []
    for index, desk in enumerate(desks):
        bundles += _own_bundles(store, desk, regulations, index, anchor)
    groups = [group for group in regulations if group[0] in names.ADDRESSES]
    # Every account has a customer at every stage, however small the data set.
    for number in range(max(len(desks) * len(STAGES), numbers // NUMBERS_PER_CUSTOMER)):
        desk, stage = desks[number % len(desks)], STAGES[number // len(desks) % len(STAGES)]
        group = groups[number * 17 % len(groups)]
        bundles.append(_add_customer(store, desk, regulations[group], stage, number, anchor))
    for bundle in sorted(bundles, key=lambda bundle: bundle.date_created):
        store.add(bundle)


def _own_bundles(
    store: Store, desk: Desk, regulations: dict[Group, Regulation], index: int, anchor: int
) -> Iterator[Bundle]:
    """An approved bundle in the account's name for each kind of number; papers are shared in a country."""
    wanted: dict[str, dict[str, None]] = {}
    for line in LINES:
        if line.bundle:
            wanted.setdefault(line.country, {})[TYPE_OF_LINE.get(line.type, line.type)] = None
    for number, (country, types) in enumerate(wanted.items()):
        of_country = [regulations[country, number_type, "business"] for number_type in types]
        address = store.find(Address, (desk.addresses.get(country) or desk.addresses["US"])[0])
        assert address is not None
        holder = Holder(
            key=f"own:{desk.slug}:{country}",
            account=desk.sid,
            name=address.customer_name,
            first_name=names.FIRST_NAMES[index],
            last_name=names.LAST_NAMES[index],
            domain=f"{desk.slug}.example.com",
            address=address,
            number=index * 31 + number,
        )
        since = anchor - (1100 - 23 * number - 41 * index) * DAY
        fields = fields_of(of_country)
        end_user = make_end_user(holder, "business", fields["business"], iso8601(since))
        store.add(end_user)
        documents: dict[str, SupportingDocument] = {}
        for regulation in of_country:
            for kind in chosen_documents(regulation, 0):
                if kind not in documents:
                    documents[kind] = _approved_document(holder, kind, fields[kind], since)
                    store.add(documents[kind])
            bundle = _bundle(
                f"{desk.slug}:{country}:{regulation.number_type}",
                holder,
                regulation,
                APPROVED,
                since + 2 * DAY,
            )
            papers = [documents[kind].sid for kind in chosen_documents(regulation, 0)]
            add_items(store, bundle, [end_user.sid, *papers])
            for line in LINES:
                if (line.country, TYPE_OF_LINE.get(line.type, line.type)) == (
                    country,
                    regulation.number_type,
                ):
                    desk.bundles[country, line.type] = [(bundle.sid, None)]
            yield bundle


def _approved_document(holder: Holder, kind: str, fields: dict[str, None], at: int) -> SupportingDocument:
    document = make_document(
        holder,
        kind,
        fields,
        iso8601(at),
        _day(at - 20 * DAY),
        _day(at + 3000 * DAY),
        with_file=kind not in WITHOUT_FILE,
    )
    document.status = "approved"
    document.date_updated = iso8601(at + 2 * DAY)
    return document


def _add_customer(
    store: Store, desk: Desk, regulation: Regulation, stage: Stage, number: int, anchor: int
) -> Bundle:
    at = anchor - int(stage.age * DAY) - number * 137 % 7200
    started = at - (2 + number % 5) * DAY
    holder = _customer(store, desk, regulation, stage, number, started)
    fields = fields_of([regulation])
    people = regulation.end_user_type
    entered = list(fields[people])
    end_user = make_end_user(
        holder, people, entered[:-1] if stage.lacks == "field" else entered, iso8601(started)
    )
    store.add(end_user)
    kinds = chosen_documents(regulation, number)
    documents = [
        _customers_document(holder, kind, fields[kind], stage, started, at, is_blamed=index == len(kinds) - 1)
        for index, kind in enumerate(kinds[:-1] if stage.lacks == "document" else kinds)
    ]
    for document in documents:
        store.add(document)
    bundle = _bundle(f"customer:{number}", holder, regulation, stage.status, at, started=started)
    bundle.status_callback = f"https://hooks.{desk.slug}.example.com/bundles" if number % 3 == 0 else None
    bundle.is_test = stage.code == TEST_BUNDLE
    bundle.failure_reason = REASONS[stage.code] if stage.code else ""
    if stage.until:
        bundle.valid_until = iso8601(anchor + stage.until * DAY)
        store.schedule(seconds_of(bundle.valid_until), "expire_bundle", bundle.sid, bundle.valid_until)
    add_items(store, bundle, [end_user.sid, *(document.sid for document in documents)])
    if stage.status in (DRAFT, REJECTED):
        items = Items([end_user], documents, {holder.address.sid: holder.address})
        add_evaluation(store, bundle, regulation, items, iso8601(at))
    if stage.status == APPROVED:
        for line in LINES:
            if line.bundle and (line.country, TYPE_OF_LINE.get(line.type, line.type)) == (
                regulation.iso_country,
                regulation.number_type,
            ):
                desk.bundles[line.country, line.type].append((bundle.sid, holder.address.sid))
    return bundle


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
        number=number + 200,
    )


def _customers_document(
    holder: Holder,
    kind: str,
    fields: dict[str, None],
    stage: Stage,
    started: int,
    at: int,
    *,
    is_blamed: bool,
) -> SupportingDocument:
    issued = started - (200 if stage.code == 18022 else 25) * DAY
    document = make_document(
        holder,
        kind,
        fields,
        iso8601(started),
        _day(issued),
        _day(started + 900 * DAY),
        with_file=kind not in WITHOUT_FILE,
    )
    document.status = DOCUMENT_STATUS[stage.status]
    if stage.code and is_blamed:
        document.status, document.failure_reason = "rejected", REASONS[stage.code]
        document.errors = [{"code": stage.code}]
    document.date_updated = iso8601(at)
    return document


def _bundle(
    key: str, holder: Holder, regulation: Regulation, status: str, at: int, started: int | None = None
) -> Bundle:
    return Bundle(
        sid=make_sid("BU", f"bundle:{key}"),
        account_sid=holder.account,
        regulation_sid=regulation.sid,
        friendly_name=f"{holder.name}: {regulation.friendly_name}",
        email=f"compliance@{holder.domain}",
        iso_country=regulation.iso_country,
        number_type=regulation.number_type,
        end_user_type=regulation.end_user_type,
        status=status,
        approved_version=1 if status in (APPROVED, PROVISIONAL) else 0,
        date_created=iso8601(started or at - 2 * DAY),
        date_updated=iso8601(at),
    )


def _day(at: int) -> str:
    return iso8601(at)[:10]
