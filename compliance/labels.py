"""Words and tones for what Twilio writes of bundles, documents and evaluations (pages 31, 33 and 37)."""

from collections.abc import Mapping

from portal.labels import Label, Labels

BUNDLE_STATES: Labels = {
    "draft": Label("Draft", "off"),
    "pending-review": Label("Pending review", "wait"),
    "in-review": Label("In review", "wait"),
    "twilio-rejected": Label("Rejected", "bad"),
    "twilio-approved": Label("Approved", "ok"),
    "provisionally-approved": Label("Provisionally approved", "wait"),
}
DOCUMENT_STATES: Labels = {
    "draft": Label("Draft", "off"),
    "pending-review": Label("Pending review", "wait"),
    "approved": Label("Approved", "ok"),
    "rejected": Label("Rejected", "bad"),
    "expired": Label("Expired", "bad"),
    "provisionally-approved": Label("Provisionally approved", "wait"),
}
EVALUATION_STATES: Labels = {
    "compliant": Label("Complies", "ok"),
    "noncompliant": Label("Does not comply", "bad"),
}
# Types of end users that page 34 names; any other is shown in its own words.
END_USER_TYPES: Mapping[str, str] = {"individual": "Individual", "business": "Business"}
# What Twilio writes with capitals although it is nobody's name. Any other word keeps its spelling.
_COMMON = frozenset({
    "a", "address", "and", "attorney", "authorization", "authorized", "bill", "birth", "business", "by",
    "certificate", "commercial", "company", "contact", "copy", "corporate", "date", "deed", "description",
    "document", "excerpt", "executed", "expiration", "first", "for", "from", "government",
    "government-issued", "granted", "identity", "individual", "issue", "issued", "last", "lease", "letter",
    "license", "name", "nationality", "notice", "number", "of", "office", "or", "owner", "permit", "person",
    "phone", "power", "proof", "purpose", "receipt", "register", "registered", "registrar", "registration",
    "registry", "rent", "rental", "representative", "residence", "residency", "seat", "statement", "tax",
    "the", "title", "to", "trade", "utility", "website",
})  # fmt: skip


def quieted(name: str) -> str:
    """A name of Twilio's within a sentence: `Name of Person`, as `name of person`; `DE National ID` stays."""
    return " ".join(word.lower() if word.lower() in _COMMON else word for word in name.split())


def end_user_type_name(machine_name: str) -> str:
    """The type of an end user as staff read it, for a type nobody has heard of as well."""
    words = machine_name.replace("_", " ").strip()
    return END_USER_TYPES.get(machine_name) or words[:1].upper() + words[1:]
