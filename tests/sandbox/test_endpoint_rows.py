"""Every row of the contract, through the real SDK and over HTTP; the closed ActiveNumbers preview apart."""

import json
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
import requests
from twilio.base.exceptions import TwilioException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from twilio.rest.numbers import v1 as numbers_v1

from portal.sandbox.server import SandboxServer
from tests.sandbox.compliance import approve, make_document, ready_bundle
from tests.sandbox.conftest import CONTRACT, Api, check_answer, contract, contract_module, for_sale, owned
from tests.sandbox.hosting import (
    ELIGIBILITY,
    eligibility_body,
    received_order,
    send_document,
    verified_order,
)
from tests.sandbox.porting import PREFIX, bill, file_port_in, listen
from tests.sandbox.porting import fetch as fetch_port_in


def is_served(path: str) -> bool:
    return not path.startswith("/Numbers/ActiveNumbers")


def rows() -> list[Any]:
    if not CONTRACT.exists():
        return []
    return [row for row in contract_module("endpoints").E if is_served(row[3])]


class Body(dict):
    """JSON for the calls of the SDK that take a body: they ask it for a dict."""

    def to_dict(self) -> dict[str, Any]:
        return dict(self)


class CheckingHttpClient(TwilioHttpClient):
    """Sends Twilio's hosts to the sandbox and checks each exchange against the specifications."""

    def __init__(self, base: str) -> None:
        super().__init__(timeout=5)
        self.base = base
        self.session.trust_env = False
        self.seen: list[tuple[str, int]] = []

    def request(
        self, method: str, url: str, params: Any = None, data: Any = None, **options: Any
    ) -> Response:
        pairs = list(params.items()) if isinstance(params, dict) else list(params or ())
        query = urlencode([(name, value) for name, value in pairs if value is not None])
        full = f"{url}?{query}" if query else url
        is_json = (options.get("headers") or {}).get("Content-Type") == "application/json"
        form = {} if is_json else parse_qs(urlencode(data or {}, doseq=True), keep_blank_values=True)
        assert contract().check_request(method, full, form=form, js=data if is_json else None) == []
        local = f"{self.base}/{url.removeprefix('https://')}"
        response = super().request(method, local, params=params, data=data, **options)
        check_answer(method, full, response.status_code, json.loads(response.text) if response.text else None)
        self.seen.append((method, response.status_code))
        return response


def real_sids(api: Api, method: str, path: str) -> dict[str, Any]:
    """What the names in a row stand for, so that the call has something to succeed with."""
    sub = api.sandbox.subaccounts[0].account_sid
    plain = owned(api, type="local", bundle_sid=None, address_requirements="none", origin="twilio")
    names: dict[str, Any] = {
        "AC": api.account,
        "SUB": sub,
        "PN": plain["sid"],
        "AD": api.get("/Addresses")["addresses"][0]["sid"],
        "BU": own_bundle(api, "GB"),
        "AP": api.get("/Applications")["applications"][0]["sid"],
        "CA": api.get("/Calls", PageSize=1)["calls"][0]["sid"],
        "SM": api.get("/Messages", PageSize=1)["messages"][0]["sid"],
        "NUM": plain["phone_number"],
    }
    if "OutgoingCallerIds/" in path:
        names["PN"] = api.get("/OutgoingCallerIds")["outgoing_caller_ids"][0]["sid"]
    if method == "POST" and path.endswith("OutgoingCallerIds.json"):
        names["NUM"] = "+12125550199"
    if method == "DELETE" and "/Addresses/" in path:
        names["AD"] = api.post(
            "/Addresses",
            CustomerName="X",
            Street="1 Sample St",
            City="Boise",
            Region="ID",
            PostalCode="83702",
            IsoCountry="US",
        )["sid"]
    if method == "POST" and "IncomingPhoneNumbers" in path:
        line = {"Mobile": ("SE", "Mobile"), "TollFree": ("US", "TollFree"), "Local": ("US", "Local")}
        sub_list = path.split("/")[-1].removesuffix(".json")
        names["NUM"] = for_sale(api, *line.get(sub_list, ("GB", "Local")))
    if path.endswith("/Accounts/{Sid}.json"):
        names["AC"] = sub
    if "/RegulatoryCompliance/" in path:
        names |= compliance_sids(api, method, path)
    if path.startswith("/v1/Porting"):
        names |= porting_sids(api, method, path)
    if "/Hosted" in path:
        names |= hosting_sids(api, method, path)
    return names


def porting_sids(api: Api, method: str, path: str) -> dict[str, Any]:
    """A request that can be canceled, a bill for another one, a webhook to delete."""
    names: dict[str, Any] = {"RD": bill(api)["sid"], "NUM": PREFIX + "00"}
    if method != "POST":
        names["KW"] = file_port_in(api, "01")
        names["PU"] = fetch_port_in(api, names["KW"])["phone_numbers"][0]["port_in_phone_number_sid"]
        listen(api)
    return names


def hosting_sids(api: Api, method: str, path: str) -> dict[str, Any]:
    """An order that is received, or verified where a document is to be made of it; a document that is out."""
    api.sandbox.set_account(api.account, hosting_preview=True)
    names: dict[str, Any] = {"NUM": PREFIX + "00"}
    if "Eligibility" in path:
        made = api.numbers("POST", f"{ELIGIBILITY}/Bulk", eligibility_body("00"))
        return {**names, "EC": made["request_id"]}
    if "/Bulk" in path:
        made = api.numbers("POST", "/v2/HostedNumber/Orders/Bulk", {"phone_numbers": [PREFIX + "00"]})
        return {**names, "BH": made["bulk_hosting_sid"]}
    if method == "POST" and path.endswith("Documents"):
        return {**names, "HR": verified_order(api, "01")}
    names["HR"] = received_order(api, "01")
    if "AuthorizationDocuments/" in path:
        names["PX"] = send_document(api, verified_order(api, "02"))
    return names


def own_bundle(api: Api, country: str) -> str:
    """An approved bundle for local numbers of a country."""
    query = {"Status": "twilio-approved", "IsoCountry": country, "NumberType": "local"}
    sid: str = api.regulatory("GET", "/Bundles", query)["results"][0]["sid"]
    return sid


def compliance_sids(api: Api, method: str, path: str) -> dict[str, Any]:
    """A bundle that stands where the row wants it, with the sids of what hangs on it."""
    draft = ready_bundle(api)
    names: dict[str, Any] = {"BU": draft.sid, "IT": draft.end_user, "RD": draft.documents[0]}
    if path.endswith(("/Copies", "/ReplaceItems", "/Clones")):
        approved = approve(api, draft.sid, valid_until="2026-12-31")
        if path.endswith("/ReplaceItems"):
            names["BU2"] = api.regulatory("POST", f"/Bundles/{approved}/Copies")["sid"]
            approve(api, names["BU2"])
    if method == "POST" and path.endswith("/ItemAssignments"):
        attributes = '{"business_name": "Thornlea Dental"}'
        names["IT"] = api.regulatory(
            "POST", "/EndUsers", FriendlyName="Other", Type="business", Attributes=attributes
        )["sid"]
    elif method == "POST" and path.endswith("/SupportingDocuments/{Sid}"):
        names["RD"] = make_document(api, "passport", last_name="Marblethwaite")
    elif method == "DELETE" and path.endswith(("/EndUsers/{Sid}", "/SupportingDocuments/{Sid}")):
        api.regulatory("DELETE", f"/Bundles/{draft.sid}")
    names["BV"] = (api.regulatory("GET", f"/Bundles/{draft.sid}/ItemAssignments").json or {}).get(
        "results", [{"sid": ""}]
    )[0]["sid"]
    names["EL"] = api.regulatory("POST", f"/Bundles/{draft.sid}/Evaluations").json.get("sid")
    names["RN"] = api.regulatory("GET", "/Regulations")["results"][0]["sid"]
    kind = "EndUserTypes" if "EndUserTypes" in path else "SupportingDocumentTypes"
    key = "end_user_types" if "EndUserTypes" in path else "supporting_document_types"
    names["OY"] = api.regulatory("GET", f"/{kind}")[key][0]["sid"]
    return names


def ask_directly(call: str, client: Client) -> None:
    """A row of the SDK's general method, which raises nothing."""
    answer = eval(call, {"client": client})
    assert answer.status_code == 200, answer.text


def upload_directly(call: str, path: str, api: Api, server: SandboxServer) -> None:
    """A row that is not in the SDK, as it stands."""
    with requests.Session() as session:
        session.trust_env = False
        auth = (api.keys.account_sid, api.keys.auth_token)
        answer = eval(
            call,
            {
                "http": session,
                "AUTH": auth,
                "URL": lambda url: f"{server.url}/{url.removeprefix('https://')}",
            },
        )
    assert answer.status_code == 201, answer.text
    check_answer("POST", f"https://numbers-upload.twilio.com{path}", answer.status_code, answer.json())


@pytest.mark.skipif(not CONTRACT.exists(), reason=f"the wire contract is not there ({CONTRACT})")
@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row[1]} {row[3].rpartition('{AccountSid}')[2]}")
def test_every_row_of_the_contract_works_through_the_sdk(row, api, server):
    _, method, _, path, call = row
    http = CheckingHttpClient(server.url)
    client = Client(api.keys.account_sid, api.keys.auth_token, http_client=http)
    names = real_sids(api, method, path)
    if call.startswith("DIRECT client"):
        api.sandbox.set_account(api.account, catalog=True)
        ask_directly(call.removeprefix("DIRECT "), client)
        return
    if call.startswith("DIRECT "):
        upload_directly(call.removeprefix("DIRECT "), path, api, server)
        return
    try:
        eval(call, {"client": client, "datetime": datetime, "numbers_v1": numbers_v1, "J": Body, **names})
    except TwilioException as refused:
        pytest.fail(f"{call}: {refused} {[getattr(part, 'text', '') for part in refused.args]}")
    assert {verb for verb, _ in http.seen} == {method}
    assert all(status < 300 for _, status in http.seen)


@pytest.mark.skipif(not CONTRACT.exists(), reason=f"the wire contract is not there ({CONTRACT})")
def test_there_is_no_operation_without_a_row():
    specified = {
        (method.upper(), path) for _, path, _, _, method, _, _ in contract().routes if is_served(path)
    }
    assert specified == {(row[1], row[3]) for row in rows()}
