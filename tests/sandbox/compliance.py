"""What the tests of RegulatoryCompliance share: bundles that are made over the API, and verdicts on them."""

import json
from dataclasses import dataclass
from typing import Any

from portal.sandbox.regulatory.verdicts import Verdict
from tests.sandbox.conftest import Api

# What a German company shows for a local number, and who a Briton is with a mobile one.
FIRM = "Thornlea Dental"
EMAIL = "compliance@example.com"
CALLBACK = "https://hooks.example.com/bundles"


@dataclass(frozen=True)
class Ready:
    """A draft that lacks nothing."""

    sid: str
    end_user: str
    documents: tuple[str, ...]
    address: str


def make_bundle(api: Api, group: str = "DE local business", **form: Any) -> Any:
    country, number_type, people = group.split()
    return api.regulatory(
        "POST",
        "/Bundles",
        **{
            "FriendlyName": group,
            "Email": EMAIL,
            "IsoCountry": country,
            "NumberType": number_type,
            "EndUserType": people,
            **form,
        },
    ).json


def make_end_user(api: Api, kind: str = "business", **attributes: Any) -> str:
    """An end user; a business is FIRM unless it says otherwise."""
    if kind == "business":
        attributes = {"business_name": FIRM, **attributes}
    made = api.regulatory(
        "POST", "/EndUsers", FriendlyName="Customer", Type=kind, Attributes=json.dumps(attributes)
    )
    return made["sid"]


def make_document(api: Api, kind: str, /, *, content: bytes = b"%PDF-1.7 scan", **attributes: Any) -> str:
    """A document with a file."""
    made = api.upload(
        "/SupportingDocuments", content, FriendlyName=kind, Type=kind, Attributes=json.dumps(attributes)
    )
    return made["sid"]


def make_address(api: Api, country: str = "DE", **form: Any) -> str:
    form = {
        "CustomerName": FIRM,
        "Street": "Musterstraße 12",
        "City": "Berlin",
        "Region": "BE",
        "PostalCode": "10117",
        "IsoCountry": country,
        **form,
    }
    return api.post("/Addresses", **form)["sid"]


def assign(api: Api, bundle: str, *objects: str) -> list[str]:
    items = [api.regulatory("POST", f"/Bundles/{bundle}/ItemAssignments", ObjectSid=sid) for sid in objects]
    return [item["sid"] for item in items]


def ready_bundle(api: Api, **form: Any) -> Ready:
    """A German local bundle with all it takes."""
    bundle, address = make_bundle(api, **form)["sid"], make_address(api)
    end_user = make_end_user(api)
    register = make_document(
        api,
        "commercial_registrar_excerpt",
        business_name=FIRM,
        address_sids=[address],
        issue_date="2026-05-02",
    )
    assign(api, bundle, end_user, register)
    return Ready(bundle, end_user, (register,), address)


def move(api: Api, bundle: str, status: str) -> Any:
    return api.regulatory("POST", f"/Bundles/{bundle}", Status=status)


def submitted(api: Api, **form: Any) -> Ready:
    ready = ready_bundle(api, **form)
    assert move(api, ready.sid, "pending-review").status == 200
    return ready


def verdict(api: Api, bundle: str, **said: Any) -> None:
    """What a reviewer says."""
    api.sandbox.judge(bundle, Verdict(**said))


def approve(api: Api, bundle: str, valid_until: str | None = None) -> str:
    move(api, bundle, "pending-review")
    verdict(api, bundle, status="twilio-approved", valid_until=valid_until)
    return bundle


def fetch(api: Api, bundle: str) -> Any:
    return api.regulatory("GET", f"/Bundles/{bundle}").json


def document(api: Api, sid: str) -> Any:
    return api.regulatory("GET", f"/SupportingDocuments/{sid}").json
