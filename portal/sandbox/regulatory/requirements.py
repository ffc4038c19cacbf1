"""The requirements of a regulation: read them, check them, and show them with or without constraints.

    {"end_user": [{"type", "name", "requirement_name", "fields", "detailed_fields", …}],
     "supporting_document": [[{"requirement_name", "name", "accepted_documents": [{"type", "name", …}]}]]}

One document of `accepted_documents` satisfies a requirement. That every requirement of one of the inner
lists suffices is inferred: the pages show a single list, and page 37 reports what reads like two.

IncludeConstraints has no example anywhere. Here it adds `constraint`, the kind of a field's value as the
type resources name it ("String", "List"), and `constraints`, a list of `{"type": …}` on fields, documents and
requirements. Types of a field: `regex` (`value`), `enum` (`values`), `max_length` (`value`), `optional`, and
`match` (`object`, `field`: the value must be the same there). Of a document: `file` and `max_age_months`
(`value`), which reviewers look at. Of a requirement: `address` (`value`: "domestic").
"""

from collections.abc import Iterator
from typing import Any

Fields = dict[str, Any]
CONSTRAINT_KEYS = ("constraint", "constraints")


def end_users(requirements: Fields) -> list[Fields]:
    found: list[Fields] = requirements.get("end_user") or []
    return found


def alternatives(requirements: Fields) -> list[list[Fields]]:
    """The lists of document requirements, of which one is to be met."""
    found: list[list[Fields]] = requirements.get("supporting_document") or []
    return found


def constraint(holder: Fields, kind: str) -> Fields | None:
    return next((one for one in holder.get("constraints") or [] if one.get("type") == kind), None)


def is_optional(field: Fields) -> bool:
    """Twilio marks a field that may be left out by its description; a constraint here says the same."""
    text = f"{field.get('friendly_name', '')} {field.get('description', '')}".lower()
    return constraint(field, "optional") is not None or "(optional)" in text or "optional field" in text


def without_constraints(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_constraints(part) for key, part in value.items() if key not in CONSTRAINT_KEYS}
    return [without_constraints(part) for part in value] if isinstance(value, list) else value


def fields_by_type(requirements: Fields) -> Iterator[tuple[str, str, str, Fields]]:
    """(end_user or supporting_document, machine name of the type, its name, field) for every field."""
    for end_user in end_users(requirements):
        for field in end_user.get("detailed_fields") or []:
            yield "end_user", end_user["type"], end_user["name"], field
    for group in alternatives(requirements):
        for requirement in group:
            for document in requirement.get("accepted_documents") or []:
                if not document.get("detailed_fields"):
                    yield "supporting_document", document["type"], document["name"], {}
                for field in document.get("detailed_fields") or []:
                    yield "supporting_document", document["type"], document["name"], field


def type_field(field: Fields) -> Fields:
    """A field as the type resources list it (doc pages 33, 35)."""
    return {
        "friendly_name": field["friendly_name"],
        "machine_name": field["machine_name"],
        "constraint": field.get("constraint", "String"),
    }


def check(requirements: Any) -> Fields:
    """The requirements, tidied: `fields` follow `detailed_fields`. ValueError if they are none."""
    if not isinstance(requirements, dict) or set(requirements) - {"end_user", "supporting_document"}:
        raise ValueError("requirements are an object with end_user and supporting_document")
    if not end_users(requirements):
        raise ValueError("a regulation requires an end user")
    for end_user in end_users(requirements):
        _check_object(end_user, ("type", "name", "requirement_name"))
    for group in alternatives(requirements):
        if not isinstance(group, list):
            raise ValueError("supporting_document is a list of lists of requirements")
        for requirement in group:
            if not isinstance(requirement, dict) or not requirement.get("accepted_documents"):
                raise ValueError("a document requirement has a requirement_name and accepted_documents")
            _need(requirement, ("name", "requirement_name"))
            for document in requirement["accepted_documents"]:
                _check_object(document, ("type", "name"))
    return requirements


def _check_object(holder: Any, names: tuple[str, ...]) -> None:
    if not isinstance(holder, dict):
        raise ValueError("what is required is described by an object")
    _need(holder, names)
    fields = holder.setdefault("detailed_fields", [])
    for field in fields:
        if not isinstance(field, dict):
            raise ValueError("a detailed field is an object")
        _need(field, ("machine_name",))
        field.setdefault("friendly_name", field["machine_name"].replace("_", " ").title())
    holder["fields"] = [field["machine_name"] for field in fields]


def _need(holder: Fields, names: tuple[str, ...]) -> None:
    for name in names:
        if not isinstance(holder.get(name), str) or not holder[name]:
            raise ValueError(f"{name} is missing")
