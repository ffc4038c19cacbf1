"""What the sandbox's tests share: a sandbox, a client that checks every answer against the contract."""

import base64
import importlib.util
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

import pytest

from portal.sandbox.clock import Clock
from portal.sandbox.core import Sandbox
from portal.sandbox.dataset.accounts import Credentials
from portal.sandbox.server import SandboxServer
from portal.sandbox.wire import Request

CONTRACT = Path(__file__).resolve().parents[2].parent / "shared" / "contract"
NOON = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
NUMBERS = 600
REGULATORY = "/v2/RegulatoryCompliance"
# A second upload is nowhere specified; its answer is a supporting document's.
UPLOAD_AGAIN = re.compile(
    r"https://numbers-upload\.twilio\.com(/v2/RegulatoryCompliance/SupportingDocuments/RD\w+)"
)


def contract_module(name: str) -> ModuleType:
    """A module of the contract folder, which lies beside the repository; skips the test without it."""
    path = CONTRACT / f"{name}.py"
    if not path.exists():
        pytest.skip(f"the wire contract is not there ({path})")
    spec = importlib.util.spec_from_file_location(f"contract_{name}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def contract() -> Any:
    """The checker of answers against Twilio's specifications, or None where the contract is not there."""
    return contract_module("oas_check").Contract(CONTRACT / "specs") if CONTRACT.exists() else None


def check_answer(method: str, url: str, status: int, body: Any) -> None:
    """Fail if an answer is not one that the specifications allow, down to unknown keys."""
    url = UPLOAD_AGAIN.sub(r"https://numbers.twilio.com\1", url)
    if contract() is None or (status >= 400 and contract().route(method, url) is None):
        return
    assert contract().check_response(method, url, status, _without_known_rows(method, url, body)) == []


_known_rows: set[tuple[str, str]] = set()


def _without_known_rows(method: str, url: str, body: Any) -> Any:
    """A list less the rows that were checked before: most tests read the same ones."""
    if method != "GET" or not isinstance(body, dict):
        return body
    _, template, *_ = contract().route(method, url)
    checked = {}
    for key, value in body.items():
        if isinstance(value, list):
            fresh = {(template, json.dumps(row)): row for row in value}
            value = [row for known, row in fresh.items() if known not in _known_rows]
            _known_rows.update(fresh)
        checked[key] = value
    return checked


def _part(name: str, content: bytes, headers: str = "") -> bytes:
    head = f'--Boundary\r\nContent-Disposition: form-data; name="{name}"\r\n{headers}\r\n'
    return head.encode() + content + b"\r\n"


@dataclass(frozen=True)
class Reply:
    status: int
    json: Any
    headers: dict[str, str]

    @property
    def code(self) -> int:
        """Twilio's error code; an answer that does not refuse is a failure here."""
        assert self.status >= 400, self.json
        return self.json["code"]

    def __getitem__(self, key: str) -> Any:
        return self.json[key]


@dataclass
class Api:
    """A client of one account. Paths are relative to the account, without `.json`."""

    sandbox: Sandbox
    keys: Credentials
    account: str = ""
    user: tuple[str, str] | None = None
    base: str = field(init=False)

    def __post_init__(self) -> None:
        self.account = self.account or self.keys.account_sid
        self.base = f"/2010-04-01/Accounts/{self.account}"
        self.user = self.user or (self.keys.account_sid, self.keys.auth_token)

    def on(self, account: str) -> "Api":
        """The same sign-in, another account in the path."""
        return Api(self.sandbox, self.keys, account, self.user)

    def get(self, path: str, query: dict[str, Any] | None = None, **parameters: Any) -> Reply:
        return self.send("GET", f"{self.base}{path}.json", query={**(query or {}), **parameters})

    def post(self, path: str, **form: Any) -> Reply:
        return self.send("POST", f"{self.base}{path}.json", form=form)

    def delete(self, path: str) -> Reply:
        return self.send("DELETE", f"{self.base}{path}.json")

    def follow(self, uri: str) -> Reply:
        path, _, query = uri.partition("?")
        return self.send("GET", path, raw_query=query)

    def price(self, path: str = "", **query: Any) -> Reply:
        return self.send("GET", f"/v1/PhoneNumbers/Countries{path}", host="pricing.twilio.com", query=query)

    def regulatory(
        self, method: str, path: str, query: dict[str, Any] | None = None, /, **form: Any
    ) -> Reply:
        """A request to RegulatoryCompliance, whose scope is the one who signs in."""
        return self.send(method, f"{REGULATORY}{path}", host="numbers.twilio.com", query=query, form=form)

    def numbers(self, method: str, path: str, body: Any = None, /, **query: Any) -> Reply:
        """A request to numbers.twilio.com, with JSON if there is a body."""
        return self.send(
            method,
            path,
            host="numbers.twilio.com",
            query=query,
            body=None if body is None else json.dumps(body).encode(),
            content_type="application/json",
        )

    def preview(self, method: str, path: str, query: dict[str, Any] | None = None, /, **form: Any) -> Reply:
        """A request to the hosting preview; a list in the form is a parameter that is repeated."""
        return self.send(method, f"/HostedNumbers{path}", host="preview.twilio.com", query=query, form=form)

    def hosted(self, method: str, path: str, query: dict[str, Any] | None = None, /, **form: Any) -> Reply:
        """The same of v2."""
        return self.send(method, f"/v2/HostedNumber{path}", host="numbers.twilio.com", query=query, form=form)

    def upload(self, path: str, content: bytes, kind: str = "application/pdf", /, **form: str) -> Reply:
        """A request to the upload host: the values, and a file unless its type is empty."""
        return self.send_parts(f"{REGULATORY}{path}", content, kind, form)

    def send_parts(self, path: str, content: bytes, kind: str, form: dict[str, str]) -> Reply:
        lines = [_part(name, value.encode()) for name, value in form.items()]
        lines += [_part('File"; filename="scan', content, f"Content-Type: {kind}\r\n")] if kind else []
        return self.send(
            "POST",
            path,
            host="numbers-upload.twilio.com",
            body=b"".join(lines) + b"--Boundary--\r\n",
            content_type="multipart/form-data; boundary=Boundary",
        )

    def send(
        self,
        method: str,
        path: str,
        *,
        host: str = "api.twilio.com",
        query: dict[str, Any] | None = None,
        raw_query: str = "",
        form: dict[str, Any] | None = None,
        body: bytes | None = None,
        content_type: str = "application/x-www-form-urlencoded",
    ) -> Reply:
        raw_query = raw_query or urlencode(query or {})
        headers = {"Content-Type": content_type}
        if self.user is not None:
            headers["Authorization"] = "Basic " + base64.b64encode(":".join(self.user).encode()).decode()
        sent = urlencode(form or {}, doseq=True).encode() if body is None else body
        response = self.sandbox.handle(Request.at(method, f"/{host}{path}?{raw_query}", headers, sent))
        answer = json.loads(response.body) if response.body else None
        check_answer(method, f"https://{host}{path}?{raw_query}".rstrip("?"), response.status, answer)
        return Reply(response.status, answer, response.headers)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox of its own for each test, whose clock stands still at noon."""
    box = Sandbox(numbers=NUMBERS, clock=Clock.stopped_at(NOON))
    yield box
    box.close()


@pytest.fixture
def api(sandbox: Sandbox) -> Api:
    """The parent account's client."""
    return Api(sandbox, sandbox.credentials)


@pytest.fixture
def sub(sandbox: Sandbox) -> Api:
    """A client of the first subaccount, with its own sign-in."""
    return Api(sandbox, sandbox.subaccounts[0])


@pytest.fixture
def server(sandbox: Sandbox) -> Iterator[SandboxServer]:
    """The sandbox over HTTP, on a free port."""
    door = SandboxServer(sandbox)
    thread = Thread(target=door.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield door
    door.shutdown()
    door.server_close()
    thread.join()


def owned(api: Api, **wanted: Any) -> dict[str, Any]:
    """A number in use that has these properties; without an emergency address unless asked for."""
    wanted = {"emergency_address_sid": None, "status": "in-use", **wanted}
    for line in api.sandbox.dump("numbers", api.account):
        number = json.loads(line)
        if all(number[key] == value for key, value in wanted.items()):
            return number
    raise LookupError(f"no number with {wanted}")


def for_sale(api: Api, country: str = "US", kind: str = "Local", **query: Any) -> str:
    """A number that can be bought."""
    return api.get(f"/AvailablePhoneNumbers/{country}/{kind}", **query)["available_phone_numbers"][0][
        "phone_number"
    ]
