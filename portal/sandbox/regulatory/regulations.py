"""Regulations and the types of end users and documents (doc pages 32, 33, 35): the same for every account."""

from typing import Any

import msgspec

from portal.sandbox.call import NUMBERS, Call, Handler, Route
from portal.sandbox.errors import refusal
from portal.sandbox.lists import Show, equals, list_resources
from portal.sandbox.regulatory import requirements as needs
from portal.sandbox.regulatory.attributes import find_type
from portal.sandbox.regulatory.resources import (
    END_USER_TYPES,
    NUMBER_TYPES,
    PATH,
    EndUserType,
    Regulation,
    SupportingDocumentType,
    normal_type,
)
from portal.sandbox.store import Store
from portal.sandbox.wire import Answer, ok


def list_regulations(call: Call) -> Answer:
    """Those in force, by country, number type (22213) and end-user type (22212)."""
    people = call.query.get("EndUserType", "")
    if people and people not in END_USER_TYPES:
        raise refusal(22212)
    number_type = normal_type(call.query.get("NumberType", ""))
    if number_type and number_type not in NUMBER_TYPES:
        raise refusal(22213)
    conditions, parameters = equals(
        {
            "retired": 0,
            "iso_country": call.query.get("IsoCountry", "").upper() or None,
            "number_type": number_type or None,
            "end_user_type": people or None,
        }
    )
    return list_resources(
        call, Regulation, account="", conditions=conditions, parameters=parameters, show=_show(call)
    )


def fetch_regulation(call: Call) -> Answer:
    """A regulation by its sid, one that has been retired as well."""
    regulation = call.store.find(Regulation, call.params["Sid"])
    if regulation is None:
        raise call.absent()
    return ok(_show(call)(msgspec.to_builtins(regulation)))


def _show(call: Call) -> Show:
    with_constraints = call.flag("IncludeConstraints", call.query)

    def show(body: dict[str, Any]) -> dict[str, Any]:
        answer = Regulation.show(body)
        return answer if with_constraints else needs.without_constraints(answer)

    return show


def find_regulation(store: Store, country: str, number_type: str, end_user_type: str) -> Regulation | None:
    """The one in force for a country, a number type and an end-user type."""
    body = store.value(
        "SELECT body FROM document WHERE kind = 'regulation' AND account = ''"
        " AND json_extract(body, '$.iso_country') = ? AND json_extract(body, '$.number_type') = ?"
        " AND json_extract(body, '$.end_user_type') = ? AND json_extract(body, '$.retired') = 0",
        (country, number_type, end_user_type),
    )
    return msgspec.json.decode(body, type=Regulation) if body is not None else None


def _types(kind: type[EndUserType], key: str) -> tuple[Handler, Handler]:
    def list_types(call: Call) -> Answer:
        return list_resources(call, kind, account="", key=key)

    def fetch_type(call: Call) -> Answer:
        found = find_type(call.store, kind, call.params["Sid"])
        if found is None:
            raise call.absent()
        return ok(found.shown())

    return list_types, fetch_type


_list_end_user_types, _fetch_end_user_type = _types(EndUserType, "end_user_types")
_list_document_types, _fetch_document_type = _types(SupportingDocumentType, "supporting_document_types")

ROUTES = (
    Route("GET", NUMBERS, PATH + "/Regulations", list_regulations),
    Route("GET", NUMBERS, PATH + "/Regulations/{Sid}", fetch_regulation),
    Route("GET", NUMBERS, PATH + "/EndUserTypes", _list_end_user_types),
    Route("GET", NUMBERS, PATH + "/EndUserTypes/{Sid}", _fetch_end_user_type),
    Route("GET", NUMBERS, PATH + "/SupportingDocumentTypes", _list_document_types),
    Route("GET", NUMBERS, PATH + "/SupportingDocumentTypes/{Sid}", _fetch_document_type),
)
