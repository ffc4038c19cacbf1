"""The list of port-in requests, and its CSV."""

import csv

import pytest
from django.test import Client

from portal.models import Role
from porting.models import PortInRequest
from tests.factories import make_account, make_user
from tests.mirroring import complete
from tests.pages import Page, assert_is_region, url_of
from tests.porting.filing import LOSING_CARRIER, PREFIX
from tests.porting.following.requests import LIST, by_hand, filed, read, rejected
from tests.query_counts import counted

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _by_hand(twilio):
    by_hand(twilio)


def lines(client, **params):
    return [row.text for row in Page.of(client, url_of(LIST, **params)).all("#port-ins tbody tr")]


def test_a_row_says_where_a_request_stands_and_who_acts_next(twilio, parent, as_porter):
    sid = filed(parent, "00", "01").pk
    twilio.porting.review(sid)
    read(parent, sid)

    [row] = lines(as_porter)

    assert "+1 207-555-0100" in row
    assert "and 1 more" in row
    assert "Waiting for signature" in row
    assert "The representative" in row
    assert "Day 1 of 30" in row
    assert "0 of 2" in row
    assert "1 Jul 2099" in row


def test_it_is_narrowed_by_status_turn_number_and_ticket(twilio, parent, as_porter):
    plain = filed(parent, "00")
    bad = rejected(twilio, parent, 22153, "63")

    assert Page.of(as_porter, url_of(LIST, turn="us")).rows == [bad.get_absolute_url()]
    assert Page.of(as_porter, url_of(LIST, status="in_review")).rows == [plain.get_absolute_url()]
    assert Page.of(as_porter, url_of(LIST, q=f"{PREFIX}63")).rows == [bad.get_absolute_url()]
    assert Page.of(as_porter, url_of(LIST, q=plain.ticket)).rows == [plain.get_absolute_url()]
    assert Page.of(as_porter, url_of(LIST, q=plain.pk)).rows == [plain.get_absolute_url()]
    assert Page.of(as_porter, url_of(LIST, q="nothing")).rows == []


def test_a_status_that_nobody_knows_is_shown_as_it_came(parent, as_porter):
    request = filed(parent, "00")
    PortInRequest.objects.filter(pk=request.pk).update(status="held_by_customs")

    [row] = lines(as_porter)

    assert "held_by_customs" in row


def test_the_csv_has_no_personal_data(parent, manager):
    client = Client()
    client.force_login(manager)
    filed(parent, "00")

    answer = client.get(f"{LIST}export/")

    text = b"".join(answer.streaming_content).decode()
    assert len(list(csv.reader(text.splitlines()))) == 2
    assert all(str(value) not in text for value in LOSING_CARRIER.values())


def test_who_has_nothing_to_do_with_an_account_sees_none_of_its_requests(parent):
    request = filed(parent, "00")
    client = Client()
    client.force_login(make_user(Role.PORTING, accounts=[make_account()]))

    assert Page.of(client, LIST).rows == []
    assert client.get(request.get_absolute_url()).status_code == 404


def test_what_htmx_is_given_is_the_list(parent, as_porter):
    filed(parent, "00")
    assert_is_region(as_porter, LIST, "port-ins")
    assert as_porter.post(LIST).status_code == 405


def test_it_costs_as_many_queries_for_one_as_for_many(parent, as_porter):
    complete(parent, "port_ins")
    as_porter.get(LIST)
    with counted("port_in_list"):
        assert as_porter.get(LIST).status_code == 200
    PortInRequest.objects.exclude(pk=PortInRequest.objects.first().pk).delete()
    with counted("port_in_list"):
        assert as_porter.get(LIST).status_code == 200


def test_the_search_at_the_top_opens_a_request_by_its_sid(parent, as_porter):
    request = filed(parent, "00")

    answer = as_porter.get("/search/", {"q": request.pk})

    assert answer["Location"] == request.get_absolute_url()
