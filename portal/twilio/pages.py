"""Lists as raw pages.

The SDK's own lists build an instance for every record, six times slower than the wire; the mirror
wants bytes it can hash. Requests still go through the SDK's client: its credentials, our transport.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

import msgspec
from django.utils import timezone
from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from portal.twilio.client import IN_A_TASK, Call, Patience, remote_call
from portal.twilio.errors import Unavailable

PAGE_SIZE = 1000


@dataclass(slots=True)
class Effort:
    """What an answer took: requests sent, tries after the first, seconds waited; the last request's id."""

    requests: int = 0
    retries: int = 0
    waited: float = 0.0
    request_id: str = ""
    requested_at: datetime | None = None

    def add(self, call: Call) -> None:
        self.requests += call.requests
        self.retries += call.retries
        self.waited += call.waited
        self.request_id = call.request_id
        self.requested_at = call.requested_at


@dataclass(frozen=True, slots=True)
class Page:
    """Some records of a list, undecoded, and what it took to get them."""

    records: list[msgspec.Raw]
    requested_at: datetime
    effort: Effort


def iter_pages(
    client: Client,
    name: str,
    url: str,
    key: str,
    *,
    params: dict[str, Any] | None = None,
    patience: Patience = IN_A_TASK,
) -> Iterator[Page]:
    """Every page of a list whose records stand under `key`.

    Follows `next_page_uri` (api.twilio.com) and `meta.next_page_url` (the other hosts). A page is
    whole or it is not yielded; a list that points back at a page already read raises Unavailable.
    """
    query: dict[str, Any] | None = {"PageSize": PAGE_SIZE, **(params or {})}
    seen: set[str] = set()
    while True:
        body, effort = _read(client, name, url, query, patience)
        records = body.get(key)
        if not isinstance(records, list):
            raise Unavailable(f"Twilio's list of {key} has no {key}.", request_id=effort.request_id)
        yield Page(records, effort.requested_at or timezone.now(), effort)
        next_url = _next(body)
        if not next_url:
            return
        url, query = urljoin(url, next_url), None
        if url in seen:
            raise Unavailable("Twilio's paging leads in a circle.", request_id=effort.request_id)
        seen.add(url)


_Envelope = dict[str, Any]
_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_list_decoder = msgspec.json.Decoder(list[msgspec.Raw])


def _read(
    client: Client, name: str, url: str, query: dict[str, Any] | None, patience: Patience
) -> tuple[_Envelope, Effort]:
    """One page. An answer that is not whole is asked for again before it counts as a failure."""
    effort = Effort()
    for tries_left in (2, 1, 0):
        with remote_call(name, patience=patience) as call:
            try:
                response = client.request("GET", url, params=query)
                if response.status_code != 200:
                    raise TwilioException("Unable to fetch page", response)
                return _decode(call.body), effort
            except msgspec.DecodeError:
                if not tries_left:
                    raise
            finally:
                effort.add(call)
    raise AssertionError("unreachable")


def _decode(body: bytes) -> _Envelope:
    envelope: _Envelope = {}
    for key, value in _decoder.decode(body).items():
        if bytes(value)[:1] == b"[":
            envelope[key] = _list_decoder.decode(value)
        elif key in {"next_page_uri", "meta"}:
            envelope[key] = msgspec.json.decode(value)
    return envelope


def _next(body: _Envelope) -> str | None:
    if "meta" in body:
        meta = body["meta"]
        return meta.get("next_page_url") if isinstance(meta, dict) else None
    return body.get("next_page_uri")
