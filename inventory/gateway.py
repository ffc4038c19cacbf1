"""The inventory's calls to Twilio: credentials and plain values in, snapshots and pages out.

Pages 19-23 and 42 of the documentation, and the account, address and application resources.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from portal.twilio.bodies import UNREADABLE, read_object
from portal.twilio.client import connect, remote_call
from portal.twilio.errors import Unavailable
from portal.twilio.login import Login
from portal.twilio.pages import Effort, Page, iter_pages
from portal.twilio.patience import IN_A_REQUEST, IN_A_TASK, Patience
from portal.twilio.snapshots import Snapshot, read_snapshot

_API = "https://api.twilio.com/2010-04-01/Accounts"
_PRICES = "https://pricing.twilio.com/v1/PhoneNumbers/Countries"
_SECRET = re.compile("token|secret|password", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AccountPage(Page):
    """Accounts without their auth tokens, and the tokens beside them, never to be printed."""

    auth_tokens: Mapping[str, str] = field(default_factory=dict, repr=False)


def iter_account_pages(login: Login) -> Iterator[AccountPage]:
    """The account and its subaccounts. Twilio sends every auth token in clear; no record keeps one."""
    for page in iter_pages(connect(login), "account.list", f"{_API}.json", "accounts"):
        records, tokens = [], {}
        for record in page.records:
            try:
                account, _ = read_object(record)
            except UNREADABLE:
                account = {}  # the mirror counts it as unreadable
            if isinstance(sid := account.get("sid"), str) and (token := account.get("auth_token")):
                tokens[sid] = str(token)
            records.append(msgspec.Raw(_without_tokens(account)))
        yield AccountPage(records, page.requested_at, page.effort, page.next_url, tokens)


def fetch_account(login: Login, sid: str, *, patience: Patience = IN_A_TASK) -> Snapshot:
    """One account, without its auth token."""
    with remote_call("account.fetch", patience=patience) as call:
        connect(login).api.v2010.accounts(sid).fetch()
        answer = read_snapshot(call, sid)
    return replace(answer, body=_without_tokens(answer.payload))


def _without_tokens(account: Mapping[str, Any]) -> bytes:
    kept = {name: value for name, value in account.items() if not _SECRET.search(name)}
    return msgspec.json.encode(kept, order="sorted")


def iter_number_pages(login: Login) -> Iterator[Page]:
    url = f"{_API}/{login.account_sid}/IncomingPhoneNumbers.json"
    return iter_pages(connect(login), "number.list", url, "incoming_phone_numbers")


def fetch_number(login: Login, sid: str, *, patience: Patience = IN_A_REQUEST) -> Snapshot:
    with remote_call("number.fetch", patience=patience) as call:
        connect(login).incoming_phone_numbers(sid).fetch()
        return read_snapshot(call, sid)


def update_number(
    login: Login, sid: str, values: Mapping[str, Any], *, patience: Patience = IN_A_REQUEST
) -> Snapshot:
    """Change a number's configuration. `values` are the SDK's names; "" clears a URL or a sid."""
    with remote_call("number.update", writes=True, patience=patience) as call:
        connect(login).incoming_phone_numbers(sid).update(**values)
        return read_snapshot(call, sid)


def iter_address_pages(login: Login) -> Iterator[Page]:
    url = f"{_API}/{login.account_sid}/Addresses.json"
    return iter_pages(connect(login), "address.list", url, "addresses")


def fetch_address(login: Login, sid: str, *, patience: Patience = IN_A_TASK) -> Snapshot:
    with remote_call("address.fetch", patience=patience) as call:
        connect(login).addresses(sid).fetch()
        return read_snapshot(call, sid)


def iter_application_pages(login: Login) -> Iterator[Page]:
    url = f"{_API}/{login.account_sid}/Applications.json"
    return iter_pages(connect(login), "application.list", url, "applications")


def fetch_application(login: Login, sid: str, *, patience: Patience = IN_A_TASK) -> Snapshot:
    with remote_call("application.fetch", patience=patience) as call:
        connect(login).applications(sid).fetch()
        return read_snapshot(call, sid)


def iter_price_pages(login: Login) -> Iterator[Page]:
    """One page per country that Twilio sells numbers in, one record per number type.

    Prices have no sid, so each record gets one of ours: `AC…:country:type`. A country without
    generally available numbers answers 200 with every field null (page 42); its page is empty.
    """
    client = connect(login)
    for countries in iter_pages(client, "price.countries", _PRICES, "countries"):
        effort = countries.effort
        for country in countries.records:
            iso = _iso_country(country)
            with remote_call("price.fetch", patience=IN_A_TASK) as call:
                client.pricing.v1.phone_numbers.countries(iso).fetch()
                records = _price_records(login.account_sid, read_object(call.body)[0])
            effort.add(call)
            yield Page(records, call.requested_at, effort)
            effort = Effort()


def _iso_country(record: msgspec.Raw) -> str:
    try:
        country = read_object(record)[0].get("iso_country")
    except UNREADABLE:
        country = None
    if isinstance(country, str):
        return country
    raise Unavailable("Twilio's list of countries has an entry that we cannot read.")


def _price_records(account_sid: str, answer: Mapping[str, Any]) -> list[msgspec.Raw]:
    iso = answer.get("iso_country")
    shared = {
        "account_sid": account_sid,
        "iso_country": iso,
        "country": answer.get("country"),
        "price_unit": answer.get("price_unit"),
    }
    return [
        msgspec.Raw(
            msgspec.json.encode({**shared, **price, "sid": f"{account_sid}:{iso}:{price['number_type']}"})
        )
        for price in answer.get("phone_number_prices") or ()
    ]
