"""What Twilio looks at before it gives a bundle the items of its copy: errors 22224 to 22229 (page 39).

Looked at beforehand, so that nobody presses a button that is refused. Of what cannot be told from here it is
said so; Twilio is asked then.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from compliance.labels import BUNDLE_STATES
from compliance.models import Bundle, ItemAssignment, SupportingDocument
from inventory.models import Address
from portal.labels import Label, label_for

Verdict = Literal["ok", "bad", "unsure"]
_HAS_ITEMS = "The copy has an end user and documents"
_LABELS = {"ok": Label("Yes", "ok"), "bad": Label("No", "bad"), "unsure": Label("Not known", "wait")}


@dataclass(frozen=True, slots=True)
class Check:
    """One condition: the code Twilio refuses with, what is asked, and what was found.

    Without a code it is a condition of ours.
    """

    code: int | None
    title: str
    verdict: Verdict
    words: str
    addresses: Sequence[Address] = ()  # those that the words are about

    @property
    def label(self) -> Label:
        return _LABELS[self.verdict]


@dataclass(frozen=True, slots=True)
class Papers:
    """How many items a bundle has, which addresses they cite, and how many documents nobody has read."""

    items: int
    addresses: frozenset[str]
    unread: int


def preflight(original: Bundle, copy: Bundle, *, changed_at: datetime | None) -> list[Check]:
    """All conditions, in the order of their codes. In three queries.

    `changed_at` is when the regulation was last seen to change.
    """
    papers = papers_of([original.pk, copy.pk])
    before, after = papers[original.pk], papers[copy.pk]
    missing = before.addresses - after.addresses
    addresses = list(Address.objects.filter(pk__in=missing))
    return [
        _status("The bundle is approved", original),
        _status("The copy is approved", copy),
        _parent(original, copy),
        _presence(copy),
        _identity(original, copy),
        _regulation(copy, changed_at),
        _addresses(before, after, addresses, missing),
        _contents(after),
    ]


def is_clear(checks: Collection[Check]) -> bool:
    """Whether nothing is known to stand against it."""
    return all(check.verdict != "bad" for check in checks)


def papers_of(bundle_sids: list[str]) -> dict[str, Papers]:
    rows = ItemAssignment.objects.present().filter(bundle__in=bundle_sids)
    held: dict[str, set[str]] = {sid: set() for sid in bundle_sids}
    for bundle_sid, object_sid in rows.order_by().values_list("bundle_id", "object_sid"):
        held[bundle_sid].add(object_sid)
    every = set().union(*held.values())
    cited = dict(SupportingDocument.objects.filter(pk__in=every).values_list("pk", "address_sids"))
    return {
        sid: Papers(
            len(items),
            frozenset(address for one in items for address in cited.get(one, ())),
            sum(one.startswith("RD") and one not in cited for one in items),
        )
        for sid, items in held.items()
    }


def is_used_up(checks: Collection[Check]) -> bool:
    """Whether the copy has nothing to give: its items went to the bundle in an earlier update."""
    return any(check.title == _HAS_ITEMS and check.verdict == "bad" for check in checks)


def _status(title: str, bundle: Bundle) -> Check:
    state = label_for(BUNDLE_STATES, bundle.status).word
    return Check(22224, title, "ok" if bundle.is_approved else "bad", f"Its status is {state}.")


def _parent(original: Bundle, copy: Bundle) -> Check:
    is_copy = copy.copy_of == original.pk
    words = "Twilio lists it among the copies of the bundle." if is_copy else "Twilio does not call it one."
    return Check(22224, "The copy is a copy of this bundle", "ok" if is_copy else "bad", words)


def _presence(copy: Bundle) -> Check:
    is_there = copy.missing_since is None
    words = "It is there." if is_there else "It was deleted."
    return Check(22225, "Twilio has the copy", "ok" if is_there else "bad", words)


def _identity(original: Bundle, copy: Bundle) -> Check:
    is_other = original.pk != copy.pk
    words = "They are two." if is_other else "A bundle cannot replace its own items."
    return Check(22226, "The copy is another bundle than this", "ok" if is_other else "bad", words)


def _regulation(copy: Bundle, changed_at: datetime | None) -> Check:
    title = "The copy was approved under the regulation in force"
    regulation = copy.regulation
    if regulation is None:
        return Check(22228, title, "unsure", "The regulation of the copy has not been read yet.")
    if regulation.missing_since is not None:
        return Check(
            22228, title, "bad",
            "Another version of the regulation is in force. Delete the copy and start the update again; if "
            "Twilio still refuses, its support has to put the bundle right.",
        )  # fmt: skip
    if changed_at and copy.status_since and changed_at > copy.status_since:
        return Check(
            22228, title, "unsure",
            "The regulation was seen to change after the copy was approved. Twilio says whether the copy "
            "still does when you replace the items.",
        )  # fmt: skip
    return Check(22228, title, "ok", "No change has been seen since.")


def _contents(after: Papers) -> Check:
    if after.items:
        return Check(None, _HAS_ITEMS, "ok", "They are what the bundle is given.")
    return Check(
        None,
        _HAS_ITEMS,
        "bad",
        "It has none: an earlier update used it up. Delete it, and start the update again.",
    )


def _addresses(
    before: Papers, after: Papers, addresses: Sequence[Address], missing: Collection[str]
) -> Check:
    title = "The copy has the addresses of the bundle"
    if before.unread or after.unread:
        count = before.unread + after.unread
        are = "A document has" if count == 1 else f"{count} documents have"
        return Check(22229, title, "unsure", f"{are} not been read yet. Read from Twilio now to know.")
    if missing:
        words = (
            "The bundle's documents cite an address that the copy's do not. An address of an approved bundle "
            "cannot be exchanged: give the copy a document with the same address, or make a new bundle."
        )
        return Check(22229, title, "bad", words, addresses)
    if not before.addresses:
        return Check(22229, title, "ok", "The bundle cites none.")
    return Check(22229, title, "ok", "They are the same.")
