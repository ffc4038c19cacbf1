"""`Attributes`: JSON text in a form, of fields that the type knows."""

from typing import Any

import msgspec

from portal.sandbox.call import Call
from portal.sandbox.errors import refusal
from portal.sandbox.regulatory.resources import EndUserType
from portal.sandbox.store import Store
from portal.sandbox.wire import decode


def read_attributes(call: Call, kind: type[EndUserType], type_name: str) -> dict[str, Any] | None:
    """The attributes of a request, None if it has none: they replace the old ones as a whole (inferred).

    Not JSON: 22207. Fields that the type does not have: 70002, in words that users report.
    """
    if "Attributes" not in call.form:
        return None
    try:
        attributes = decode(call.form["Attributes"].encode() or b"{}")
    except msgspec.DecodeError:
        raise refusal(22207) from None
    if not isinstance(attributes, dict):
        raise refusal(22207)
    known = {field["machine_name"] for field in fields_of(call.store, kind, type_name)}
    unknown = sorted(set(attributes) - known)
    if unknown:
        raise refusal(70002, f"Attribute(s) ({', '.join(unknown)}) not mapped to object ({type_name})")
    return attributes


def fields_of(store: Store, kind: type[EndUserType], type_name: str) -> list[dict[str, Any]]:
    found = find_type(store, kind, type_name)
    return found.fields if found else []


def find_type(store: Store, kind: type[EndUserType], type_name: str) -> EndUserType | None:
    """A type by its machine name or its sid."""
    body = store.value(
        "SELECT body FROM document WHERE kind = ? AND account = ''"
        " AND (sid = ? OR json_extract(body, '$.machine_name') = ?)",
        (kind.KIND, type_name, type_name),
    )
    return msgspec.json.decode(body, type=kind) if body is not None else None
