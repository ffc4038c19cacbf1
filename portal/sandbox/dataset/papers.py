"""What bundles of the data set are made of: an end user, documents that satisfy a regulation, items."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from portal.sandbox.clock import iso8601
from portal.sandbox.regulatory import requirements as needs
from portal.sandbox.regulatory.evaluation import Items, evaluate
from portal.sandbox.regulatory.resources import (
    APPROVED,
    PROVISIONAL,
    Bundle,
    EndUser,
    Evaluation,
    ItemAssignment,
    Regulation,
    SupportingDocument,
)
from portal.sandbox.resources import Address, make_sid
from portal.sandbox.store import Store

DAY = 86_400


@dataclass(frozen=True)
class Holder:
    """Whom a bundle is for: a company or a person of one account, with an address. `key` makes the sids."""

    key: str
    account: str
    name: str
    first_name: str
    last_name: str
    domain: str
    address: Address
    number: int

    def value(self, name: str) -> Any:
        """What the holder would enter into a field of a form."""
        values = {
            "first_name": self.first_name,
            "last_name": self.last_name,
            "birth_date": f"{1958 + self.number % 40}-0{1 + self.number % 9}-1{self.number % 10}",
            "nationality": self.address.iso_country,
            "email": f"compliance@{self.domain}",
            "phone_number": "+16175550168",
            "business_name": self.name,
            "business_registration_number": self.register_number,
            "business_website": f"https://www.{self.domain}",
            "business_description": "Customer service and appointments by telephone",
            "business_purpose": "Answering customers and reminding them of appointments",
            "business_identity": "DIRECT_CUSTOMER",
            "is_subassigned": "NO",
            "vat": f"{self.address.iso_country}{900_000_000 + self.number:09d}",
            "tax_id": f"{40_000_000 + self.number * 7919:011d}",
            "document_number": self.register_number,
            "address_sids": [self.address.sid],
        }
        return values.get(name, "")

    @property
    def register_number(self) -> str:
        return f"{self.address.iso_country}-{100_000 + self.number * 977 % 900_000}"


def make_end_user(holder: Holder, kind: str, names: Iterable[str], moment: str) -> EndUser:
    optional = ("comments",)
    return EndUser(
        sid=make_sid("IT", f"end-user:{holder.key}"),
        account_sid=holder.account,
        friendly_name=holder.name,
        type=kind,
        attributes={name: holder.value(name) for name in names if name not in optional},
        date_created=moment,
        date_updated=moment,
    )


def fields_of(regulations: Iterable[Regulation]) -> dict[str, dict[str, None]]:
    """What each type of end user or document has to say for these regulations, in their order."""
    fields: dict[str, dict[str, None]] = {}
    for regulation in regulations:
        for _, kind, _, one in needs.fields_by_type(regulation.requirements):
            fields.setdefault(kind, {})
            if one:
                fields[kind][one["machine_name"]] = None
    return fields


def chosen_documents(regulation: Regulation, number: int) -> list[str]:
    """One accepted document for each requirement, as few different ones as the choice allows."""
    groups = needs.alternatives(regulation.requirements)
    chosen: list[str] = []
    for wanted in groups[number % len(groups)] if groups else []:
        kinds = [one["type"] for one in wanted["accepted_documents"]]
        if not any(kind in chosen for kind in kinds):
            chosen.append(kinds[number % len(kinds)])
    return chosen


def make_document(
    holder: Holder,
    kind: str,
    names: Iterable[str],
    moment: str,
    issued: str,
    expires: str,
    *,
    with_file: bool,
) -> SupportingDocument:
    dates = {"issue_date": issued, "expiration_date": expires}
    is_picture = kind in ("passport", "drivers_license", "national_id_card")
    return SupportingDocument(
        sid=make_sid("RD", f"document:{holder.key}:{kind}"),
        account_sid=holder.account,
        friendly_name=f"{kind.replace('_', ' ').capitalize()} of {holder.name}",
        type=kind,
        attributes={name: dates.get(name) or holder.value(name) for name in names},
        mime_type=("image/jpeg" if is_picture else "application/pdf") if with_file else None,
        date_created=moment,
        date_updated=moment,
    )


def add_items(store: Store, bundle: Bundle, objects: Iterable[str]) -> None:
    for sid in objects:
        store.add(
            ItemAssignment(
                sid=make_sid("BV", f"{bundle.sid}:{sid}"),
                account_sid=bundle.account_sid,
                bundle_sid=bundle.sid,
                object_sid=sid,
                date_created=bundle.date_created,
                date_updated=bundle.date_created,
            )
        )


def add_evaluation(
    store: Store, bundle: Bundle, regulation: Regulation, items: Items, moment: str, key: str = "1"
) -> None:
    is_compliant, results = evaluate(regulation.requirements, regulation.iso_country, items)
    store.add(
        Evaluation(
            sid=make_sid("EL", f"{bundle.sid}:{key}"),
            account_sid=bundle.account_sid,
            bundle_sid=bundle.sid,
            regulation_sid=bundle.regulation_sid,
            status="compliant" if is_compliant else "noncompliant",
            results=results,
            date_created=moment,
            date_updated=moment,
        )
    )


def make_bundle(
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


def day(at: int) -> str:
    return iso8601(at)[:10]
