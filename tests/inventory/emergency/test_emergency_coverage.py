"""The report of voice numbers without a registered emergency address: every figure is its list's."""

import pytest

from portal.models import Role
from tests.factories import make_account, make_address, make_number, make_user
from tests.inventory.stock import make_numbers
from tests.pages import Page
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

REPORT = "/emergency/"
MUTE = {"capabilities": {"voice": False, "sms": True, "mms": False, "fax": False}}
VOICE = {"capabilities": {"voice": True, "sms": True, "mms": False, "fax": False}}


@pytest.fixture
def stock(db):
    ours, theirs = make_account(friendly_name="Ours"), make_account(friendly_name="Theirs")
    states = ("unregistered", "registered", "pending-registration", "registration-failure", "unheard-of", "")
    rows = [{**VOICE, "emergency_address_status": state} for state in states for _ in range(2)]
    rows += [{**MUTE, "emergency_address_status": "unregistered"}]
    rows += [{**VOICE, "phone_number": "+442079460958", "emergency_address_status": "unregistered"}]
    rows += [
        {**VOICE, "phone_number": number} for number in ("+493023125017", "+33199000015", "+88312345678")
    ]
    make_numbers(ours, [{**row, "emergency_address_sid": None} for row in rows])
    make_number(theirs, phone_number="+14165550142")
    return ours, theirs


def lines(page):
    return {
        (row.one("th").text, row.all("td")[0].text): [int(cell.text) for cell in row.all("td")[1:5]]
        for row in page.all("tbody tr")
    }


def test_it_counts_by_account_and_country(as_viewer, stock):
    page = Page.of(as_viewer, REPORT)

    assert lines(page) == {
        ("Ours", "United States"): [10, 6, 2, 12],
        ("Ours", "United Kingdom"): [1, 0, 0, 1],
        ("Theirs", "Canada"): [1, 0, 0, 1],
    }
    assert [figure.text for figure in page.all(".figures dd a")] == ["12", "2", "6"]
    assert "$75 when Twilio last published the amount, in October 2021" in page.one(".notice--info").text
    assert "2 voice numbers of other countries" in page.one(".footnote").text


def test_every_figure_leads_to_a_list_with_as_many_numbers(as_viewer, stock):
    page = Page.of(as_viewer, REPORT)
    links = page.all(".figures a, tbody a, .footnote a")
    assert len(links) > 8
    for link in links:
        figure = int(link.text.split()[0])
        assert len(Page.of(as_viewer, link["href"]).rows) == figure, link["href"]


def test_only_visible_accounts_are_counted(client, stock):
    _, theirs = stock
    client.force_login(make_user(Role.VIEWER, accounts=[theirs]))
    assert list(lines(Page.of(client, REPORT))) == [("Theirs", "Canada")]
    assert client.get(f"{REPORT}export/").status_code == 403
    assert client.post(REPORT).status_code == 405


def test_it_is_exported(as_support, stock):
    exported = b"".join(as_support.get(f"{REPORT}export/").streaming_content).decode().splitlines()
    assert exported[0].endswith('"Not registered (without)"')
    assert exported[1].endswith('"Ours","US","12","2","6","10"')
    assert len(exported) == 4


def test_with_nothing_to_cover_it_says_so(as_viewer, db):
    make_number(make_account(), phone_number="+493023125017")
    assert "There is nothing to cover" in Page.of(as_viewer, REPORT).one(".empty").text


def test_it_takes_as_many_queries_for_many_accounts_as_for_one(as_viewer):
    account = make_account()
    make_number(account, emergency_address_sid=make_address(account).pk)
    with counted("emergency_coverage"):
        Page.of(as_viewer, REPORT)
    for _ in range(3):
        make_number(make_account(), phone_number="+442079460958")
    with counted("emergency_coverage"):
        Page.of(as_viewer, REPORT)
