"""What the tests of porting share: requests filed over the API, and what a listener would have got."""

import json
from typing import Any

from tests.sandbox.conftest import Api, Reply

# An area code in which the data set has nothing; the last two digits tell what becomes of a number.
PREFIX = "+120755501"
PORT_IN = "/v1/Porting/PortIn"
WEBHOOK = "https://hooks.example.com/porting"
ADDRESS = {
    "street": "12 Sample St",
    "street_2": None,
    "city": "Portland",
    "state": "ME",
    "zip": "04101",
    "country": "US",
}
LOSING_CARRIER = {
    "customer_type": "Business",
    "customer_name": "Thornlea Dental",
    "account_number": "A-100",
    "account_telephone_number": "+12075550100",
    "authorized_representative": "Ottilie Marblethwaite",
    "authorized_representative_email": "owner@thornlea.example.com",
    "address": ADDRESS,
}


def bill(api: Api, content: bytes = b"%PDF-1.7 bill", kind: str = "application/pdf", **form: str) -> Reply:
    form = {"document_type": "utility_bill", "friendly_name": "Bill", **form}
    return api.send_parts("/v1/Documents", content, kind, form)


def port_in_body(api: Api, *endings: str, **changes: Any) -> dict[str, Any]:
    """A request for numbers by their last two digits, or as they stand."""
    numbers = [{"phone_number": one if len(one) > 2 else PREFIX + one, "pin": None} for one in endings]
    return {
        "account_sid": api.account,
        "documents": [bill(api)["sid"]],
        "phone_numbers": numbers,
        "losing_carrier_information": dict(LOSING_CARRIER),
        "target_port_in_date": "2026-07-01",
        **changes,
    }


def file_port_in(api: Api, *endings: str, **changes: Any) -> str:
    made = api.numbers("POST", PORT_IN, port_in_body(api, *endings, **changes))
    assert made.status == 202, made.json
    return str(made["port_in_request_sid"])


def fetch(api: Api, sid: str) -> Any:
    return api.numbers("GET", f"{PORT_IN}/{sid}").json


def statuses(api: Api, sid: str) -> list[str]:
    """That of the request, then those of its numbers."""
    found = fetch(api, sid)
    return [found["port_in_request_status"]] + [
        one["port_in_phone_number_status"] for one in found["phone_numbers"]
    ]


def listen(api: Api, **body: Any) -> None:
    made = api.numbers("POST", "/v1/Porting/Configuration/Webhook", {"port_in_target_url": WEBHOOK, **body})
    assert made.status == 201, made.json


def collect(sandbox: Any, answer: str = "200") -> list[tuple[str, dict[str, str], bytes]]:
    """Deliver what is due; the porting webhooks of it."""
    got: list[tuple[str, dict[str, str], bytes]] = []

    def post(url: str, headers: dict[str, str], body: bytes) -> str:
        if headers["Content-Type"] == "application/json":
            got.append((url, headers, body))
        return answer

    sandbox.deliver(post)
    return got


def said(sandbox: Any) -> list[tuple[str | None, str]]:
    """The number and the status in each webhook that is due."""
    return [
        (event["phone_number"], event["status"])
        for event in (json.loads(body) for _, _, body in collect(sandbox))
    ]
