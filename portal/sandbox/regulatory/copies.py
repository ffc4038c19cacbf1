"""Copies, replaced items and clones of bundles (doc pages 28, 38, 39; Clones from the specification)."""

import msgspec

from portal.sandbox.call import NUMBERS, Call, Route
from portal.sandbox.errors import refusal
from portal.sandbox.lists import list_resources, required, to_fields
from portal.sandbox.regulatory.below import fetch_bundle
from portal.sandbox.regulatory.bundles import MAX_NAME, remove_items
from portal.sandbox.regulatory.items import assign, items_of
from portal.sandbox.regulatory.resources import (
    APPROVED,
    BASE,
    DRAFT,
    PATH,
    Bundle,
    ItemAssignment,
    Regulation,
    SupportingDocument,
)
from portal.sandbox.resources import Account, Address, make_sid
from portal.sandbox.settings import read_name
from portal.sandbox.store import Store
from portal.sandbox.wire import Answer, created

BUNDLE = PATH + "/Bundles/{BundleSid}"


def list_copies(call: Call) -> Answer:
    bundle = fetch_bundle(call)
    return list_resources(
        call, Bundle, conditions=" AND parent = ?", parameters=(bundle.sid,), show=Bundle.show_copy
    )


def create_copy(call: Call) -> Answer:
    """A draft with copies of all items.

    Of an approved bundle with a valid_until only (22223), whose addresses still exist (22230). The copy
    keeps the valid_until, for it is to be approved until then (page 29).
    """
    bundle = fetch_bundle(call)
    if bundle.status != APPROVED or not bundle.valid_until:
        raise refusal(22223)
    _check_addresses(call.store, bundle)
    copy = msgspec.structs.replace(
        bundle,
        sid=call.new_sid("BU"),
        friendly_name=_name(call, bundle),
        status=DRAFT,
        parent_sid=bundle.sid,
        approved_version=0,
        failure_reason="",
        date_created=call.moment,
        date_updated=call.moment,
    )
    call.store.add(copy)
    _copy_items(call.store, bundle, copy, call.moment)
    return created(Bundle.show_copy(to_fields(copy)))


def replace_items(call: Call) -> Answer:
    """Give a bundle the items of its approved copy; the copy has none afterwards, the bundle no valid_until.

    22226 for itself, 22225 for no bundle, 22224 unless both are approved and one is the other's copy,
    22228 if the copy was approved under an older regulation, 22229 if it lacks an address of the bundle.
    """
    bundle = fetch_bundle(call)
    required(call, "FromBundleSid")
    sid = call.form["FromBundleSid"]
    if sid == bundle.sid:
        raise refusal(22226)
    copy = call.store.find(Bundle, sid, call.account.sid)
    if copy is None:
        raise refusal(22225)
    if (bundle.status, copy.status, copy.parent_sid) != (APPROVED, APPROVED, bundle.sid):
        raise refusal(22224)
    regulation = call.store.find(Regulation, copy.regulation_sid)
    if regulation is None or regulation.retired or regulation.version != copy.approved_version:
        raise refusal(22228)
    if not _cited(call.store, bundle) <= _cited(call.store, copy):
        raise refusal(22229)
    remove_items(call.store, bundle)
    for item in call.store.below(ItemAssignment, copy.sid):
        assign(call.store, bundle, item.object_sid, call.moment)
    remove_items(call.store, copy)
    bundle.regulation_sid, bundle.approved_version = copy.regulation_sid, copy.approved_version
    bundle.valid_until = None
    bundle.touch(call.now)
    call.store.save(bundle)
    return created(Bundle.show_copy(to_fields(bundle)))


def clone_bundle(call: Call) -> Answer:
    """The bundle with copies of its items and addresses in another account of the family (else 20404).

    A draft if `MoveToDraft` says so, else approved, as only an approved bundle can make it (22223, inferred).
    """
    bundle = fetch_bundle(call)
    required(call, "TargetAccountSid")
    target = call.store.find(Account, call.form["TargetAccountSid"])
    if target is None or target.owner_account_sid != call.account.owner_account_sid:
        raise call.absent()
    to_draft = call.flag("MoveToDraft", call.form) is True
    if not to_draft and bundle.status != APPROVED:
        raise refusal(22223)
    _check_addresses(call.store, bundle)
    clone = msgspec.structs.replace(
        bundle,
        sid=call.new_sid("BU"),
        account_sid=target.sid,
        friendly_name=_name(call, bundle),
        status=DRAFT if to_draft else APPROVED,
        parent_sid=None,
        failure_reason="",
        approved_version=0 if to_draft else bundle.approved_version,
        date_created=call.moment,
        date_updated=call.moment,
    )
    call.store.add(clone)
    _copy_items(call.store, bundle, clone, call.moment)
    answer = Bundle.show_copy(to_fields(clone))
    sid = answer.pop("sid")
    return created({"bundle_sid": sid, **answer, "url": f"{BASE}/Bundles/{sid}/Clones"})


def _name(call: Call, bundle: Bundle) -> str:
    return read_name(call.form.get("FriendlyName", ""), MAX_NAME) or bundle.friendly_name


def _check_addresses(store: Store, bundle: Bundle) -> None:
    items = items_of(store, bundle)
    if any(sid not in items.addresses for one in items.documents for sid in one.address_sids()):
        raise refusal(22230)


def _cited(store: Store, bundle: Bundle) -> set[str]:
    return {sid for document in items_of(store, bundle).documents for sid in document.address_sids()}


def _copy_items(store: Store, source: Bundle, target: Bundle, moment: str) -> None:
    """New instances of all items, drafts unless the target is approved; elsewhere of the addresses too."""
    items = items_of(store, source)
    addresses = {sid: _own_address(store, address, target) for sid, address in items.addresses.items()}
    own = {"account_sid": target.account_sid, "date_created": moment, "date_updated": moment}
    for end_user in items.end_users:
        twin = msgspec.structs.replace(end_user, sid=store.new_sid("IT"), **own)
        store.add(twin)
        assign(store, target, twin.sid, moment)
    for document in items.documents:
        paper = msgspec.structs.replace(document, sid=store.new_sid("RD"), **own)
        paper.attributes = _with_addresses(document, addresses)
        if target.status == DRAFT:
            paper.status, paper.failure_reason, paper.errors = DRAFT, None, None
        store.add(paper)
        store.db.execute(
            "INSERT INTO file SELECT ?, name, type, content FROM file WHERE sid = ?",
            (paper.sid, document.sid),
        )
        assign(store, target, paper.sid, moment)


def _own_address(store: Store, address: Address, target: Bundle) -> str:
    """The address, or in another account the one that was made from it."""
    if address.account_sid == target.account_sid:
        return address.sid
    sid = make_sid("AD", f"clone:{address.sid}:{target.account_sid}")
    if store.find(Address, sid) is None:
        store.add(msgspec.structs.replace(address, sid=sid, account_sid=target.account_sid, uri=""))
    return sid


def _with_addresses(document: SupportingDocument, addresses: dict[str, str]) -> dict[str, object]:
    if "address_sids" not in document.attributes:
        return document.attributes
    return {**document.attributes, "address_sids": [addresses[sid] for sid in document.address_sids()]}


ROUTES = (
    Route("GET", NUMBERS, BUNDLE + "/Copies", list_copies),
    Route("POST", NUMBERS, BUNDLE + "/Copies", create_copy),
    Route("POST", NUMBERS, BUNDLE + "/ReplaceItems", replace_items),
    Route("POST", NUMBERS, BUNDLE + "/Clones", clone_bundle),
)
