"""Our own ticket stands beside Twilio's, and no reading of Twilio's takes it away."""

import pytest

from portal.models import Operation
from tests.pages import Page, assert_is_region
from tests.porting.following.requests import by_hand, filed, read
from tests.query_counts import counted

pytestmark = pytest.mark.django_db
URL = "https://desk.example.com/tickets/4711"


@pytest.fixture(autouse=True)
def _by_hand(twilio):
    by_hand(twilio)


@pytest.fixture
def port_in(parent):
    return filed(parent, "00")


def save(client, port_in, ticket):
    return client.post(f"{port_in.get_absolute_url()}ticket/", {"our_ticket": ticket})


def test_an_address_is_a_link_and_its_history_says_who_set_it(as_porter, parent, porter, port_in):
    assert save(as_porter, port_in, f"  {URL} ")["Location"] == port_in.get_absolute_url()

    page = Page.of(as_porter, port_in.get_absolute_url())
    assert page.link(URL) == URL
    assert f"Our ticket: nothing → {URL}" in page.one(".timeline").text
    assert port_in.ticket in page.one("section[aria-labelledby='about']").text
    assert read(parent, port_in.pk).our_ticket == URL
    assert Operation.objects.get(kind="porting.set_our_ticket").actor == porter


def test_a_reference_is_text_and_the_same_twice_is_one_change(as_porter, port_in):
    save(as_porter, port_in, "DESK-4711")
    save(as_porter, port_in, "DESK-4711")

    page = Page.of(as_porter, port_in.get_absolute_url())
    assert "DESK-4711" in page.one("section[aria-labelledby='about']").text
    assert not page.has_link("DESK-4711")
    assert Operation.objects.filter(kind="porting.set_our_ticket").count() == 1
    save(as_porter, port_in, "")
    port_in.refresh_from_db()
    assert port_in.our_ticket == ""


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("http://desk.example.com/1", "Use https://"),
        ("javascript:alert(1)", "Enter a web address"),
        ("https://", "Enter a web address"),
        ("x" * 301, "at most 300 characters"),
    ],
)
def test_what_is_no_ticket_is_refused(as_porter, port_in, typed, words):
    answer = save(as_porter, port_in, typed)
    assert answer.status_code == 422
    assert words in Page(answer).one("[data-error-summary]").text
    port_in.refresh_from_db()
    assert port_in.our_ticket == ""


def test_it_is_for_those_who_may_write_notes(as_viewer, as_porter, port_in):
    assert save(as_viewer, port_in, URL).status_code == 403
    assert as_porter.put(f"{port_in.get_absolute_url()}ticket/").status_code == 405
    assert as_porter.get("/port-ins/KW00000000000000000000000000000000/ticket/").status_code == 404
    assert_is_region(as_porter, f"{port_in.get_absolute_url()}ticket/", "our-ticket")
    with counted("port_in_ticket"):
        as_porter.get(f"{port_in.get_absolute_url()}ticket/")
