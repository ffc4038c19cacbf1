"""The compliance side of the data set: every account's own bundles, its customers', and a library of papers.

Each account holds an approved bundle for every kind of number that takes one, all in its own name. Beside
them stand customers, the more the more numbers there are, and end users and documents that nothing holds.
"""

from collections.abc import Iterator

from portal.sandbox.clock import iso8601
from portal.sandbox.dataset import names
from portal.sandbox.dataset.accounts import Desk
from portal.sandbox.dataset.customers import STAGES, add_customer
from portal.sandbox.dataset.papers import (
    DAY,
    Holder,
    add_items,
    chosen_documents,
    day,
    fields_of,
    make_bundle,
    make_document,
    make_end_user,
)
from portal.sandbox.dataset.plan import LINES
from portal.sandbox.dataset.regulations import Group, add_regulations
from portal.sandbox.dataset.requirements import WITHOUT_FILE
from portal.sandbox.regulatory.resources import (
    APPROVED,
    TYPE_OF_LINE,
    Bundle,
    Regulation,
    SupportingDocument,
)
from portal.sandbox.resources import Address
from portal.sandbox.store import Store

NUMBERS_PER_CUSTOMER = 20
REGULATIONS_SINCE = 1600 * DAY


def add_compliance(store: Store, desks: list[Desk], numbers: int, anchor: int) -> None:
    regulations = add_regulations(store, iso8601(anchor - REGULATIONS_SINCE))
    bundles: list[Bundle] = []
    for index, desk in enumerate(desks):
        bundles += _own_bundles(store, desk, regulations, index, anchor)
        _add_library(store, desk, anchor - (20 + index) * DAY)
    groups = [group for group in regulations if group[0] in names.ADDRESSES]
    # Every account has a customer at every stage, however small the data set.
    for number in range(max(len(desks) * len(STAGES), numbers // NUMBERS_PER_CUSTOMER)):
        desk, stage = desks[number % len(desks)], STAGES[number // len(desks) % len(STAGES)]
        group = groups[number * 17 % len(groups)]
        bundles += add_customer(store, desk, regulations[group], stage, number, anchor)
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
            number=desk.own_number(country),
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
            bundle = make_bundle(
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
        day(at - 20 * DAY),
        day(at + 3000 * DAY),
        with_file=kind not in WITHOUT_FILE,
    )
    document.status = "approved"
    document.date_updated = iso8601(at + 2 * DAY)
    return document


def _add_library(store: Store, desk: Desk, at: int) -> None:
    """What nothing holds: an end user entered twice, a document that expired, one that never arrived."""
    address = store.find(Address, desk.addresses["GB"][0])
    assert address is not None
    holder = Holder(
        key=f"library:{desk.slug}",
        account=desk.sid,
        name=address.customer_name,
        first_name=names.FIRST_NAMES[-1],
        last_name=names.LAST_NAMES[-1],
        domain=f"{desk.slug}.example.com",
        address=address,
        number=desk.own_number("GB"),
    )
    store.add(
        make_end_user(holder, "business", ("business_name", "business_registration_number"), iso8601(at))
    )
    expired = _approved_document(holder, "passport", {"first_name": None, "last_name": None}, at - 400 * DAY)
    expired.status, expired.attributes["expiration_date"] = "expired", day(at - 10 * DAY)
    store.add(expired)
    fields = {"address_sids": None, "issue_date": None}
    moment = iso8601(at)
    store.add(make_document(holder, "utility_bill", fields, moment, day(at - DAY), "", with_file=False))
