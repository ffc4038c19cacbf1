"""One port-in request: who acts next, its numbers, what is masked, notes and reading it anew."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from portal.models import Note, Reveal, Role
from portal.sandbox.faults import Fault
from porting.models import PortInRequest
from tests.factories import make_user
from tests.pages import Page, assert_is_region
from tests.porting.filing import LOSING_CARRIER
from tests.porting.following.requests import by_hand, filed, number, read, rejected, soon
from tests.query_counts import counted

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _by_hand(twilio):
    by_hand(twilio)


def main(client, request):
    return Page.of(client, request.get_absolute_url()).one("main")


def test_it_says_who_acts_next_and_by_when(twilio, parent, as_porter):
    request = filed(parent, "00")
    assert "Twilio reviews the request" in main(as_porter, request).text
    twilio.porting.review(request.pk)
    read(parent, request.pk)

    text = main(as_porter, request).text

    assert "The representative signs the letter" in text
    assert "Day 1 of 30, until" in text
    assert f"Twilio ticket {request.ticket}" in text


def test_the_last_fifth_of_the_time_is_red_and_not_before(twilio, parent, as_porter):
    request = filed(parent, "00")
    twilio.porting.review(request.pk)
    read(parent, request.pk)
    for day, is_red in ((24, False), (25, True), (30, True)):
        since = timezone.now() - timedelta(days=day - 1, minutes=5)
        PortInRequest.objects.filter(pk=request.pk).update(status_since=since)
        badge = next(one for one in main(as_porter, request).all(".badge") if one.text == f"Day {day} of 30")
        assert ("badge--bad" in badge["class"]) is is_red


def test_each_number_has_its_status_its_reason_and_its_date(twilio, parent, as_porter):
    request = rejected(twilio, parent, 22153, "63", good=("00",), target_port_in_date=soon(twilio, 10)[:10])

    rows = [row.text for row in main(as_porter, request).all("tbody tr")]

    assert "Port pending" in rows[0]
    assert "closes in 6 d" in rows[0] or "closes in 7 d" in rows[0]
    assert "Port rejected" in rows[1]
    assert "22153" in rows[1]
    assert "Invalid End User Name" in rows[1]
    only = Page.of(as_porter, f"{request.get_absolute_url()}?show=port_rejected")
    assert len(only.all("#numbers ~ * tbody tr, section[aria-labelledby=numbers] tbody tr")) == 1


def test_what_the_losing_carrier_knows_is_masked_until_somebody_gives_a_reason(parent, as_porter):
    request = filed(parent, "00")
    name = LOSING_CARRIER["customer_name"]
    assert name not in main(as_porter, request).text

    as_porter.post(f"{request.get_absolute_url()}reveal/customer_name/", {"reason": "The customer called"})

    text = main(as_porter, request).text
    assert name in text
    assert LOSING_CARRIER["account_number"] not in text
    assert Reveal.objects.get().field == "customer_name"


def test_the_signature_page_is_for_those_who_port(twilio, parent, as_porter, manager):
    request = filed(parent, "00")
    twilio.porting.review(request.pk)
    request = read(parent, request.pk)
    url = f"{request.get_absolute_url()}reveal/signature_url/"
    boss = Client()
    boss.force_login(manager)

    assert url not in main(boss, request).html
    assert boss.get(url).status_code == 403
    assert url in main(as_porter, request).html
    assert request.signature_url not in main(as_porter, request).html
    as_porter.post(url, {"reason": "Mail went astray"})
    assert request.signature_url in main(as_porter, request).text


def test_it_is_read_anew_and_what_twilio_refuses_is_said(twilio, parent, as_porter):
    request = filed(parent, "00")
    twilio.porting.review(request.pk)
    as_porter.post(f"{request.get_absolute_url()}refresh/")
    request.refresh_from_db()
    assert request.status == "waiting_for_signature"

    twilio.faults.add(Fault(kind="status", status=503, method="GET", path="*/PortIn/*"))
    as_porter.post(f"{request.get_absolute_url()}refresh/")
    assert "Unavailable" in Page.of(as_porter, request.get_absolute_url()).messages[-1]


def test_a_note_is_kept_and_an_empty_one_is_refused(parent, as_porter, as_viewer):
    request = filed(parent, "00")
    url = f"{request.get_absolute_url()}note/"

    as_porter.post(url, {"body": "Customer is on holiday"})

    assert Note.objects.get().target == request.pk
    assert "Customer is on holiday" in main(as_porter, request).text
    assert as_porter.post(url, {"body": ""}).status_code == 422
    assert as_viewer.post(url, {"body": "x"}).status_code == 403


def test_a_status_that_nobody_knows_is_no_trouble(parent, as_porter):
    request = filed(parent, "00")
    PortInRequest.objects.filter(pk=request.pk).update(status="held_by_customs")
    number(request, "00").__class__.objects.filter(request=request).update(status="at_the_border")

    text = main(as_porter, request).text

    assert "held_by_customs" in text
    assert "at_the_border" in text


def test_others_than_those_allowed_are_kept_out(parent, as_porter):
    request = filed(parent, "00")
    stranger = Client()
    stranger.force_login(make_user(Role.PORTING, accounts=[]))
    assert stranger.get(request.get_absolute_url()).status_code in (403, 404)
    assert as_porter.get(f"/port-ins/KW{'0' * 32}/").status_code == 404
    assert as_porter.post(request.get_absolute_url()).status_code == 405
    assert as_porter.get(f"{request.get_absolute_url()}reveal/pin/").status_code == 404


def test_what_htmx_is_given_is_the_page_s_region(parent, as_porter):
    assert_is_region(as_porter, filed(parent, "00").get_absolute_url(), "port-in")


def test_it_costs_as_many_queries_for_one_number_as_for_many(parent, as_porter):
    one, many = filed(parent, "00"), filed(parent, *(f"{n:02d}" for n in range(1, 15)))
    as_porter.get(one.get_absolute_url())
    for request in (one, many):
        with counted("port_in_detail"):
            assert as_porter.get(request.get_absolute_url()).status_code == 200
