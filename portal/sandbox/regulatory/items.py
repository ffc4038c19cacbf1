"""Item assignments (doc page 36), and what the other modules ask about them."""

import re

from portal.sandbox.call import NUMBERS, Call, Route
from portal.sandbox.errors import refusal
from portal.sandbox.lists import list_resources, required
from portal.sandbox.regulatory.below import fetch_bundle
from portal.sandbox.regulatory.evaluation import Items
from portal.sandbox.regulatory.resources import (
    DRAFT,
    PATH,
    REJECTED,
    UNDER_REVIEW,
    Bundle,
    EndUser,
    ItemAssignment,
    SupportingDocument,
)
from portal.sandbox.resources import Address
from portal.sandbox.store import Store
from portal.sandbox.wire import DELETED, Answer, created, ok

ITEMS = PATH + "/Bundles/{BundleSid}/ItemAssignments"
SID = re.compile("[A-Z]{2}[0-9a-f]{32}")
KINDS: dict[str, type[EndUser] | type[SupportingDocument]] = {"IT": EndUser, "RD": SupportingDocument}


def list_items(call: Call) -> Answer:
    bundle = fetch_bundle(call)
    return list_resources(call, ItemAssignment, conditions=" AND parent = ?", parameters=(bundle.sid,))


def create_item(call: Call) -> Answer:
    """Assign an end user or a document of the account (22205); other kinds of objects are refused (22206).

    A second assignment of the same object, or one to a bundle that is neither draft nor rejected, is
    refused with 409 20409 (inferred: page 31 lets drafts be edited, support has rejected ones repaired).
    """
    bundle = fetch_bundle(call)
    required(call, "ObjectSid")
    sid = call.form["ObjectSid"].strip()
    if not SID.fullmatch(sid):
        raise refusal(22205)
    kind = KINDS.get(sid[:2])
    if kind is None:
        raise refusal(22206)
    if call.store.find(kind, sid, call.account.sid) is None:
        raise refusal(22205)
    _check_editable(bundle)
    if any(item.object_sid == sid for item in call.store.below(ItemAssignment, bundle.sid)):
        raise refusal(20409, "The object is already assigned to the Bundle")
    return created(assign(call.store, bundle, sid, call.moment).shown())


def fetch_item(call: Call) -> Answer:
    return ok(_find(call).shown())


def delete_item(call: Call) -> Answer:
    item = _find(call)
    _check_editable(fetch_bundle(call))
    call.store.remove(item)
    return DELETED


def _find(call: Call) -> ItemAssignment:
    item = call.store.find(ItemAssignment, call.params["Sid"], call.account.sid)
    if item is None or item.bundle_sid != fetch_bundle(call).sid:
        raise call.absent()
    return item


def _check_editable(bundle: Bundle) -> None:
    if bundle.status not in (DRAFT, REJECTED):
        raise refusal(20409, f"The items of a Bundle in status {bundle.status} cannot be changed")


def assign(store: Store, bundle: Bundle, object_sid: str, moment: str) -> ItemAssignment:
    item = ItemAssignment(
        sid=store.new_sid("BV"),
        account_sid=bundle.account_sid,
        bundle_sid=bundle.sid,
        object_sid=object_sid,
        date_created=moment,
        date_updated=moment,
    )
    store.add(item)
    return item


def items_of(store: Store, bundle: Bundle) -> Items:
    """What is assigned to a bundle, and the addresses its documents cite."""
    end_users, documents = [], []
    for item in store.below(ItemAssignment, bundle.sid):
        if item.object_sid.startswith("IT"):
            end_user = store.find(EndUser, item.object_sid)
            end_users += [end_user] if end_user else []
        else:
            document = store.find(SupportingDocument, item.object_sid)
            documents += [document] if document else []
    cited = {sid for document in documents for sid in document.address_sids()}
    found = {sid: store.find(Address, sid, bundle.account_sid) for sid in cited}
    return Items(end_users, documents, {sid: address for sid, address in found.items() if address})


def bundles_with(store: Store, object_sid: str) -> list[Bundle]:
    """The bundles an end user or a document is assigned to."""
    rows = store.rows(
        "SELECT parent FROM document"
        " WHERE kind = 'item_assignment' AND json_extract(body, '$.object_sid') = ?",
        (object_sid,),
    )
    found = [store.find(Bundle, sid) for (sid,) in rows]
    return [bundle for bundle in found if bundle]


def check_not_under_review(store: Store, object_sid: str) -> None:
    """Twilio's reviewers look at what was submitted: 409 20409 for a change meanwhile (inferred)."""
    if any(bundle.status in UNDER_REVIEW for bundle in bundles_with(store, object_sid)):
        raise refusal(20409, "The object is assigned to a Bundle that is under review")


ROUTES = (
    Route("GET", NUMBERS, ITEMS, list_items),
    Route("POST", NUMBERS, ITEMS, create_item),
    Route("GET", NUMBERS, ITEMS + "/{Sid}", fetch_item),
    Route("DELETE", NUMBERS, ITEMS + "/{Sid}", delete_item),
)
