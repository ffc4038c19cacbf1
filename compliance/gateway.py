"""Compliance's calls to Twilio: credentials and plain values in, snapshots and pages out.

RegulatoryCompliance of numbers.twilio.com/v2, pages 30 to 39 of the documentation. That host knows the
account by its credentials alone: a subaccount's bundles need the subaccount's own. Nothing that creates is
idempotent here, so a create whose answer was lost is looked for before it is sent again.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from portal.twilio.bodies import UNREADABLE, read_object
from portal.twilio.client import connect, remote_call
from portal.twilio.login import Login
from portal.twilio.pages import Page, iter_pages
from portal.twilio.patience import IN_A_REQUEST, IN_A_TASK, Patience
from portal.twilio.snapshots import Snapshot, read_created, read_snapshot

_API = "https://numbers.twilio.com/v2/RegulatoryCompliance"


def _regulatory(login: Login) -> Any:
    return connect(login).numbers.v2.regulatory_compliance


def iter_regulation_pages(login: Login) -> Iterator[Page]:
    """Every regulation in force, with its constraints (page 32)."""
    params = {"IncludeConstraints": "true"}
    return iter_pages(connect(login), "regulation.list", f"{_API}/Regulations", "results", params=params)


def fetch_regulation(login: Login, sid: str, *, patience: Patience = IN_A_TASK) -> Snapshot:
    with remote_call("regulation.fetch", patience=patience) as call:
        _regulatory(login).regulations(sid).fetch(include_constraints=True)
        return read_snapshot(call, sid)


def iter_end_user_type_pages(login: Login) -> Iterator[Page]:
    return iter_pages(connect(login), "end_user_type.list", f"{_API}/EndUserTypes", "end_user_types")


def fetch_end_user_type(login: Login, sid: str) -> Snapshot:
    with remote_call("end_user_type.fetch", patience=IN_A_TASK) as call:
        _regulatory(login).end_user_types(sid).fetch()
        return read_snapshot(call, sid)


def iter_document_type_pages(login: Login) -> Iterator[Page]:
    url, key = f"{_API}/SupportingDocumentTypes", "supporting_document_types"
    return iter_pages(connect(login), "document_type.list", url, key)


def fetch_document_type(login: Login, sid: str) -> Snapshot:
    with remote_call("document_type.fetch", patience=IN_A_TASK) as call:
        _regulatory(login).supporting_document_types(sid).fetch()
        return read_snapshot(call, sid)


def iter_bundle_pages(login: Login, **filters: str) -> Iterator[Page]:
    """Bundles, newest first; `filters` are the query parameters of page 31."""
    return iter_pages(connect(login), "bundle.list", f"{_API}/Bundles", "results", params=filters)


def fetch_bundles(login: Login, **filters: str) -> Iterator[Snapshot]:
    """The same one by one."""
    return _snapshots(iter_bundle_pages(login, **filters))


def fetch_bundle(login: Login, sid: str, *, patience: Patience = IN_A_REQUEST) -> Snapshot:
    with remote_call("bundle.fetch", patience=patience) as call:
        _regulatory(login).bundles(sid).fetch()
        return read_snapshot(call, sid)


def create_bundle(login: Login, values: Mapping[str, Any]) -> Snapshot:
    """A draft. `values` are the SDK's names; 22201: there is no such regulation, 22202: it is not named."""
    with remote_call("bundle.create", writes=True) as call:
        _regulatory(login).bundles.create(**values)
        return read_created(call, "BU")


def update_bundle(
    login: Login, sid: str, values: Mapping[str, Any], *, patience: Patience = IN_A_REQUEST
) -> Snapshot:
    """Properties or the status, never both in one call (22204)."""
    with remote_call("bundle.update", writes=True, patience=patience) as call:
        _regulatory(login).bundles(sid).update(**values)
        return read_snapshot(call, sid)


def delete_bundle(login: Login, sid: str) -> str:
    """Delete it for good; returns the id of the request. 21647: under review, 21648: numbers use it."""
    with remote_call("bundle.delete", writes=True) as call:
        _regulatory(login).bundles(sid).delete()
        return call.request_id


def iter_item_pages(login: Login, bundle_sid: str, *, patience: Patience = IN_A_TASK) -> Iterator[Page]:
    url = f"{_API}/Bundles/{bundle_sid}/ItemAssignments"
    return iter_pages(connect(login), "item.list", url, "results", patience=patience)


def fetch_items(login: Login, bundle_sid: str, *, patience: Patience = IN_A_REQUEST) -> list[Snapshot]:
    """All items of one bundle."""
    return list(_snapshots(iter_item_pages(login, bundle_sid, patience=patience)))


def create_item(login: Login, bundle_sid: str, object_sid: str) -> Snapshot:
    """Assign an end user or a document (page 36); 22205: not of this account, 22206: neither."""
    with remote_call("item.create", writes=True) as call:
        _regulatory(login).bundles(bundle_sid).item_assignments.create(object_sid=object_sid)
        return read_created(call, "BV")


def delete_item(login: Login, bundle_sid: str, sid: str) -> str:
    """Take an item out of a bundle; returns the id of the request."""
    with remote_call("item.delete", writes=True) as call:
        _regulatory(login).bundles(bundle_sid).item_assignments(sid).delete()
        return call.request_id


def iter_evaluation_pages(login: Login, bundle_sid: str, *, patience: Patience = IN_A_TASK) -> Iterator[Page]:
    url = f"{_API}/Bundles/{bundle_sid}/Evaluations"
    return iter_pages(connect(login), "evaluation.list", url, "results", patience=patience)


def fetch_evaluations(login: Login, bundle_sid: str, *, patience: Patience = IN_A_REQUEST) -> list[Snapshot]:
    """All evaluations of one bundle."""
    return list(_snapshots(iter_evaluation_pages(login, bundle_sid, patience=patience)))


def create_evaluation(login: Login, bundle_sid: str, *, patience: Patience = IN_A_REQUEST) -> Snapshot:
    """Have a bundle checked against its regulation; done twice it is two entries in its history (page 37)."""
    with remote_call("evaluation.create", writes=True, patience=patience) as call:
        _regulatory(login).bundles(bundle_sid).evaluations.create()
        return read_created(call, "EL")


def iter_end_user_pages(login: Login, *, patience: Patience = IN_A_TASK) -> Iterator[Page]:
    return iter_pages(connect(login), "end_user.list", f"{_API}/EndUsers", "results", patience=patience)


def fetch_end_users(login: Login) -> Iterator[Snapshot]:
    """The same one by one."""
    return _snapshots(iter_end_user_pages(login))


def fetch_end_user(login: Login, sid: str, *, patience: Patience = IN_A_REQUEST) -> Snapshot:
    with remote_call("end_user.fetch", patience=patience) as call:
        _regulatory(login).end_users(sid).fetch()
        return read_snapshot(call, sid)


def create_end_user(
    login: Login, *, friendly_name: str, type: str, attributes: Mapping[str, Any]
) -> Snapshot:
    with remote_call("end_user.create", writes=True) as call:
        _regulatory(login).end_users.create(
            friendly_name=friendly_name, type=type, attributes=dict(attributes)
        )
        return read_created(call, "IT")


def update_end_user(login: Login, sid: str, values: Mapping[str, Any]) -> Snapshot:
    """`friendly_name` and `attributes`; the attributes that are sent replace all there are (page 34)."""
    with remote_call("end_user.update", writes=True) as call:
        _regulatory(login).end_users(sid).update(**values)
        return read_snapshot(call, sid)


def delete_end_user(login: Login, sid: str) -> str:
    """21644 while it is assigned to a bundle. Returns the id of the request."""
    with remote_call("end_user.delete", writes=True) as call:
        _regulatory(login).end_users(sid).delete()
        return call.request_id


def iter_document_pages(login: Login, *, patience: Patience = IN_A_TASK) -> Iterator[Page]:
    url = f"{_API}/SupportingDocuments"
    return iter_pages(connect(login), "document.list", url, "results", patience=patience)


def fetch_documents(login: Login) -> Iterator[Snapshot]:
    """The same one by one."""
    return _snapshots(iter_document_pages(login))


def fetch_document(login: Login, sid: str, *, patience: Patience = IN_A_REQUEST) -> Snapshot:
    with remote_call("document.fetch", patience=patience) as call:
        _regulatory(login).supporting_documents(sid).fetch()
        return read_snapshot(call, sid)


def create_document(
    login: Login, *, friendly_name: str, type: str, attributes: Mapping[str, Any]
) -> Snapshot:
    """A document that is data alone, such as an address; one with a file goes to the upload host."""
    with remote_call("document.create", writes=True) as call:
        _regulatory(login).supporting_documents.create(
            friendly_name=friendly_name, type=type, attributes=dict(attributes)
        )
        return read_created(call, "RD")


def update_document(login: Login, sid: str, values: Mapping[str, Any]) -> Snapshot:
    """`friendly_name` and `attributes`; a status goes alone (22208)."""
    with remote_call("document.update", writes=True) as call:
        _regulatory(login).supporting_documents(sid).update(**values)
        return read_snapshot(call, sid)


def delete_document(login: Login, sid: str) -> str:
    """21645 while it is assigned, 21646 while it waits for its review. Returns the id of the request."""
    with remote_call("document.delete", writes=True) as call:
        _regulatory(login).supporting_documents(sid).delete()
        return call.request_id


def iter_copy_pages(login: Login, bundle_sid: str, *, patience: Patience = IN_A_TASK) -> Iterator[Page]:
    """Copies of a bundle, in the shape of page 38: a bundle without its links."""
    url = f"{_API}/Bundles/{bundle_sid}/Copies"
    return iter_pages(connect(login), "copy.list", url, "results", patience=patience)


def fetch_copies(login: Login, bundle_sid: str, *, patience: Patience = IN_A_REQUEST) -> list[Snapshot]:
    """All copies of one bundle, to be recognised and not to be copied in: they lack what a bundle has."""
    return list(_snapshots(iter_copy_pages(login, bundle_sid, patience=patience)))


def create_copy(login: Login, bundle_sid: str, *, friendly_name: str) -> Snapshot:
    """A draft with copies of the items (page 38); 22223: not approved or without a valid_until."""
    with remote_call("copy.create", writes=True) as call:
        _regulatory(login).bundles(bundle_sid).bundle_copies.create(friendly_name=friendly_name)
        return read_created(call, "BU")


def replace_items(login: Login, bundle_sid: str, from_bundle_sid: str) -> str:
    """Give a bundle the items of its approved copy (page 39), 22224 to 22229. Returns the id of the request.

    The answer is the bundle in another shape than a fetch has, so whoever wants it fetches it.
    """
    with remote_call("bundle.replace_items", writes=True) as call:
        _regulatory(login).bundles(bundle_sid).replace_items.create(from_bundle_sid=from_bundle_sid)
        return call.request_id


def _snapshots(pages: Iterator[Page]) -> Iterator[Snapshot]:
    """The records of a list; what cannot be read is left out, as the mirror does."""
    for page in pages:
        for record in page.records:
            with suppress(*UNREADABLE):
                payload, body = read_object(record)
                yield Snapshot(str(payload["sid"]), body, page.requested_at, page.effort.request_id)
