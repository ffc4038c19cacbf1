"""The regulations of the data set: one for every kind of number that takes a bundle, and some more.

Made up after what Twilio asks for in these countries; not one of them is law.
"""

# ruff: noqa: E501 (a table)

from collections.abc import Iterator
from typing import Any

from portal.sandbox.dataset.plan import COUNTRIES, LINES
from portal.sandbox.dataset.requirements import (
    ANYWHERE,
    DOCUMENTS,
    DOMESTIC,
    WITHIN,
    Part,
    born,
    business_address,
    business_name,
    end_user,
    field,
    identity,
    power_of_attorney,
    registration,
    representative,
    residence,
    residence_in_name,
)
from portal.sandbox.regulatory.requirements import fields_by_type, type_field
from portal.sandbox.regulatory.resources import (
    TYPE_OF_LINE,
    EndUserType,
    Regulation,
    SupportingDocumentType,
)
from portal.sandbox.resources import make_sid
from portal.sandbox.store import Store

Group = tuple[str, str, str]
Requirements = tuple[Part, tuple[tuple[Part, ...], ...]]

NAMES = {**COUNTRIES, "SG": "Singapore", "HK": "Hong Kong", "MX": "Mexico", "ZA": "South Africa"}
TITLES = {"local": "Local", "mobile": "Mobile", "national": "National", "toll-free": "Toll-Free"}
BILLS = ("utility_bill", "tax_document", "rental_receipt", "title_deed")
ID = ("government_issued_document", "passport")
KBIS = "commercial_registrar_excerpt=Excerpt from the commercial register (Extrait K-bis)"
REGISTER = "commercial_registrar_excerpt=Excerpt from the commercial register (Handelsregisterauszug)"
LICENSE = "trade_license=Trade License (Gewerbeanmeldung)"
FIRM = ("business_name", "business_registration_number", "first_name", "last_name")
CLASSIFIED = (*FIRM, "email", "business_website", "business_identity", "is_subassigned", "comments")
PERSON = ("first_name", "last_name")

FRENCH_FIRM = (
    business_name(f"{KBIS} showing name of Authorized Representative"),
    business_address(WITHIN, f"{KBIS} showing French address", "utility_bill", "tax_document"),
    registration(KBIS),
)
JAPANESE_FIRM = (
    business_name("corporate_registry", "company_seal_certificate", "government_issued_document=Any other document issued by a governmental authority with the company's name and address"),
    business_address(DOMESTIC, "corporate_registry", "company_seal_certificate", "tax_document=Certificate of tax payment", "utility_bill"),
    representative("drivers_license", "passport", "residence_permit=Resident card"),
)  # fmt: skip
SINGAPORE_FIRM = (
    business_name("business_registration=ACRA Business Profile"),
    business_address(ANYWHERE, "business_registration=ACRA Business Profile", *BILLS),
    representative("national_id_card=NRIC", "passport"),
)

# What is peculiar to a country and a type. Everything else follows `_usual`.
PECULIAR: dict[Group, Requirements] = {
    ("FR", "local", "business"): (end_user("business", *FIRM), (
        (*FRENCH_FIRM, representative(*ID)), (*FRENCH_FIRM, *power_of_attorney()))),
    ("FR", "national", "business"): (end_user("business", *FIRM), (
        (*FRENCH_FIRM, representative(*ID)), (*FRENCH_FIRM, *power_of_attorney()))),
    ("FR", "mobile", "business"): (end_user("business", *CLASSIFIED), ((*FRENCH_FIRM, representative(*ID)),)),
    ("DE", "local", "business"): (end_user("business", "business_name"), (
        (business_name(f"{REGISTER}", LICENSE), business_address(WITHIN, f"{REGISTER} showing local address", LICENSE)),)),
    ("DE", "mobile", "business"): (end_user("business", *FIRM, "email"), (
        (business_name(REGISTER), business_address(ANYWHERE, f"{REGISTER} showing the address", LICENSE, "utility_bill"), representative(*ID)),)),
    ("DE", "local", "individual"): (end_user("individual", *PERSON, "birth_date"), (
        (identity("national_id_card=Personalausweis", "passport", "residence_permit"), residence_in_name(WITHIN, "national_id_card=Personalausweis showing local address", *BILLS)),)),
    ("GB", "local", "business"): (end_user("business", *CLASSIFIED, "phone_number"), (
        (business_name("business_registration=Companies House certificate"), registration("business_registration=Companies House certificate"), business_address(ANYWHERE, "business_registration=Companies House certificate", *BILLS)),)),
    ("GB", "mobile", "business"): (end_user("business", "business_name", "email"), ((business_address(ANYWHERE, "business_address"),),)),
    ("GB", "mobile", "individual"): (end_user("individual", *PERSON), ((residence(ANYWHERE, "address"),),)),
    ("AU", "local", "individual"): (end_user("individual", *PERSON), ((residence(WITHIN, "address"),),)),
    ("AU", "mobile", "business"): (end_user("business", *FIRM, "email", "business_identity", "is_subassigned"), (
        (business_name("business_registration=ASIC certificate"), registration("business_registration=ASIC certificate"), representative(*ID, "drivers_license"), business_address(DOMESTIC, *BILLS)),)),
    ("AU", "mobile", "individual"): (end_user("individual", *PERSON, "birth_date"), (
        (identity("passport", "drivers_license"), born("passport", "drivers_license"), residence(DOMESTIC, "utility_bill", "rental_receipt")),)),
    ("IE", "local", "business"): (end_user("business", *CLASSIFIED), ((business_address(WITHIN, "business_address"),),)),
    ("JP", "local", "business"): (end_user("business", "business_name", "business_description", *PERSON, "birth_date"), ((*JAPANESE_FIRM, born("drivers_license", "passport", "residence_permit=Resident card")),)),
    ("JP", "national", "business"): (end_user("business", "business_name", "business_description", *PERSON, "birth_date"), (JAPANESE_FIRM,)),
    ("JP", "toll-free", "business"): (end_user("business", "business_name", "business_description", *PERSON), (JAPANESE_FIRM,)),
    ("SG", "national", "business"): (end_user("business", *FIRM, "phone_number", "email"), (SINGAPORE_FIRM,)),
    ("SG", "national", "individual"): (end_user("individual", *PERSON, "nationality", "birth_date", "phone_number"), (
        (identity("national_id_card=NRIC", "passport", "residence_permit=Employment pass"), residence_in_name(ANYWHERE, *BILLS)),)),
    ("SG", "mobile", "business"): (end_user("business", *FIRM, "phone_number", "email", "business_purpose"), (SINGAPORE_FIRM,)),
    ("HK", "national", "business"): (end_user("business", *FIRM), ((business_name("business_registration"), registration("business_registration"), representative("national_id_card=Hong Kong ID", "passport")),)),
    ("MX", "local", "business"): (end_user("business", "business_name", "tax_id", "email"), ((business_address(WITHIN, *BILLS),),)),
    ("ZA", "local", "individual"): (end_user("individual", *PERSON), ((identity(*ID), residence(WITHIN, *BILLS)),)),
    ("BR", "local", "business"): (end_user("business", "business_name", "tax_id", "business_description"), (
        (business_name("business_registration=CNPJ card"), registration("business_registration=CNPJ card"), business_address(WITHIN, "business_registration=CNPJ card", *BILLS)),)),
    ("IT", "local", "individual"): (end_user("individual", *PERSON, "birth_date", "tax_id"), (
        (identity("national_id_card=Carta d'identità", "passport"), residence_in_name(WITHIN, *BILLS)),)),
    ("BE", "mobile", "business"): (end_user("business", "business_name", "vat", "email"), ((business_name("business_registration"), business_address(ANYWHERE, "business_registration", *BILLS)),)),
}  # fmt: skip

# Kinds of numbers that individuals may have as well, beside the peculiar ones.
FOR_INDIVIDUALS = (
    ("GB", "local"), ("FR", "local"), ("FR", "mobile"), ("SE", "local"), ("IE", "local"), ("NL", "local"),
    ("NL", "mobile"), ("ES", "local"), ("PL", "local"), ("BE", "local"), ("AT", "local"), ("CH", "local"),
    ("CH", "mobile"), ("DK", "local"), ("NO", "local"), ("FI", "mobile"), ("BR", "local"),
)  # fmt: skip


def regulated_lines() -> dict[tuple[str, str], str]:
    """Country and type of every number that takes a bundle, with the address it asks for."""
    return {
        (line.country, TYPE_OF_LINE.get(line.type, line.type)): line.address
        for line in LINES[::-1]
        if line.bundle
    }


def regulations() -> Iterator[tuple[Group, Part]]:
    """Every country, type and end-user type, with its requirements."""
    addresses = regulated_lines()
    groups = [(*key, "business") for key in addresses] + [(*key, "individual") for key in FOR_INDIVIDUALS]
    for group in sorted({*groups, *PECULIAR}):
        who, papers = PECULIAR.get(group) or _usual(group, addresses.get(group[:2], "any"))
        yield group, {"end_user": [who], "supporting_document": [list(papers_of) for papers_of in papers]}


def _usual(group: Group, address: str) -> Requirements:
    """What most countries ask for: who it is, and where, in the country if the number asks for that."""
    _, number_type, who = group
    where = ANYWHERE if address != "local" else WITHIN if number_type == "local" else DOMESTIC
    if who == "individual":
        return end_user("individual", *PERSON), ((identity(*ID), residence(where, *BILLS)),)
    if number_type == "toll-free":
        return end_user("business", "business_name", "email"), (
            (business_address(where, "business_registration", "utility_bill"),),
        )
    if address == "none":
        return end_user("business", "business_name", "email"), ((business_name("business_registration"),),)
    papers = (
        business_name("business_registration"),
        business_address(where, "business_registration", *BILLS),
    )
    if number_type == "mobile":
        return end_user("business", *FIRM, "email"), ((*papers, representative(*ID)),)
    return end_user("business", *FIRM), (papers,)


def add_regulations(store: Store, created: str) -> dict[Group, Regulation]:
    """Put all regulations into an empty store, and the types they are made of."""
    found = {}
    for (country, number_type, who), requirements in regulations():
        regulation = Regulation(
            sid=make_sid("RN", f"{country}:{number_type}:{who}:1"),
            friendly_name=f"{NAMES[country]}: {TITLES[number_type]} - {who.title()}",
            iso_country=country,
            number_type=number_type,
            end_user_type=who,
            requirements=requirements,
            date_created=created,
            date_updated=created,
        )
        store.add(regulation)
        found[country, number_type, who] = regulation
    _add_types(store, list(found.values()), created)
    return found


# Fields that pages 27 and 34 show and no regulation here asks for.
MORE_FIELDS: dict[str, tuple[str, ...]] = {
    "business": ("vat", "email", "business_description", "birth_date", "nationality"),
    "individual": ("email", "phone_number", "tax_id", "comments"),
    "business_registration": ("document_number", "business_name", "address_sids", "issue_date"),
}
REGISTERED_SEAT = {
    "machine_name": "registered_seat_of_business",
    "friendly_name": "Registered Seat of Business",
    "constraint": "String",
}


def _add_types(store: Store, found: list[Regulation], created: str) -> None:
    fields: dict[str, dict[str, dict[str, Any]]] = {
        kind: {} for kind in ("individual", "business", *DOCUMENTS)
    }
    for regulation in found:
        for _, kind, _, one in fields_by_type(regulation.requirements):
            if one:
                fields[kind].setdefault(one["machine_name"], one)
    for kind, names in MORE_FIELDS.items():
        for name in names:
            fields[kind].setdefault(name, field(name))
    fields["business_registration"]["registered_seat_of_business"] = REGISTERED_SEAT
    for kind, by_name in fields.items():
        made = SupportingDocumentType if kind in DOCUMENTS else EndUserType
        store.add(
            made(
                sid=make_sid("OY", kind),
                friendly_name=DOCUMENTS.get(kind, kind.title()),
                machine_name=kind,
                fields=[type_field(one) for one in by_name.values()],
                date_created=created,
                date_updated=created,
            )
        )
