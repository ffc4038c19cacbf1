"""The compliance report: every figure is the length of the list behind it."""

import csv
import re

import pytest
from django.urls import reverse

from inventory.models import PhoneNumber
from portal.models import Batch, Role
from tests.compliance.mapping import read_papers
from tests.factories import make_account, make_address, make_bundle, make_number, make_regulation, make_user
from tests.pages import Page, assert_is_region, url_of
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

REPORT = "/compliance/report/"


@pytest.fixture
def ours():
    return make_account(friendly_name="Ours")


@pytest.fixture
def stock(ours):
    """Four German local numbers, one French one that needs nothing, and one of another account."""
    other = make_account(friendly_name="Theirs")
    german, _ = make_regulation("DE", "local"), make_regulation("FR", "mobile")
    bundle = make_bundle(ours, german)
    berlin = make_address(ours, iso_country="DE")
    for count, fields in enumerate(
        (
            {"bundle_sid": bundle.pk, "address_sid": berlin.pk},
            {"bundle_sid": bundle.pk, "address_sid": None},
            {},
            {"bundle_sid": make_bundle(ours, german, status="in-review").pk, "address_sid": berlin.pk},
        )
    ):
        make_number(ours, phone_number=f"+49302312500{count}", address_requirements="local", **fields)
    make_number(ours, phone_number="+33140000001")
    make_number(other, phone_number="+493023125009", address_requirements="local")
    return ours, other


def groups(page):
    """Each row as its figures, by name."""
    return {
        row.one("th").text: [cell.text for cell in row.all("td")]
        for row in page.one("table").all("tbody tr, tfoot tr")
    }


def test_it_counts_by_country_and_type(as_viewer, stock):
    page = Page.of(as_viewer, REPORT)
    # not compliant, pending, not known, provisional, compliant, nothing asked, numbers, percent
    assert groups(page) == {
        "Germany, local": ["3", "1", "0", "0", "1", "0", "5", "20 %"],
        "All": ["3", "1", "0", "0", "1", "1", "6", "20 %"],
    }
    assert "1 of 5 numbers that need something" in page.text
    assert "Emergency addresses are left out" in page.text
    assert page.link("How it is worked out") == reverse("compliance:standing-rule")
    assert "1 number of 1 country and type for which Twilio lists no regulation" in page.text
    assert "France, local" in groups(Page.of(as_viewer, url_of(REPORT, quiet="1")))
    assert_is_region(as_viewer, url_of(REPORT, open="all"), "report")


def test_it_opens_to_accounts(as_viewer, stock):
    page = Page.of(as_viewer, REPORT)
    opened = Page.of(as_viewer, page.link("Germany, local"))
    assert groups(opened)["Ours"] == ["2", "1", "0", "0", "1", "0", "4", "25 %"]
    assert groups(opened)["Theirs"] == ["1", "0", "0", "0", "0", "0", "1", "0 %"]
    assert "Ours" not in groups(Page.of(as_viewer, opened.link("Germany, local")))
    assert "Theirs" in groups(Page.of(as_viewer, page.link("Show accounts")))


def test_every_figure_is_the_length_of_the_list_behind_it(twilio, parent, as_viewer):
    read_papers(twilio, parent)
    page = Page.of(as_viewer, url_of(REPORT, open="all", quiet="1"))
    links = [
        (link["href"], link.text)
        for link in page.all("#report a")
        if link["href"].startswith("/numbers/?") and re.fullmatch(r"[\d,]+", link.text)
    ]
    assert len(links) > 30
    for url, figure in links[:: max(1, len(links) // 25)]:
        caption = Page.of(as_viewer, url).one("caption").text
        assert caption.startswith(f"{figure} number"), url


def test_it_is_narrowed_by_country_and_account(as_viewer, stock):
    ours, other = stock
    assert groups(Page.of(as_viewer, url_of(REPORT, account=other.pk)))["All"][6] == "1"
    page = Page.of(as_viewer, url_of(REPORT, country="FR", quiet="1"))
    assert groups(page)["All"][5] == "1"
    assert "No number is there" in Page.of(as_viewer, url_of(REPORT, country="JP")).text
    link = Page.of(as_viewer, url_of(REPORT, account=ours.pk)).all(".figures a")[0]["href"]
    assert f"account={ours.pk}" in link


def test_only_visible_accounts_are_counted(client, stock):
    ours, other = stock
    client.force_login(make_user(Role.SUPPORT, accounts=[other]))
    assert groups(Page.of(client, REPORT))["All"][6] == "1"
    assert "No number is there" in Page.of(client, url_of(REPORT, account=ours.pk)).text


def test_what_is_missing_leads_to_the_numbers_and_to_assigning(as_support, as_viewer, stock):
    page = Page.of(as_support, REPORT)
    causes = {item.one(".causes__line > span").text: item.one("b a").text for item in page.all(".causes li")}
    assert causes == {
        "No bundle is set, and the regulation asks for one": "2",
        "No address is set, and Twilio asks for one": "1",
    }
    form = page.all(".causes form")[0]
    sent = {field["name"]: field["value"] for field in form.all("input[type=hidden]")}
    sent.pop("csrfmiddlewaretoken", None)
    answer = as_support.post(form["action"], {**sent, "do": form.one("button")["value"]})
    batch = Batch.objects.get()
    assert answer["Location"] == reverse("compliance:bulk-assign", args=[batch.pk])
    assert batch.items.count() == 2
    assert Page.of(as_viewer, REPORT).all(".causes form") == []


def test_it_is_exported_with_the_moment_of_counting(as_support, as_viewer, stock):
    ours, other = stock
    answer = as_support.get(f"{REPORT}export/")
    rows = list(csv.reader(b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()))
    header, german = rows[0], [row for row in rows if row[0] == "DE"]
    assert header[:4] == [
        "Country (country)", "Type (number_type)", "Account (account_sid)", "Account name (account)",
    ]  # fmt: skip
    assert header[4] == "Not compliant, derived (not_compliant)"
    assert [row[1:11] for row in german] == [
        ["local", ours.pk, "Ours", "2", "1", "0", "0", "1", "0", "4"],
        ["local", other.pk, "Theirs", "1", "0", "0", "0", "0", "0", "1"],
    ]
    assert re.match(r"\d{4}-\d\d-\d\dT", german[0][11])
    assert as_viewer.get(f"{REPORT}export/").status_code == 403


def test_it_is_only_read(as_viewer):
    assert as_viewer.post(REPORT).status_code == 405
    assert as_viewer.post(f"{REPORT}rule/").status_code == 405


def test_nobody_without_a_role_sees_it(client):
    client.force_login(make_user())
    assert client.get(REPORT).status_code == 403
    assert client.get(f"{REPORT}rule/").status_code == 403


def test_the_rule_is_explained(as_viewer):
    page = Page.of(as_viewer, f"{REPORT}rule/")
    assert "is derived from the number" in page.text
    assert "The bundle was rejected" in page.text


def test_without_numbers_it_says_so(as_viewer):
    assert "There are no numbers yet" in Page.of(as_viewer, REPORT).text


def test_numbers_that_were_not_listed_any_more_are_not_counted(as_viewer, stock):
    PhoneNumber.objects.filter(phone_number="+493023125000").update(
        missing_since="2026-01-01T00:00Z", facet_id=None
    )
    assert groups(Page.of(as_viewer, REPORT))["All"][6] == "5"


def test_it_takes_as_many_queries_for_many_numbers_as_for_few(as_viewer, stock):
    with counted("compliance_report"):
        Page.of(as_viewer, REPORT)
    for country in ("ES", "IT", "NL"):
        regulation = make_regulation(country, "local")
        make_bundle(stock[0], regulation)
    make_number(stock[0], phone_number="+34910000001")
    make_number(stock[0], phone_number="+390600000001")
    with counted("compliance_report"):
        Page.of(as_viewer, url_of(REPORT, open="all", quiet="1"))
