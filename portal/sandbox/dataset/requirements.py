"""The words and fields that regulations are put together from, in the shape of doc pages 27, 32 and 37."""

from typing import Any

BASE = "https://numbers.twilio.com/v2/RegulatoryCompliance"
Part = dict[str, Any]

DATE = r"^\d{4}-\d{2}-\d{2}$"
OPTIONAL = "This is an optional field."


def _regex(pattern: str) -> Part:
    return {"type": "regex", "value": pattern}


def _at_most(length: int) -> Part:
    return {"type": "max_length", "value": length}


# machine name -> what it is called, described and held to
FIELDS: dict[str, tuple[str, str, list[Part]]] = {
    "first_name": ("First Name", "", []),
    "last_name": ("Last Name", "", []),
    "birth_date": ("Birth Date", "YYYY-MM-DD", [_regex(DATE)]),
    "nationality": ("Nationality", "The two letters of the country", [_regex("^[A-Z]{2}$")]),
    "email": ("Email", "", [_regex(r"^\S+@\S+\.\S+$")]),
    "phone_number": ("Contact Phone Number", "In E.164 format", [_regex(r"^\+[1-9]\d{1,14}$")]),
    "business_name": ("Business Name", "", [_at_most(120)]),
    "business_registration_number": ("Business Registration Number", "", [_at_most(40)]),
    "business_website": ("Business Website", "", [_regex(r"^https?://\S+$")]),
    "business_description": ("Business Description", "", [_at_most(500)]),
    "business_purpose": ("Business Purpose for Number", "", [_at_most(500)]),
    "business_identity": (
        "Business Classification",
        "Choose any one of the following values: [DIRECT_CUSTOMER, INDEPENDENT_SOFTWARE_VENDOR].",
        [{"type": "enum", "values": ["DIRECT_CUSTOMER", "INDEPENDENT_SOFTWARE_VENDOR"]}],
    ),
    "is_subassigned": (
        "Is this number being assigned to the end customer ?",
        "Choose any one of the following values : [YES, NO].",
        [{"type": "enum", "values": ["YES", "NO"]}],
    ),
    "vat": ("VAT Number", "", [_at_most(20)]),
    "tax_id": ("Tax ID", "", [_at_most(20)]),
    "comments": ("Comments (Optional)", OPTIONAL, [{"type": "optional"}, _at_most(255)]),
    "address_sids": ("Address sid(s)", "", []),
    "document_number": ("Document Number", "", []),
    "issue_date": ("Issue Date", f"YYYY-MM-DD. {OPTIONAL}", [{"type": "optional"}, _regex(DATE)]),
    "expiration_date": (
        "Expiration Date", f"YYYY-MM-DD. {OPTIONAL}", [{"type": "optional"}, _regex(DATE)],
    ),
}  # fmt: skip

DOCUMENTS = {
    "address": "Address Validation",
    "business_address": "Business Address",
    "business_registration": "Business Registration",
    "commercial_registrar_excerpt": "Excerpt from the commercial register",
    "corporate_registry": "Corporate registry or foreign equivalent",
    "company_seal_certificate": "Company seal certificate or foreign equivalent",
    "trade_license": "Trade License",
    "tax_document": "Tax Notice",
    "utility_bill": "Utility Bill",
    "rental_receipt": "Rent Receipt",
    "title_deed": "Title Deed",
    "government_issued_document": "Government-issued ID",
    "passport": "Passport",
    "national_id_card": "National ID",
    "residence_permit": "Residence Permit",
    "drivers_license": "Driver's License",
    "power_of_attorney": "Executed Copy of Power of Attorney",
    "letter_of_authorization": "Letter of Authorization",
}
# Documents that are data, and nothing else.
WITHOUT_FILE = ("address", "business_address")
IDENTITY = (
    "government_issued_document",
    "passport",
    "national_id_card",
    "residence_permit",
    "drivers_license",
)
BILLS = ("utility_bill", "rental_receipt", "tax_document")

ANYWHERE = "May be anywhere in the world"
WITHIN = (
    "Must be within locality or region covered by the phone number's prefix; a PO Box is not acceptable"
    " where a local address is required."
)
DOMESTIC = "Must be within the country of the phone number; a PO Box is not acceptable."


def field(name: str, *extra: Part, called: str = "", described: str = "") -> Part:
    friendly, description, constraints = FIELDS[name]
    return {
        "machine_name": name,
        "friendly_name": called or friendly,
        "description": described or description,
        "constraint": "List" if name == "address_sids" else "String",
        "constraints": [*constraints, *extra],
    }


def same(name: str) -> Part:
    """A field whose value must be the end user's."""
    return field(name, {"type": "match", "object": "end_user", "field": name})


def end_user(kind: str, *names: str) -> Part:
    """What is asked of the individual or the business itself."""
    fields = [field(name) for name in names]
    return {
        "name": kind.title(),
        "type": kind,
        "requirement_name": f"{kind}_info",
        "url": f"{BASE}/EndUserTypes/{kind}",
        "fields": list(names),
        "detailed_fields": fields,
        "constraints": [],
    }


def accepted(document: str, fields: list[Part]) -> Part:
    """A document that satisfies a requirement: `type`, or `type=Its name in this country`."""
    kind, _, name = document.partition("=")
    if kind not in WITHOUT_FILE and fields:
        fields = [*fields, field("expiration_date" if kind in IDENTITY else "issue_date")]
    constraints: list[Part] = [] if kind in WITHOUT_FILE else [{"type": "file"}]
    if kind not in (*WITHOUT_FILE, *IDENTITY, "power_of_attorney"):
        constraints.append({"type": "max_age_months", "value": 3 if kind in BILLS else 12})
    return {
        "name": name or DOCUMENTS[kind],
        "type": kind,
        "url": f"{BASE}/SupportingDocumentTypes/{kind}",
        "fields": [one["machine_name"] for one in fields],
        "detailed_fields": fields,
        "constraints": constraints,
    }


def requirement(
    requirement_name: str, name: str, documents: tuple[str, ...], fields: list[Part], description: str = ""
) -> Part:
    return {
        "name": name,
        "type": "document",
        "requirement_name": requirement_name,
        "description": description,
        "accepted_documents": [accepted(document, fields) for document in documents],
        "constraints": [{"type": "address", "value": "domestic"}]
        if description in (WITHIN, DOMESTIC)
        else [],
    }


def business_name(*documents: str) -> Part:
    return requirement("business_name_info", "Business Name", documents, [same("business_name")])


def registration(*documents: str) -> Part:
    return requirement(
        "business_reg_no_info", "Business Registration Number", documents, [field("document_number")]
    )


def business_address(where: str, *documents: str) -> Part:
    name, title = "business_address_proof_info", "Business Address (Proof of Address)"
    return requirement(name, title, documents, [field("address_sids")], where)


def representative(*documents: str) -> Part:
    fields = [same("first_name"), same("last_name")]
    return requirement("name_of_auth_rep_info", "Name of Authorized Representative", documents, fields)


def power_of_attorney() -> tuple[Part, Part]:
    """The way out for a representative who shows no ID: somebody else does (page 41)."""
    granted = [field("first_name"), field("last_name")]
    return (
        requirement("power_of_attorney_info", "Power of Attorney", ("power_of_attorney",), []),
        requirement(
            "name_in_power_of_attorney_info",
            "Name of Person granted the Power of Attorney",
            ("government_issued_document", "passport"),
            granted,
        ),
    )


def identity(*documents: str) -> Part:
    return requirement("name_info", "Name", documents, [same("first_name"), same("last_name")])


def residence(where: str, *documents: str) -> Part:
    return requirement("proof_of_address", "Address", documents, [field("address_sids")], where)


def residence_in_name(where: str, *documents: str) -> Part:
    """A residence whose address must be in the end user's own name."""
    match = {"type": "match", "object": "end_user", "field": "first_name+last_name"}
    return requirement("proof_of_address", "Address", documents, [field("address_sids", match)], where)


def born(*documents: str) -> Part:
    return requirement("birth_date_info", "Birth Date", documents, [same("birth_date")])
