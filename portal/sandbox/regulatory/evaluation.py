"""Whether the items of a bundle satisfy a regulation, and what is wrong with each, in page 37's words.

Pure: everything it looks at is handed in. Its codes are 22214 to 22219.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.sandbox.regulatory import requirements as needs
from portal.sandbox.regulatory.requirements import Fields
from portal.sandbox.regulatory.resources import EndUser, SupportingDocument
from portal.sandbox.resources import Address

NO_END_USER, END_USER_FIELD = 22214, 22215
NO_DOCUMENT, DOCUMENT_FIELD, MISMATCH, NO_ADDRESS = 22216, 22217, 22218, 22219
ADDRESSES = "address_sids"
Fault = tuple[str, int]


@dataclass(frozen=True)
class Items:
    """What is assigned to a bundle, and the account's addresses by sid."""

    end_users: Sequence[EndUser]
    documents: Sequence[SupportingDocument]
    addresses: Mapping[str, Address]


@dataclass(frozen=True)
class Case:
    """What is required, for numbers of which country, and what there is."""

    requirements: Fields
    country: str
    items: Items


def evaluate(requirements: Fields, country: str, items: Items) -> tuple[bool, list[Fields]]:
    """Whether all is there, and the results.

    Of several lists of documents the first that is met is reported; if none is, each requirement of all of
    them once.
    """
    case = Case(requirements, country, items)
    papers: list[Fields] = []
    for group in needs.alternatives(requirements):
        results = [_document(wanted, case) for wanted in group]
        if all(result["passed"] for result in results):
            papers = results
            break
        known = {result["requirement_name"] for result in papers}
        papers += [result for result in results if result["requirement_name"] not in known]
    results = [_end_user(wanted, items) for wanted in needs.end_users(requirements)] + papers
    return all(result["passed"] for result in results), results


def _end_user(wanted: Fields, items: Items) -> Fields:
    owned = [end_user for end_user in items.end_users if end_user.type == wanted["type"]]
    if not owned:
        absent = [(field, _absent_from_end_user(field, wanted)) for field in _required(wanted)]
        return _result(wanted, wanted, (_add(f"{wanted['name']} End-User"), NO_END_USER), [], absent)
    checked = [(field, _end_user_fault(field, owned[0].attributes, wanted)) for field in _fields(wanted)]
    return _judged(wanted, wanted, checked, END_USER_FIELD)


def _end_user_fault(field: Fields, attributes: Fields, wanted: Fields) -> Fault | None:
    value = attributes.get(field["machine_name"])
    if _is_blank(value):
        return None if needs.is_optional(field) else _absent_from_end_user(field, wanted)
    broken = _broken_constraint(field, value)
    return (
        (f"The {_name(field)} {broken} on the {wanted['name']} information.", END_USER_FIELD)
        if broken
        else None
    )


def _absent_from_end_user(field: Fields, wanted: Fields) -> Fault:
    name = _name(field)
    text = f"The {name} is missing. Please enter in {_a(name)} on the {wanted['name']} information."
    return text, END_USER_FIELD


def _document(wanted: Fields, case: Case) -> Fields:
    """The result of the assigned document that comes nearest, or of the first accepted one as missing."""
    tried = []
    for accepted in wanted["accepted_documents"]:
        for document in case.items.documents:
            if document.type == accepted["type"]:
                checked = [
                    (field, _document_fault(field, document, accepted, wanted, case))
                    for field in _fields(accepted)
                ]
                tried.append(_judged(accepted, wanted, checked, DOCUMENT_FIELD))
    if tried:
        return min(tried, key=lambda result: (not result["passed"], len(result["invalid"])))
    first = wanted["accepted_documents"][0]
    absent = [(field, _absent_from_document(field, first, case)) for field in _required(first)]
    return _result(first, wanted, (_add(first["name"]), NO_DOCUMENT), [], absent)


def _document_fault(
    field: Fields, document: SupportingDocument, accepted: Fields, wanted: Fields, case: Case
) -> Fault | None:
    name = field["machine_name"]
    if name == ADDRESSES:
        return _address_fault(field, document, accepted, wanted, case)
    value = document.attributes.get(name)
    if _is_blank(value):
        return None if needs.is_optional(field) else _absent_from_document(field, accepted, case)
    if broken := _broken_constraint(field, value):
        return f"The {_name(field)} {broken} on the {accepted['name']}.", DOCUMENT_FIELD
    match = needs.constraint(field, "match")
    if match and not _agrees(match, value, case.items):
        return _absent_from_document(field, accepted, case)[0], MISMATCH
    return None


def _address_fault(
    field: Fields, document: SupportingDocument, accepted: Fields, wanted: Fields, case: Case
) -> Fault | None:
    """Addresses of the account must be cited; one of them in the country, or in a name, where asked."""
    known = case.items.addresses
    found = [known[sid] for sid in document.address_sids() if sid in known]
    if not found or len(found) < len(document.address_sids()):
        return None if needs.is_optional(field) else _absent_from_document(field, accepted, case)
    rule = needs.constraint(wanted, "address")
    if rule and rule.get("value") == "domestic" and all(one.iso_country != case.country for one in found):
        return f"The Address must be in the country of the phone number ({case.country}).", NO_ADDRESS
    match = needs.constraint(field, "match")
    if match and not any(_agrees(match, address.customer_name, case.items) for address in found):
        return "The name on the Address does not match. Please use the same exact inputs.", NO_ADDRESS
    return None


def _absent_from_document(field: Fields, accepted: Fields, case: Case) -> Fault:
    name, paper = _name(field), accepted["name"]
    if field["machine_name"] == ADDRESSES:
        return f"The Address is missing. Please enter in the address shown on the {paper}.", NO_ADDRESS
    if needs.constraint(field, "match") is None:
        return f"The {name} is missing. Please enter in the {name} shown on the {paper}.", DOCUMENT_FIELD
    info = needs.end_users(case.requirements)[0]["name"]
    return (
        f"The {name} is missing. Or, it does not match the {name} you entered within {info} information. "
        f"Please enter in the {name} shown on the {paper} "
        f"or make sure both {name} fields use the same exact inputs."
    ), DOCUMENT_FIELD


def _agrees(match: Fields, value: Any, items: Items) -> bool:
    """Whether a value is, character by character, that of the end user; `field` may join several."""
    names = str(match.get("field", "")).split("+")
    return any(
        value == " ".join(str(end_user.attributes.get(name, "")) for name in names)
        for end_user in items.end_users
    )


def _broken_constraint(field: Fields, value: Any) -> str | None:
    if (choice := needs.constraint(field, "enum")) and value not in choice.get("values", []):
        return f"must be one of {', '.join(map(str, choice['values']))}"
    if (shape := needs.constraint(field, "regex")) and not _fits(str(shape.get("value", "")), str(value)):
        return "is not valid"
    most = needs.constraint(field, "max_length")
    if most and len(str(value)) > most.get("value", 0):
        return f"must be at most {most['value']} characters"
    return None


def _fits(pattern: str, value: str) -> bool:
    """Whether a value has the shape; a pattern that is none keeps nobody out."""
    try:
        return re.search(pattern, value) is not None
    except re.error:
        return True


def _judged(found: Fields, wanted: Fields, checked: list[tuple[Fields, Fault | None]], code: int) -> Fields:
    """The result for something that is there, whatever may be wrong with it."""
    valid = [field for field, fault in checked if fault is None]
    invalid = [(field, fault) for field, fault in checked if fault is not None]
    if not invalid:
        return _result(found, wanted, None, valid, [])
    reason = f"The {found['name']} has missing or invalid information. Please correct it."
    only = {fault[1] for _, fault in invalid}
    return _result(found, wanted, (reason, only.pop() if len(only) == 1 else code), valid, invalid)


def _result(
    found: Fields,
    wanted: Fields,
    fault: Fault | None,
    valid: list[Fields],
    invalid: list[tuple[Fields, Fault]],
) -> Fields:
    return {
        "friendly_name": found["name"],
        "object_type": found["type"],
        "passed": fault is None,
        "failure_reason": fault[0] if fault else None,
        "error_code": fault[1] if fault else None,
        "valid": [_named(field) for field in valid],
        "invalid": [
            {**_named(field), "failure_reason": text, "error_code": code} for field, (text, code) in invalid
        ],
        "requirement_friendly_name": wanted["name"],
        "requirement_name": wanted["requirement_name"],
    }


def _named(field: Fields) -> Fields:
    return {"friendly_name": _name(field), "object_field": field["machine_name"]}


def _fields(holder: Fields) -> list[Fields]:
    found: list[Fields] = holder.get("detailed_fields") or []
    return found


def _required(holder: Fields) -> list[Fields]:
    return [field for field in _fields(holder) if not needs.is_optional(field)]


def _name(field: Fields) -> str:
    name: str = field.get("friendly_name") or field["machine_name"]
    return name


def _add(name: str) -> str:
    missing = _a(name)
    return f"{missing[0].upper()}{missing[1:]} is missing. Please add one to the regulatory bundle."


def _a(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeio' else 'a'} {name}"


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or value == []
