"""A run of the movable clock through all deadlines of porting and hosting.

Twilio's clock, ours and the database's go on together. At each end it is asserted what the mirror, the board,
the pages, the home page and the mails say once the webhooks have come or the reading was done.
"""

from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from celery import current_app
from django.core import mail
from django.test import Client
from django.utils import timezone

from inventory.models import PhoneNumber
from portal.models import Delivery
from portal.sandbox.hosting.resources import AuthorizationDocument as HostedLetter
from portal.sandbox.hosting.resources import HostedOrder as HostedNumber
from portal.sandbox.hosting.settings import HostingSettings
from portal.sandbox.porting.resources import PortIn
from portal.twilio.errors import Rejected
from portal.webhooks.intake import callback_url
from porting.board import tasks as board  # noqa: F401 (registers them)
from porting.following import tasks  # noqa: F401 (registers them)
from porting.models import AuthorizationDocument, Reminder
from porting.portin import gateway
from tests.mirroring import complete
from tests.moving import moving
from tests.pages import Page
from tests.porting.filing import PREFIX
from tests.porting.following.requests import by_hand, filed, number, read, soon
from tests.porting.hosting import ORDERS, received, verified

pytestmark = pytest.mark.django_db
BOARD = "/porting/deadlines/"
PUBLIC = "https://numbers.example.com"
DAY = timedelta(days=1)
LATE, OURS = "Porting deadlines run out soon", "Port-ins and hosted orders wait for us"


@pytest.fixture
def time(twilio, parent, manager, settings, monkeypatch):
    settings.PUBLIC_URL = PUBLIC
    by_hand(twilio)
    twilio.hosting.set(HostingSettings(automatic=False))
    with twilio.changing() as (store, _):
        for kind in (HostedLetter, HostedNumber, PortIn):
            for one in store.all(kind):
                store.remove(one)
    complete(parent)
    login = parent.require_own_login()
    gateway.set_webhook(login, {"port_in_target_url": callback_url("porting:porting-webhook")})
    with moving(twilio, monkeypatch) as time:
        yield time


@pytest.fixture
def world(time, twilio, parent, address, porter):
    """One of everything that can run out, all of it begun now."""
    unsigned = filed(parent, "00").pk
    twilio.porting.review(unsigned)
    dated = filed(parent, "01").pk
    twilio.porting.review(dated)
    twilio.porting.sign(dated)
    twilio.porting.accept(dated, date=soon(twilio, 10))
    silent, called = received(twilio, parent, address, "07", "08")
    idle, lettered = verified(twilio, parent, address, "09", "10")
    select(porter, lettered)
    learn(twilio, parent)
    return SimpleNamespace(
        unsigned=read(parent, unsigned),
        dated=read(parent, dated),
        silent=silent,
        called=called,
        idle=idle,
        lettered=lettered,
        letter=AuthorizationDocument.objects.get(),
    )


def signed_in(person):
    """Anew each time, for sessions end as time passes."""
    client = Client()
    client.force_login(person)
    return client


def select(porter, *orders):
    """Send one letter for these orders, as its pages do."""
    client = signed_in(porter)
    place = client.post(f"{ORDERS}select/", {"sid": [order.pk for order in orders], "do": "letter"}).url
    client.post(place, Page.of(client, place).form())


def learn(twilio, parent):
    """What webhooks tell of, and then what only a reading finds."""

    def post(url, headers, body):
        if not url.startswith(PUBLIC):
            return "204"
        parts = urlsplit(url)
        return str(Client().generic("POST", f"{parts.path}?{parts.query}", body, headers=headers).status_code)

    twilio.deliver(post)
    for delivery in Delivery.objects.waiting():
        current_app.tasks[delivery.task](delivery.pk)
    complete(parent, "hosted_orders")
    complete(parent, "authorizations")


def status(row):
    row.refresh_from_db()
    return row.status


def on_board(person, **params):
    """What the board says of each thing, by its SID."""
    lines = Page(signed_in(person).get(BOARD, params)).all("#deadlines tbody tr")
    return {line.one("a[data-row-link]")["href"].split("/")[-2]: line.text for line in lines}


def at_home(person):
    """The figures of porting on the home page."""
    page = Page.of(signed_in(person), "/")
    lines = [line.text for line in page.all(".attention li")]
    return [next((int(line.split()[0]) for line in lines if words in line), 0) for words in (LATE, OURS)]


def mailed(porter):
    """Who is told what this morning: the SIDs named in the mail, {} for none."""
    mail.outbox.clear()
    current_app.tasks["remind_of_porting"]()
    for pk in Reminder.objects.due().values_list("pk", flat=True):
        current_app.tasks["send_porting_reminder"](pk)
    assert all(message.to == [porter.email] for message in mail.outbox)
    assert not any(PREFIX in message.body for message in mail.outbox)
    return {sid for message in mail.outbox for sid in _sids(message.body)}


def _sids(body):
    words = body.replace(",", " ").split()
    return {word for word in words if word[:2] in ("KW", "HR", "PX") and len(word) == 34}


def test_all_deadlines_come_and_are_known(time, world, twilio, parent, porter, manager):
    w = world
    ours = {w.silent.pk, w.called.pk, w.idle.pk}

    # The beginning: nothing is late, and what waits for us is told.
    found = on_board(porter)
    assert found.keys() == {
        w.unsigned.pk, w.dated.pk, w.silent.pk, w.called.pk, w.idle.pk, w.letter.pk
    }, "a letter stands for the orders that wait for its signature"  # fmt: skip
    assert "Day 1 of 30" in found[w.unsigned.pk]
    assert "Day 1 of 30" in found[w.idle.pk]
    assert all("Day 1 of 7" in found[row.pk] for row in (w.silent, w.called, w.letter))
    assert "No limit" in found[w.dated.pk]
    assert at_home(manager) == [0, 3]
    assert mailed(porter) == ours
    assert mailed(porter) == set(), "once a day"

    # Ten minutes: the code of a call is no longer good.
    room = f"{ORDERS}{w.called.pk}/call/"
    client = signed_in(porter)
    client.post(room, Page.of(client, room).form("form.form"))
    code = twilio.hosting.code_of(w.called.pk)
    time.pass_(timedelta(minutes=9, seconds=30))
    assert f"Code {code}" in Page.of(client, room).one("#call-state").text
    time.pass_(timedelta(minutes=1))
    learn(twilio, parent)
    assert "The code is no longer good" in Page.of(signed_in(porter), room).one("#call-state").text
    assert status(w.called) == "pending_verification"

    # The last fifth of seven days.
    time.pass_(5 * DAY + timedelta(hours=15))
    learn(twilio, parent)
    late = {w.silent.pk, w.called.pk, w.letter.pk}
    assert on_board(porter, show="late").keys() == late
    assert at_home(manager) == [3, 3]
    assert mailed(porter) == late | ours
    assert "Reminded 1 person" in on_board(porter)[w.letter.pk]

    # Seven days: the letter fails, and orders that nobody verified need Twilio's support. 72 hours before the
    # port nothing can be canceled any more.
    ported_on = number(w.dated, "01").port_date
    time.pass_(ported_on - timedelta(hours=72, minutes=5) - timezone.now())
    page = Page.of(signed_in(porter), w.dated.get_absolute_url())
    assert "Closes in 4 min" in page.text
    assert page.has_link("Cancel request")
    time.pass_(timedelta(hours=2))
    learn(twilio, parent)
    page = Page.of(signed_in(porter), w.dated.get_absolute_url())
    assert "Closed" in page.text
    assert not page.has_link("Cancel request")
    with pytest.raises(Rejected):
        gateway.cancel_port_in(parent.require_own_login(), w.dated.pk)
    assert AuthorizationDocument.objects.get().status == "failed"
    assert {status(row) for row in (w.silent, w.called, w.lettered)} == {"action_required"}
    found = on_board(porter, show="orders")
    assert all("Day 1 of 7" in found[row.pk] for row in (w.silent, w.called, w.lettered))
    assert w.letter.pk not in on_board(porter)
    assert at_home(manager) == [0, 4]
    assert mailed(porter) == ours | {w.lettered.pk}

    # The day of the port: its numbers are here.
    time.pass_(ported_on + timedelta(minutes=1) - timezone.now())
    learn(twilio, parent)
    assert status(w.dated) == "completed"
    assert number(w.dated, "01").status == "completed"
    complete(parent)
    assert PhoneNumber.objects.present().filter(phone_number=f"{PREFIX}01").exists()
    assert w.dated.pk not in on_board(porter)

    # Seven days of action required: failed.
    time.pass_(5 * DAY)
    learn(twilio, parent)
    assert {status(row) for row in (w.silent, w.called, w.lettered)} == {"failed"}
    assert on_board(porter).keys() == {w.unsigned.pk, w.idle.pk}
    assert at_home(manager) == [0, 1]
    assert mailed(porter) == {w.idle.pk}

    # The last fifth of thirty days.
    time.pass_(9 * DAY)
    learn(twilio, parent)
    assert on_board(porter, show="late").keys() == {w.unsigned.pk, w.idle.pk}
    assert "Day 25 of 30" in on_board(porter)[w.unsigned.pk]
    assert at_home(manager) == [2, 1]
    assert mailed(porter) == {w.unsigned.pk, w.idle.pk}

    # Thirty days: canceled and failed by themselves. Nothing is open, and nobody is mailed.
    time.pass_(6 * DAY)
    learn(twilio, parent)
    assert status(w.unsigned) == "canceled"
    assert "not signed within 30 days" in w.unsigned.cancellation_reason
    assert status(w.idle) == "failed"
    assert on_board(porter) == {}
    assert at_home(manager) == [0, 0]
    assert mailed(porter) == set()
