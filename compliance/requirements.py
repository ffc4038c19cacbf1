"""What a regulation asks for, read from Twilio's description of it. Pure: no rows, no calls.

Nothing about any country stands here (page 32: do not hardcode regulations). What a regulation says in ways
that are not known yet is kept: a field of an unheard-of kind is a line of text, and a document that may or
may not need a file takes one.

Page 32 shows `supporting_document` as a list of lists. The inner lists are read as alternatives: each is a
whole set of requirements, and one set suffices.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Literal

Kind = Literal["text", "long", "choice", "date", "email", "phone", "url", "country", "list", "addresses"]

ADDRESSES = "address_sids"
_LONG = 200
_CHOICES = re.compile(r"\[([^\]]+)\]")
_OPTIONAL = re.compile(r"\s*\(optional\)|\s*this is an optional field\.?|\s*optional field\.?", re.IGNORECASE)
_IS_OPTIONAL = re.compile(r"\(optional\)|optional field", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Field:
    """One value that a regulation asks for. `equals` are the end user's fields that it must repeat."""

    name: str
    label: str
    hint: str = ""
    kind: Kind = "text"
    is_optional: bool = False
    choices: tuple[str, ...] = ()
    pattern: str = ""
    max_length: int | None = None
    equals: tuple[str, ...] = ()

    def fault(self, value: Any) -> str:
        """What is wrong with a value by itself, as a sentence; "" if nothing is."""
        if is_blank(value):
            return "" if self.is_optional else f"Enter {in_sentence(self.label)}."
        words = str(value)
        if self.choices and words not in self.choices:
            return f"{self.label} must be one of: {', '.join(self.choices)}."
        if self.kind == "date" and not _is_date(words):
            return f"{self.label} must be a real date."
        if self.max_length and len(words) > self.max_length:
            return f"{self.label} must be {self.max_length} characters or fewer."
        if self.pattern and not _matches(self.pattern, words):
            return f"{self.label} is not written the way the regulation asks for."
        return ""


@dataclass(frozen=True, slots=True)
class EndUserNeed:
    """The kind of end user, and what it has to say about itself."""

    type: str
    name: str
    requirement_name: str
    fields: tuple[Field, ...] = ()

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.fields if not one.is_optional)

    def faults(self, values: Mapping[str, Any]) -> dict[str, str]:
        """What is wrong with these values, by field."""
        found = {one.name: one.fault(values.get(one.name)) for one in self.fields}
        return {name: words for name, words in found.items() if words}


@dataclass(frozen=True, slots=True)
class Accepted:
    """One type of document that satisfies a requirement."""

    type: str
    name: str
    fields: tuple[Field, ...] = ()
    takes_file: bool = True
    max_age_months: int | None = None

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.fields if not one.is_optional)

    @property
    def cites_addresses(self) -> bool:
        return any(one.kind == "addresses" for one in self.fields)

    def faults(self, values: Mapping[str, Any], end_user: Mapping[str, Any] | None = None) -> dict[str, str]:
        """What is wrong with these values, by field; with the end user's, also what differs from them."""
        found = {one.name: one.fault(values.get(one.name)) for one in self.fields}
        for one in self.fields:
            if end_user is None or found[one.name] or not one.equals or is_blank(values.get(one.name)):
                continue
            expected = " ".join(str(end_user.get(name) or "") for name in one.equals)
            if one.kind != "addresses" and str(values[one.name]) != expected:
                found[one.name] = f"{one.label} must be exactly the same as for the end user."
        return {name: words for name, words in found.items() if words}


@dataclass(frozen=True, slots=True)
class DocumentNeed:
    """A requirement that any one of the accepted documents satisfies (page 33)."""

    requirement_name: str
    name: str
    description: str = ""
    accepted: tuple[Accepted, ...] = ()
    is_domestic: bool = False  # the address must be in the country of the number

    def accepts(self, document_type: str) -> Accepted | None:
        return next((one for one in self.accepted if one.type == document_type), None)


@dataclass(frozen=True)
class Requirements:
    """All that a regulation asks for: end users, and alternatives of which one is to be met in full."""

    end_users: tuple[EndUserNeed, ...] = ()
    alternatives: tuple[tuple[DocumentNeed, ...], ...] = field(default=())

    @cached_property
    def needs(self) -> tuple[DocumentNeed, ...]:
        """Every requirement of every alternative, once."""
        found: dict[str, DocumentNeed] = {}
        for need in (need for group in self.alternatives for need in group):
            found.setdefault(need.requirement_name, need)
        return tuple(found.values())

    @property
    def document_types(self) -> frozenset[str]:
        return frozenset(one.type for need in self.needs for one in need.accepted)

    def need(self, requirement_name: str) -> DocumentNeed | None:
        return next((need for need in self.needs if need.requirement_name == requirement_name), None)

    def end_user(self, end_user_type: str) -> EndUserNeed | None:
        return next((need for need in self.end_users if need.type == end_user_type), None)


def read_requirements(requirements: Any) -> Requirements:
    """The requirements of a regulation's payload. What is not as expected is left out, never raised over."""
    if not isinstance(requirements, dict):
        return Requirements()
    return Requirements(
        end_users=tuple(_end_user(one) for one in _objects(requirements.get("end_user"))),
        alternatives=tuple(tuple(_need(one) for one in group) for group in _groups(requirements)),
    )


def is_blank(value: Any) -> bool:
    return value is None or value == [] or value == {} or (isinstance(value, str) and not value.strip())


def _groups(requirements: Mapping[str, Any]) -> Iterator[list[Mapping[str, Any]]]:
    listed = requirements.get("supporting_document")
    if not isinstance(listed, list):
        return
    if flat := _objects(listed):  # one set, not wrapped in a list of its own
        yield flat
    for group in listed:
        if isinstance(group, list) and (found := _objects(group)):
            yield found


def _end_user(told: Mapping[str, Any]) -> EndUserNeed:
    kind = str(told.get("type") or "")
    return EndUserNeed(
        type=kind,
        name=str(told.get("name") or _words(kind)),
        requirement_name=str(told.get("requirement_name") or f"{kind}_info"),
        fields=_fields(told),
    )


def _need(told: Mapping[str, Any]) -> DocumentNeed:
    accepted = _objects(told.get("accepted_documents"))
    speaks_of_files = any(_constraints(one) for one in accepted)
    domestic = _constraint(told, "address")
    name = str(told.get("name") or told.get("requirement_name") or "Document")
    return DocumentNeed(
        requirement_name=str(told.get("requirement_name") or name),
        name=name,
        description=str(told.get("description") or ""),
        accepted=tuple(_accepted(one, speaks_of_files) for one in accepted),
        is_domestic=bool(domestic and domestic.get("value") == "domestic"),
    )


def _accepted(told: Mapping[str, Any], speaks_of_files: bool) -> Accepted:
    kind, fields = str(told.get("type") or ""), _fields(told)
    is_data = bool(fields) and all(one.kind == "addresses" for one in fields) and kind.endswith("address")
    age = _constraint(told, "max_age_months")
    return Accepted(
        type=kind,
        name=str(told.get("name") or _words(kind)),
        fields=fields,
        takes_file=_constraint(told, "file") is not None if speaks_of_files else not is_data,
        max_age_months=_number(age.get("value")) if age else None,
    )


def _fields(told: Mapping[str, Any]) -> tuple[Field, ...]:
    detailed = _objects(told.get("detailed_fields"))
    if detailed:
        return tuple(_field(one) for one in detailed if one.get("machine_name"))
    names = told.get("fields")
    plain = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
    return tuple(_field({"machine_name": name}) for name in plain)


def _field(told: Mapping[str, Any]) -> Field:
    name = str(told["machine_name"])
    label = str(told.get("friendly_name") or _words(name))
    hint = str(told.get("description") or "")
    choices = _choices(told, hint)
    pattern, longest, same = (_constraint(told, kind) for kind in ("regex", "max_length", "match"))
    max_length = _number(longest.get("value")) if longest else None
    is_optional = (
        _constraint(told, "optional") is not None
        or told.get("required") is False
        or bool(_IS_OPTIONAL.search(f"{label} {hint}"))
    )
    return Field(
        name=name,
        label=_OPTIONAL.sub("", label).strip() or label,
        hint="" if choices else _OPTIONAL.sub("", hint).strip(),
        kind="choice" if choices else _kind(name, hint, str(told.get("constraint") or ""), max_length),
        is_optional=is_optional,
        choices=choices,
        pattern=str(pattern.get("value") or "") if pattern else "",
        max_length=max_length,
        equals=tuple(str(same.get("field") or name).split("+")) if same else (),
    )


def _kind(name: str, hint: str, constraint: str, max_length: int | None) -> Kind:
    """How to ask for a value, by what the field is called: a guess that costs nothing when it is wrong."""
    if name.endswith(ADDRESSES):
        return "addresses"
    if constraint.lower() == "list":
        return "list"
    if name.endswith("date") or "yyyy-mm-dd" in hint.lower():
        return "date"
    if name.endswith("email"):
        return "email"
    if name.endswith("phone_number"):
        return "phone"
    if name.endswith(("website", "_url")):
        return "url"
    if name in ("nationality", "iso_country") or name.endswith("_country"):
        return "country"
    if max_length is not None and max_length > _LONG:
        return "long"
    return "text"


def _choices(told: Mapping[str, Any], hint: str) -> tuple[str, ...]:
    listed = _constraint(told, "enum")
    if listed and isinstance(listed.get("values"), list):
        return tuple(str(value) for value in listed["values"])
    # Page 34 writes them into the description: "Choose any one of the following values: [A, B]."
    found = _CHOICES.search(hint) if "following values" in hint.lower() else None
    return tuple(part.strip() for part in found[1].split(",") if part.strip()) if found else ()


def _constraints(told: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return _objects(told.get("constraints"))


def _constraint(told: Mapping[str, Any], kind: str) -> Mapping[str, Any] | None:
    return next((one for one in _constraints(told) if one.get("type") == kind), None)


def _objects(value: Any) -> list[Mapping[str, Any]]:
    found: Sequence[Any] = value if isinstance(value, list) else ()
    return [one for one in found if isinstance(one, dict)]


def _matches(pattern: str, value: str) -> bool:
    """Whether a value has the shape; a pattern that is none keeps nobody out: Twilio judges anyway."""
    try:
        return re.search(pattern, value[:1000]) is not None
    except re.error:
        return True


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _words(machine_name: str) -> str:
    return machine_name.replace("_", " ").capitalize()


def in_sentence(label: str) -> str:
    """A label inside a sentence: `business name`, `VAT number`."""
    return " ".join(word if word[1:] != word[1:].lower() else word.lower() for word in label.split(" "))
