"""What is for sale, and buying it: doc pages 6, 19 to 22, and the POST of page 23."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from portal.twilio.bodies import read_object
from portal.twilio.client import connect, remote_call
from portal.twilio.errors import Unavailable
from portal.twilio.login import Login
from portal.twilio.pages import iter_pages
from portal.twilio.patience import IN_A_REQUEST, Patience
from portal.twilio.snapshots import Snapshot

_ACCOUNTS = "https://api.twilio.com/2010-04-01/Accounts"
_CATALOG = "https://preview.twilio.com/Numbers/AvailableNumbers"
# Twilio answers thirty at most, whatever is asked for, and has no next page.
MOST_AVAILABLE = 30

Record = Mapping[str, Any]


def fetch_countries(login: Login) -> list[Record]:
    """Every country that this account may buy numbers in, with the lists of its types (page 19)."""
    url = f"{_ACCOUNTS}/{login.account_sid}/AvailablePhoneNumbers.json"
    return _first_page(login, "country.list", url, "countries", {"PageSize": 1000})


def fetch_available(login: Login, country: str, list_name: str, filters: Mapping[str, str]) -> list[Record]:
    """Some numbers for sale in one list of a country, such as Local or TollFree (pages 20 to 22)."""
    url = f"{_ACCOUNTS}/{login.account_sid}/AvailablePhoneNumbers/{country}/{list_name}.json"
    params = {**filters, "PageSize": MOST_AVAILABLE}
    return _first_page(login, "available.list", url, "available_phone_numbers", params)


def fetch_catalog(login: Login, filters: Mapping[str, str | Sequence[str]], *, size: int) -> list[Record]:
    """Some numbers of the Global Catalog (page 6). Raises Absent for an account without the preview."""
    return _first_page(login, "catalog.list", _CATALOG, "items", {**filters, "PageSize": size})


def buy_number(login: Login, values: Mapping[str, Any]) -> Snapshot:
    """Buy one number (page 23). `values` are the SDK's names, and `phone_number` is one of them.

    A purchase by area code is not offered: one whose answer is lost could not be told from the
    purchases of others.
    """
    with remote_call("number.buy", writes=True) as call:
        connect(login).incoming_phone_numbers.create(**values)
        payload, body = read_object(call.body)
        if payload.get("phone_number") != values["phone_number"] or not payload.get("sid"):
            raise ValueError("Twilio answered with another number.")
        return Snapshot(payload["sid"], body, call.requested_at, call.request_id)


def fetch_owned(login: Login, phone_number: str, *, patience: Patience = IN_A_REQUEST) -> Snapshot | None:
    """The number of this account with these digits; None when the account has none."""
    url = f"{_ACCOUNTS}/{login.account_sid}/IncomingPhoneNumbers.json"
    params = {"PhoneNumber": phone_number, "PageSize": 20}
    pages = iter_pages(
        connect(login), "number.find", url, "incoming_phone_numbers", params=params, patience=patience
    )
    for page in pages:
        for record in page.records:
            payload, body = read_object(record)
            if payload.get("phone_number") == phone_number:
                return Snapshot(str(payload["sid"]), body, page.requested_at, page.effort.request_id)
    return None


def _first_page(login: Login, name: str, url: str, key: str, params: Mapping[str, Any]) -> list[Record]:
    page = next(iter_pages(connect(login), name, url, key, params=dict(params), patience=IN_A_REQUEST))
    with _readable():
        return [read_object(record)[0] for record in page.records]


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except (ValueError, msgspec.DecodeError):
        raise Unavailable("Twilio answered with something we cannot read.") from None
