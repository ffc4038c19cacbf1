"""What the tests of hosting share: orders and authorization documents that are made over v2 of the API."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.sandbox.conftest import Api
from tests.sandbox.porting import PREFIX

ELIGIBILITY = "/v1/HostedNumber/Eligibility"
CALLBACK = "https://hooks.example.com/hosting"
CONTACT = "+12075550199"
EMAIL = "owner@thornlea.example.com"


def number(ending: str) -> str:
    return ending if len(ending) > 2 else PREFIX + ending


def eligibility_body(*endings: str, **fields: Any) -> dict[str, Any]:
    return {
        "friendly_name": "Check",
        "phone_numbers": [{"phone_number": number(ending)} for ending in endings],
        **fields,
    }


def address_of(api: Api) -> str:
    sid: str = api.get("/Addresses", IsoCountry="US")["addresses"][0]["sid"]
    return sid


def order_form(api: Api, ending: str, **form: Any) -> dict[str, Any]:
    return {
        "PhoneNumber": number(ending),
        "ContactPhoneNumber": CONTACT,
        "AddressSid": address_of(api),
        "Email": EMAIL,
        **form,
    }


def make_order(api: Api, ending: str, **form: Any) -> str:
    made = api.hosted("POST", "/Orders", **order_form(api, ending, **form))
    assert made.status == 201, made.json
    return str(made["sid"])


def received_order(api: Api, ending: str, **form: Any) -> str:
    sid = make_order(api, ending, **form)
    api.sandbox.hosting.process(sid)
    return sid


def call(api: Api, sid: str, **form: Any) -> Any:
    """Have the number called."""
    return api.hosted("POST", f"/Orders/{sid}", Status="pending-verification", **form)


def verified_order(api: Api, ending: str, **form: Any) -> str:
    sid = received_order(api, ending, **form)
    api.sandbox.hosting.press(sid, call(api, sid)["verification_code"])
    return sid


def send_document(api: Api, *orders: str, **form: Any) -> str:
    made = api.hosted(
        "POST",
        "/AuthorizationDocuments",
        **{
            "HostedNumberOrderSids": list(orders),
            "AddressSid": address_of(api),
            "Email": EMAIL,
            "ContactPhoneNumber": CONTACT,
            **form,
        },
    )
    assert made.status == 201, made.json
    return str(made["sid"])


def order(api: Api, sid: str) -> Any:
    return api.hosted("GET", f"/Orders/{sid}").json


def status(api: Api, sid: str) -> str:
    return str(order(api, sid)["status"])


def listen(sandbox: Any) -> list[tuple[str, dict[str, str]]]:
    """What an order's callback URL would be told now: how, and the fields."""
    got: list[tuple[str, dict[str, str]]] = []

    def post(url: str, headers: dict[str, str], body: bytes) -> str:
        if url.startswith(CALLBACK):
            got.append(("POST", dict(parse_qsl(body.decode(), keep_blank_values=True))))
        return "200"

    def get(url: str, headers: dict[str, str]) -> str:
        got.append(("GET", dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))))
        return "200"

    sandbox.deliver(post, get)
    return got


SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
