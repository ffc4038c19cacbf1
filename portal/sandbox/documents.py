"""What the handlers of the small resources share: a list with exact filters, and a fetch."""

from collections.abc import Mapping
from typing import TypeVar

from portal.sandbox import paging
from portal.sandbox.call import Call
from portal.sandbox.resources import AccountResource
from portal.sandbox.wire import Answer

R = TypeVar("R", bound=AccountResource)


def list_documents(call: Call, kind: type[R], key: str, filters: Mapping[str, object]) -> Answer:
    """A page of the account's resources whose properties equal the filters that are not None."""
    window = paging.read_window(call.request.query, lambda sid: call.store.position("document", sid))
    sql = "SELECT position, sid, CAST(body AS BLOB) FROM document WHERE kind = ? AND account = ?"
    parameters: list[object] = [kind.KIND, call.account.sid]
    for name, value in filters.items():
        if value is not None:
            sql += " AND json_extract(body, ?) = ?"
            parameters += [f"$.{name}", value]
    end, bounds = window.clause()
    page = paging.cut_page(window, call.store.rows(sql + end, [*parameters, *bounds]))
    return paging.v2010_list(call.request, key, page)


def fetch_document(call: Call, kind: type[R], sid: str | None = None) -> R:
    """The account's resource whose sid stands in the path, or 404 20404."""
    found = call.store.find(kind, sid or call.params["Sid"], call.account.sid)
    if found is None:
        raise call.absent()
    return found
