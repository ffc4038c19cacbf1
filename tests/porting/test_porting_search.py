"""The search at the top of each page, for what is ported and hosted (UX-10)."""

import pytest
from django.test import Client

from porting.models import HostedOrder, PortInNumber, PortInRequest
from tests.factories import make_account, make_number, make_sid, make_user
from tests.pages import Page, url_of
from tests.portal.test_search import found, led_to
from tests.porting.filing import PREFIX
from tests.porting.following.requests import by_hand, filed, number
from tests.porting.hosting import ordered
from tests.query_counts import counted

pytestmark = pytest.mark.django_db
NATIONAL = f"({PREFIX[2:5]}) {PREFIX[5:8]}-{PREFIX[8:]}"


@pytest.fixture(autouse=True)
def _by_hand(twilio):
    by_hand(twilio)


@pytest.fixture
def request_(parent):
    return filed(parent, "10", "11")


def test_a_number_in_any_format_opens_the_request_that_it_is_in(as_viewer, request_):
    e164 = f"{PREFIX}10"
    for text in (e164, e164[1:], e164[2:], f"{NATIONAL}10", f"1-{NATIONAL}10", f"{e164[2:9]}*{e164[10:]}"):
        assert led_to(as_viewer, text) == request_.get_absolute_url(), text


def test_several_are_a_list_and_what_is_over_gives_way_to_what_is_not(as_viewer, parent, address, request_):
    e164 = f"{PREFIX}10"
    order = ordered(parent, address, "10")[0]
    HostedOrder.objects.filter(pk=order.pk).update(phone_number=e164)
    assert led_to(as_viewer, e164) == ""
    assert set(found(as_viewer, f"{NATIONAL}10")) == {"Port-in requests", "Hosted orders"}

    HostedOrder.objects.filter(pk=order.pk).update(status="failed")
    assert led_to(as_viewer, e164) == request_.get_absolute_url()

    PortInRequest.objects.update(status="completed")
    ours = make_number(parent, phone_number=e164)
    assert led_to(as_viewer, e164) == ours.get_absolute_url()


def test_sids_and_tickets_open_what_they_name(as_viewer, parent, address, request_):
    order = ordered(parent, address, "12")[0]
    HostedOrder.objects.filter(pk=order.pk).update(bulk_sid=(bulk := make_sid("BH")))
    assert request_.ticket

    for text in (request_.pk, number(request_, "11").pk, request_.ticket, f"#{request_.ticket}"):
        assert led_to(as_viewer, text) == request_.get_absolute_url(), text
    for text in (order.pk, bulk):
        assert led_to(as_viewer, text) == order.get_absolute_url(), text
    for ours in ("SUP-77", "https://desk.example.com/tickets/77", "#8812345"):
        PortInRequest.objects.filter(pk=request_.pk).update(our_ticket=ours)
        assert set(found(as_viewer, ours)) == {"Port-in requests"}, ours
        assert Page.of(as_viewer, url_of("/port-ins/", q=ours)).rows == [request_.get_absolute_url()], ours
    assert led_to(as_viewer, "#8812345") == request_.get_absolute_url()


def test_more_than_fit_are_a_list_of_requests(as_viewer, parent):
    for ending in range(10, 20):
        filed(parent, str(ending))

    page = Page(as_viewer.get("/search/", {"q": PREFIX[2:]}))
    listed = Page.of(as_viewer, page.link("All of them as a list"))

    assert len(listed.rows) == 10


def test_the_lists_take_the_same_formats(as_viewer, request_):
    for text in (f"{NATIONAL}10", f"0{PREFIX[2:]}10", f"#{request_.ticket}"):
        assert Page.of(as_viewer, url_of("/port-ins/", q=text)).rows == [request_.get_absolute_url()], text


def test_nothing_of_others_accounts_is_found(parent, address, request_):
    order = ordered(parent, address, "12")[0]
    stranger = Client()
    stranger.force_login(make_user("support", accounts=[make_account()]))

    for text in (f"{PREFIX}10", f"{NATIONAL}10", request_.pk, request_.ticket, order.phone_number, order.pk):
        assert found(stranger, text) == {}, text


def test_it_costs_as_many_queries_for_one_as_for_many(as_viewer, parent, request_):
    texts = {"search number": f"{PREFIX}10", "search digits": f"{NATIONAL}10"}
    for _ in range(2):
        for name, text in texts.items():
            found(as_viewer, text)
            with counted(name):
                found(as_viewer, text)
        PortInNumber.objects.filter(request=filed(parent, "13", "14")).update(phone_number=f"{PREFIX}10")
