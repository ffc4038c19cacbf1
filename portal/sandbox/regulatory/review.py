"""Twilio's side of a bundle: picking it up, approving, rejecting, letting it expire.

Draft or rejected bundles are submitted by their owner (`bundles`); from then on everything happens here, by
the agenda or by hand. Every change of status but the one to in-review posts the status callback (page 31).
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import msgspec

from portal.sandbox.clock import iso8601, seconds_of
from portal.sandbox.postal import POST_OFFICE_BOX
from portal.sandbox.regulatory import requirements as needs
from portal.sandbox.regulatory.callbacks import enqueue
from portal.sandbox.regulatory.evaluation import Items
from portal.sandbox.regulatory.items import items_of
from portal.sandbox.regulatory.reasons import EXPIRED_REGULATION, REASONS, TEST_BUNDLE
from portal.sandbox.regulatory.resources import (
    APPROVED,
    DRAFT,
    IN_REVIEW,
    PENDING,
    PROVISIONAL,
    REJECTED,
    Bundle,
    Regulation,
    SupportingDocument,
)
from portal.sandbox.store import Store

DOCUMENT_STATUS = {APPROVED: "approved", PROVISIONAL: "provisionally-approved"}
PHOTO_IDS = ("government_issued_document", "passport", "national_id_card")


class ReviewSettings(msgspec.Struct, forbid_unknown_fields=True):
    """How reviews go on by themselves: seconds until one is picked up, and from then until it is decided."""

    automatic: bool = True
    pick_up: int = 60
    decide: int = 240


def read_settings(store: Store) -> ReviewSettings:
    kept = store.value("SELECT value FROM meta WHERE key = 'reviews'")
    return msgspec.json.decode(kept, type=ReviewSettings) if kept is not None else ReviewSettings()


def submit(store: Store, bundle: Bundle, now: int) -> None:
    """Move a bundle to pending-review, its documents with it."""
    bundle.failure_reason = ""
    for document in items_of(store, bundle).documents:
        if document.status in (DRAFT, "rejected", "expired"):
            document.status, document.failure_reason, document.errors = PENDING, None, None
            document.touch(now)
            store.save(document)
    set_status(store, bundle, PENDING, now)
    settings = read_settings(store)
    if settings.automatic:
        store.schedule(now + settings.pick_up, "pick_up_bundle", bundle.sid, bundle.date_updated)


def pick_up(store: Store, bundle: Bundle, now: int) -> None:
    set_status(store, bundle, IN_REVIEW, now)
    settings = read_settings(store)
    if settings.automatic:
        store.schedule(now + settings.decide, "decide_bundle", bundle.sid, bundle.date_updated)


def approve(store: Store, bundle: Bundle, now: int, status: str = APPROVED) -> None:
    """Approve a bundle and its documents; the addresses they cite are verified, and stay so (21630)."""
    items = items_of(store, bundle)
    for document in items.documents:
        if document.status != DOCUMENT_STATUS[status]:
            document.status, document.failure_reason, document.errors = DOCUMENT_STATUS[status], None, None
            document.touch(now)
            store.save(document)
    for address in items.addresses.values():
        if not address.verified:
            address.verified = True
            store.save(address)
    regulation = store.find(Regulation, bundle.regulation_sid)
    bundle.approved_version = regulation.version if regulation else 0
    bundle.failure_reason, bundle.valid_until = "", None
    set_status(store, bundle, status, now)


def reject(
    store: Store, bundle: Bundle, now: int, code: int, reason: str = "", documents: Collection[str] = ()
) -> None:
    """Reject a bundle for a code. It is held against the documents named, or the first one if none is."""
    text = reason or REASONS[code]
    found = items_of(store, bundle).documents
    blamed = set(documents) or {document.sid for document in found[:1]}
    for document in found:
        if document.sid in blamed:
            document.status, document.failure_reason, document.errors = "rejected", text, [{"code": code}]
        elif document.status == PENDING:
            document.status, document.failure_reason, document.errors = "approved", None, None
        else:
            continue
        document.touch(now)
        store.save(document)
    bundle.failure_reason, bundle.valid_until = text, None
    set_status(store, bundle, REJECTED, now)


def set_valid_until(store: Store, bundle: Bundle, now: int, moment: str | None) -> None:
    """Let an approved bundle end, or not: the status stays, and the callback tells of the date."""
    bundle.valid_until = iso8601(seconds_of(moment)) if moment else None
    bundle.touch(now)
    store.save(bundle)
    if bundle.valid_until:
        store.schedule(seconds_of(bundle.valid_until), "expire_bundle", bundle.sid, bundle.valid_until)
    enqueue(store, bundle, now)


def set_status(store: Store, bundle: Bundle, status: str, now: int) -> None:
    """Write a status, and post it unless it is in-review."""
    bundle.status = status
    bundle.touch(now)
    store.save(bundle)
    if status != IN_REVIEW:
        enqueue(store, bundle, now)


def decide(store: Store, bundle: Bundle, now: int) -> None:
    """What the reviewers find: nothing, or the first fault there is."""
    fault = find_fault(store, bundle, now)
    if fault is None:
        approve(store, bundle, now)
    else:
        reject(store, bundle, now, fault[0], documents=fault[1])


def find_fault(store: Store, bundle: Bundle, now: int) -> tuple[int, list[str]] | None:
    """The code a bundle is rejected for and the documents at fault.

    A test bundle (18099), a document without the file it needs (18059, 18060), one past its own
    expiration_date (18003), a proof of address issued too long ago (18022), a post office box (18018).
    """
    if bundle.is_test:
        return TEST_BUNDLE, []
    regulation = store.find(Regulation, bundle.regulation_sid)
    items = items_of(store, bundle)
    today = datetime.fromtimestamp(now, UTC)
    for document in items.documents:
        rules = _rules(regulation, document)
        if needs.constraint(rules, "file") and not document.mime_type:
            return (18059 if document.type in PHOTO_IDS else 18060), [document.sid]
        expires = _date(document, "expiration_date")
        if expires and expires < today:
            return 18003, [document.sid]
        age, issued = needs.constraint(rules, "max_age_months"), _date(document, "issue_date")
        if age and issued and issued < today - timedelta(days=31 * age["value"]):
            return 18022, [document.sid]
        if _has_box(document, items):
            return 18018, [document.sid]
    return None


def _rules(regulation: Regulation | None, document: SupportingDocument) -> dict[str, object]:
    """All constraints that the regulation puts on documents of this type."""
    found: list[object] = []
    for group in needs.alternatives(regulation.requirements if regulation else {}):
        for wanted in group:
            for accepted in wanted["accepted_documents"]:
                if accepted["type"] == document.type:
                    found += accepted.get("constraints") or []
    return {"constraints": found}


def _date(document: SupportingDocument, name: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(document.attributes.get(name, "")))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _has_box(document: SupportingDocument, items: Items) -> bool:
    cited = (items.addresses.get(sid) for sid in document.address_sids())
    return any(address is not None and POST_OFFICE_BOX.search(address.street) for address in cited)


def _pick_up_due(store: Store, at: int, sid: str, submitted: str) -> None:
    bundle = store.find(Bundle, sid)
    if bundle and (bundle.status, bundle.date_updated) == (PENDING, submitted):
        pick_up(store, bundle, at)


def _decide_due(store: Store, at: int, sid: str, picked_up: str) -> None:
    bundle = store.find(Bundle, sid)
    if bundle and (bundle.status, bundle.date_updated) == (IN_REVIEW, picked_up):
        decide(store, bundle, at)


def _expire_due(store: Store, at: int, sid: str, valid_until: str) -> None:
    """An approved bundle whose time is up is rejected (page 41); its documents are what they were."""
    bundle = store.find(Bundle, sid)
    if bundle and bundle.valid_until == valid_until and bundle.status in DOCUMENT_STATUS:
        bundle.failure_reason = EXPIRED_REGULATION
        set_status(store, bundle, REJECTED, at)


ACTIONS = {"pick_up_bundle": _pick_up_due, "decide_bundle": _decide_due, "expire_bundle": _expire_due}
