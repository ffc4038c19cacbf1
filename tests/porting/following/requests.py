"""Requests in the mirror, as far as tests of what follows need them."""

from datetime import timedelta
from typing import Any

from django.test import Client

from portal.models import Change, TwilioAccount
from portal.sandbox.core import Sandbox
from portal.sandbox.porting.settings import PortingSettings
from porting.models import PortInNumber, PortInRequest
from porting.portin.sync import apply_port_in, refetch_port_in
from tests.pages import Page
from tests.porting.drafting import day_parts, today
from tests.porting.filing import PREFIX, file_port_in

LIST = "/port-ins/"


def by_hand(twilio: Sandbox) -> None:
    """Nothing of porting goes on by itself."""
    twilio.porting.set(PortingSettings(automatic=False))


def filed(account: TwilioAccount, *endings: str, **changes: Any) -> PortInRequest:
    found = file_port_in(account, *endings, **changes)
    apply_port_in(found, source=Change.Source.READ)
    return read(account, found.request.sid)


def read(account: TwilioAccount, sid: str) -> PortInRequest:
    request = refetch_port_in(None, sid, reader=account, source=Change.Source.READ)
    assert request is not None
    return request


def rejected(
    twilio: Sandbox, account: TwilioAccount, code: int, *endings: str, good: tuple[str, ...] = (), **more: Any
) -> PortInRequest:
    """A request whose numbers of `endings` the losing carrier rejected for a code; `good` ones go on."""
    sid = filed(account, *endings, *good, **more).pk
    twilio.porting.review(sid)
    twilio.porting.sign(sid)
    if good:
        twilio.porting.accept(sid, *(PREFIX + one for one in good))
    twilio.porting.reject(sid, code, *(PREFIX + one for one in endings))
    return read(account, sid)


def number(request: PortInRequest, ending: str) -> PortInNumber:
    rows = PortInNumber.objects.select_related("request__reader", "request__account")
    return rows.get(request=request, phone_number=PREFIX + ending)


def soon(twilio: Sandbox, days: float) -> str:
    """A moment so many days from Twilio's now."""
    return f"{twilio.clock.now() + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


def fix(client: Client, request: PortInRequest, **values: Any) -> Any:
    """Send what is corrected, with the bill of today compared with it."""
    url = f"{request.get_absolute_url()}fix/"
    typed = {**Page.of(client, url).form(), **day_parts("bill_date", today()), "compared": "on", **values}
    return client.post(url, typed)
