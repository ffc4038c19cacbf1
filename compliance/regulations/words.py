"""What a regulation asks for, in words that somebody outside understands. Pure: no rows, no calls."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from compliance.ages import months_allowed
from compliance.labels import quieted
from compliance.requirements import Accepted, DocumentNeed, EndUserNeed, Field, Kind, Requirements
from portal.models import Purpose

_IN_BRACKETS = re.compile(r"\s*\([^)]*\)$")
EXAMPLES: Mapping[Kind, str] = {
    "date": "2001-12-31",
    "email": "name@example.com",
    "phone": "+1 201 555 0123",
    "url": "https://www.example.com",
    "country": "DE for Germany",
}


def summary_of(requirements: Requirements) -> str:
    """All of it in one line: `4 details of the business; documents for: business name, business address`."""
    parts = [_details(need) for need in requirements.end_users if need.fields]
    if names := [quieted(_IN_BRACKETS.sub("", need.name)) for need in requirements.needs]:
        proofs = ", ".join(names)
        parts.append(
            f"one of {len(requirements.alternatives)} sets of documents for: {proofs}"
            if len(requirements.alternatives) > 1
            else f"documents for: {proofs}"
        )
    return "; ".join(parts) or "Nothing that Twilio describes"


def _details(need: EndUserNeed) -> str:
    count, optional = len(need.required), len(need.fields) - len(need.required)
    words = f"{count} detail{'' if count == 1 else 's'} of the {need.name.lower()}"
    return f"{words} and {optional} optional" if optional else words


def label_of(field: Field) -> str:
    """What a value is called; addresses are no SIDs to anybody."""
    return "Address" if field.kind == "addresses" else field.label


def rules_of(field: Field) -> list[str]:
    """What a value must be like, each as a few words; nothing for what is free text."""
    rules = []
    if field.choices:
        rules.append(f"one of: {', '.join(map(choice_name, field.choices))}")
    elif example := EXAMPLES.get(field.kind):
        rules.append(f"such as {example}")
    if field.max_length:
        rules.append(f"{field.max_length} characters at most")
    if field.equals and field.kind == "addresses":
        rules.append("in the same name as the end user")
    elif field.equals:
        rules.append("exactly as the end user's")
    return rules


def choice_name(value: str) -> str:
    """`DIRECT_CUSTOMER` as people read it."""
    words = value.replace("_", " ").strip()
    return words if len(words) < 4 and words.isupper() and words not in ("YES", "NO") else words.capitalize()


def age_of(paper: Accepted) -> str:
    """How recent a document must be, as a sentence; "" for one that is data alone."""
    if paper.max_age_months:
        return f"At most {_months(paper.max_age_months)} old."
    if not paper.takes_file:
        return ""
    months = months_allowed(paper.type)
    return f"Best at most {_months(months)} old." if months else "Valid on the day it is submitted."


def file_of(paper: Accepted) -> str:
    """What file is to be sent, as a sentence; "" for a document that is data alone."""
    if not paper.takes_file:
        return ""
    return f"JPG, PNG or PDF, smaller than {Purpose.COMPLIANCE.most_bytes // 1024 // 1024} MB."


@dataclass(frozen=True, slots=True)
class PaperWords:
    """One accepted document, told."""

    paper: Accepted
    age: str
    file: str

    @property
    def name(self) -> str:
        return self.paper.name

    @property
    def shown(self) -> list[tuple[Field, list[str]]]:
        """What is asked about it, with the rules of each."""
        return [(one, rules_of(one)) for one in self.paper.fields]

    @property
    def must_show(self) -> list[str]:
        """What must be there to read on it, as a customer calls it."""
        return [
            "the address" if one.kind == "addresses" else one.label
            for one in self.paper.fields
            if not one.is_optional
        ]


@dataclass(frozen=True, slots=True)
class NeedWords:
    """One thing to be proved, and every document that proves it."""

    need: DocumentNeed
    papers: Sequence[PaperWords]

    @property
    def name(self) -> str:
        return self.need.name


@dataclass(frozen=True, slots=True)
class DocumentWords:
    """What every set of documents holds, and what each holds besides where one of several is enough."""

    shared: Sequence[NeedWords]
    sets: Sequence[Sequence[NeedWords]]

    @property
    def all(self) -> list[NeedWords]:
        return [*self.shared, *(told for needs in self.sets for told in needs)]


def documents_of(requirements: Requirements) -> DocumentWords:
    """All documents, nothing told twice."""
    groups = requirements.alternatives
    first: Sequence[DocumentNeed] = groups[0] if groups else ()
    shared = [need for need in first if all(need in group for group in groups[1:])]
    own = [[_told(need) for need in group if need not in shared] for group in groups]
    return DocumentWords([_told(need) for need in shared], own if len(groups) > 1 else [])


def _told(need: DocumentNeed) -> NeedWords:
    return NeedWords(need, [PaperWords(paper, age_of(paper), file_of(paper)) for paper in need.accepted])


def _months(count: int) -> str:
    return "1 month" if count == 1 else f"{count} months"
