"""What a bundle's documents and addresses say of its end user in other words than its own (F11, page 37)."""

from compliance.guided.draft import Draft
from compliance.lint import Finding, Said, difference, holder_names, lint


def spelling_of(draft: Draft) -> list[Finding]:
    """Every name that is not, character by character, the end user's.

    Documents are compared where their regulation or the name of their field says so; an address with the
    name it comes nearest to, the business's or the person's.
    """
    said = []
    for document in draft.documents:
        accepted = (need.accepts(document.type) for need in draft.needs)
        fields = [one for found in accepted if found for one in found.fields]
        equals = {one.name: one.equals for one in fields if one.equals and one.kind != "addresses"}
        said.append(Said(str(document), document.pk, document.values, equals))
    return [*lint(draft.end_user_values, said), *_addresses(draft)]


def _addresses(draft: Draft) -> list[Finding]:
    names = holder_names(draft.end_user_values)
    found = []
    for sid in dict.fromkeys(sid for document in draft.documents for sid in document.address_sids):
        address = draft.addresses.get(sid)
        if address is None or not names or address.customer_name in names:
            continue
        nearest = min(names, key=lambda name: len(_segments(name, address.customer_name)))
        if told := difference(nearest, address.customer_name):
            found.append(Finding(f"Address {address}", sid, "customer_name", "name", told))
    return found


def _segments(expected: str, found: str) -> list[object]:
    told = difference(expected, found)
    return [segment for segment in told.segments if segment.side != "same"] if told else []
