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

from portal.twilio.bodies import UNREADABLE, mended
from portal.twilio.client import Call, remote_call
from portal.twilio.errors import Unavailable
from portal.twilio.patience import IN_A_TASK, Patience

PAGE_SIZE = 1000
# An answer that is not whole is asked for so many times before it counts as a failure.
_TRIES_FOR_A_WHOLE_PAGE = 3


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
    """Some records of a list, undecoded, what it took to get them, and where the list goes on."""

    records: list[msgspec.Raw]
    requested_at: datetime
    effort: Effort
    next_url: str = ""  # "" on the last page


def iter_pages(
    client: Client,
    name: str,
    url: str,
    key: str,
    *,
    params: dict[str, Any] | None = None,
    resume_at: str = "",
    patience: Patience = IN_A_TASK,
) -> Iterator[Page]:
    """Every page of a list whose records stand under `key`, or those from a page's `next_url` on.

    Follows `next_page_uri` (api.twilio.com) and `meta.next_page_url` (the other hosts). A page is
    whole or it is not yielded; a list that points back at a page already read raises Unavailable.
    """
    query: dict[str, Any] | None = {"PageSize": PAGE_SIZE, **(params or {})}
    if resume_at:
        url, query = resume_at, None
    read: set[str] = set()
    while True:
        records, next_url, effort = _read(client, name, url, key, query, patience)
        yield Page(records, effort.requested_at or timezone.now(), effort, next_url)
        if not next_url:
            return
        if next_url in read:
            raise Unavailable("Twilio's list leads in a circle.", request_id=effort.request_id)
        read.add(next_url)
        url, query = next_url, None


def _read(
    client: Client, name: str, url: str, key: str, query: dict[str, Any] | None, patience: Patience
) -> tuple[list[msgspec.Raw], str, Effort]:
    effort = Effort()
    tries = _TRIES_FOR_A_WHOLE_PAGE
    while True:
        tries -= 1
        with remote_call(name, patience=patience) as call:
            try:
                response = client.request("GET", url, params=query)
                if response.status_code != 200:
                    raise TwilioException("Unable to fetch page", response)
                return *_decode(call.body, key, url), effort
            except UNREADABLE:
                if call.requests == 0 or tries == 0:
                    raise
                call.retries += 1
            finally:
                effort.add(call)


_envelope = msgspec.json.Decoder(dict[str, msgspec.Raw])
_records = msgspec.json.Decoder(list[msgspec.Raw])


def _decode(body: bytes, key: str, url: str) -> tuple[list[msgspec.Raw], str]:
    """The records of a page, and the URL of the next one; "" after the last."""
    try:
        envelope = _envelope.decode(body)
    except ValueError:
        envelope = _envelope.decode(mended(body))
    meta = msgspec.json.decode(envelope["meta"]) if "meta" in envelope else None
    if isinstance(meta, dict):
        next_url = meta.get("next_page_url")
    else:
        next_url = msgspec.json.decode(envelope.get("next_page_uri", b"null"))
    return _records.decode(envelope[key]), urljoin(url, next_url) if next_url else ""
