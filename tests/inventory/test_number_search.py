"""Searching for numbers to buy: live, with every filter of pages 6, 7 and 19 to 22, and what they ask for."""

import re
from datetime import date

import pytest
from django.urls import reverse

from inventory.buying.search import Search
from inventory.buying.use_cases import USE_CASES
from inventory.models import NumberActivity, PhoneNumber
from portal.models import Role, TwilioAccount
from portal.sandbox.catalog import USE_CASES as PAGE_7
from portal.sandbox.dataset.plan import COUNTRIES
from portal.sandbox.faults import Fault
from tests.answers import Answer, answering
from tests.factories import (
    make_account,
    make_address,
    make_bundle,
    make_number,
    make_price,
    make_regulation,
    make_user,
)
from tests.pages import Page, assert_is_region, url_of
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

SEARCH = "/numbers/buy/"
AVAILABLE = "*/AvailablePhoneNumbers/*"


@pytest.fixture(autouse=True)
def _account(parent):
    return parent


def search(client, country="US", kind="local", **filters):
    return Page.of(client, url_of(SEARCH, country=country, type=kind, **filters))


def found(page):
    return [re.sub(r"[^+0-9]", "", cell.text) for cell in page.all(".found tbody th .tn")]


def asked(twilio, path=AVAILABLE):
    """The filters of the last search, as Twilio got them."""
    entry = twilio.journal.entries(method="GET", path=path)[-1]
    return {name: value for name, value in entry.query if name != "PageSize"}


# Where


def test_it_reads_the_countries_and_their_types_live(as_support):
    page = Page.of(as_support, SEARCH)

    offered = {
        row.one("th").text: [link.text for link in row.all("a")] for row in page.all(".offered tbody tr")
    }
    assert set(offered) == set(COUNTRIES.values())
    assert [kind.split()[0] for kind in offered["France"]] == [
        "Local",
        "Mobile",
        "National",
        "VoIP",
        "Shared",
    ]


def test_the_countries_are_asked_for_once_in_a_while(as_support, twilio):
    for _ in range(3):
        Page.of(as_support, SEARCH)
        search(as_support)
    paths = [entry.path for entry in twilio.journal.entries(path="*/AvailablePhoneNumbers.json")]
    assert len(paths) == 1


def test_a_type_that_is_new_to_us_is_offered_as_twilio_names_it(as_support, parent):
    base = f"/2010-04-01/Accounts/{parent.pk}/AvailablePhoneNumbers"
    country = {
        "country_code": "XK", "country": "Kosovo", "beta": True,
        "subresource_uris": {"satellite": f"{base}/XK/Satellite.json"},
    }  # fmt: skip
    listed = Answer(body={"countries": [country], "uri": ""})
    with answering(listed, Answer(body={"available_phone_numbers": [], "uri": ""})) as script:
        page = Page.of(as_support, url_of(SEARCH, country="XK"))
    assert "satellite" in page.one(".kinds").text
    assert script.requests[-1].url.split("?")[0].endswith("/XK/Satellite.json"), "the only type is chosen"


def test_a_country_with_one_type_needs_no_choice_and_an_unknown_one_is_said(as_support):
    assert "Choose another country" in Page.of(as_support, url_of(SEARCH, country="ZZ")).text
    assert not Page.of(as_support, url_of(SEARCH, country="GB")).all(".found")


# Filters


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ({"pattern": "+1 (415) 555"}, {"Contains": "+1415555"}),
        ({"can": ["voice", "sms"]}, {"VoiceEnabled": "true", "SmsEnabled": "true"}),
        ({"can": ["mms", "fax"]}, {"MmsEnabled": "true", "FaxEnabled": "true"}),
        ({"without": ["local", "foreign"]},
         {"ExcludeLocalAddressRequired": "true", "ExcludeForeignAddressRequired": "true"}),
        ({"without": ["all", "local"]}, {"ExcludeAllAddressRequired": "true"}),
        ({"beta": "no"}, {"Beta": "false"}),
        ({"area_code": "415"}, {"AreaCode": "415"}),
        ({"in_region": "CA"}, {"InRegion": "CA"}),
        ({"in_locality": "Austin"}, {"InLocality": "Austin"}),
        ({"in_postal_code": "10001"}, {"InPostalCode": "10001"}),
        ({"in_lata": "132", "in_rate_center": "HEMPSTEAD"}, {"InLata": "132", "InRateCenter": "HEMPSTEAD"}),
        ({"near_number": "(212) 555-0101", "distance": "50"},
         {"NearNumber": "+12125550101", "Distance": "50"}),
        ({"near_lat_long": "37.84, -122.46"}, {"NearLatLong": "37.84,-122.46"}),
    ],
)  # fmt: skip
def test_each_filter_is_twilios(as_support, twilio, typed, sent):
    page = search(as_support, **typed)

    assert asked(twilio) == sent
    assert len(page.all(".chips .chip")) == sum(len(v) if isinstance(v, list) else 1 for v in typed.values())


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"pattern": "5*5"}, "Put * and % in front or at the end"),
        ({"area_code": "41"}, "Enter an area code of three digits"),
        ({"near_number": "+49 30 23125017"}, "Enter a number of the US or Canada"),
        ({"near_lat_long": "91,0"}, "Enter latitude and longitude"),
        ({"near_lat_long": "nowhere"}, "Enter latitude and longitude"),
        ({"distance": "501", "near_number": "+12125550101"}, "Enter a distance from 1 to 500 miles"),
        ({"distance": "far"}, "Enter a whole number of miles"),
        ({"distance": "20"}, "Say near which number or place"),
        ({"in_rate_center": "HEMPSTEAD"}, "Enter the LATA too"),
        ({"near_number": "+12125550101", "near_lat_long": "1,1"}, "Enter one of them"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_before_twilio_is_asked(as_support, twilio, typed, words):
    page = search(as_support, **typed)

    assert page.title.startswith("Error: ")
    assert words in page.one("[data-error-summary]").text
    assert not twilio.journal.entries(path="*/Local.json")
    for name, value in typed.items():
        assert page.one(f"[name={name}]")["value"] == value, "what was typed is kept"


def test_filters_of_north_america_are_asked_and_shown_nowhere_else(as_support, twilio):
    page = search(as_support, "GB", "local", area_code="415", in_region="CA", in_locality="London")

    assert asked(twilio) == {"InLocality": "London"}
    assert not page.all("[name=area_code]")
    assert not page.all("[name=near_number]")
    assert {row.one(".sub").text.split()[0] for row in page.all(".found tbody th")} == {"London"}
    assert search(as_support).all("[name=area_code]")


def test_the_pattern_is_marked_in_each_number(as_support):
    page = search(as_support, pattern="HELP$")

    assert page.all(".found mark")
    assert {mark.text for mark in page.all(".found mark")} == {"4357"}
    assert "4357 (HELP)" in page.one("#pattern-help").text


def test_it_says_the_limit_of_thirty_and_how_to_see_others(as_support):
    page = search(as_support)

    assert len(found(page)) == 30
    assert "Twilio shows 30 at most" in page.one("caption").text
    others = Page.of(as_support, page.one(".vary").all("a")[7]["href"])
    assert all(number.endswith("7") for number in found(others) if number)
    assert not search(as_support, "AU", "toll-free").all(".vary")


def test_a_search_without_result_says_what_to_do(as_support):
    assert "Take a filter away" in search(as_support, pattern="+1999999").one(".empty").text


# Prices


def test_each_number_has_its_price_and_the_base_price_is_struck_out(as_support, parent):
    make_price(parent, "US", "local", "1.00", base_price="1.15")
    make_price(parent, "US", "toll-free", "2.00")

    page = search(as_support)
    assert page.all(".found .price")[0].text == "before discounts $1.15 $1.00"
    assert page.all(".found .price del")
    assert not search(as_support, kind="toll-free").all(".found .price del")


def test_a_number_without_price_says_so(as_support):
    assert search(as_support).all(".found .price")[0].text == "no price"


# What Twilio asks for


@pytest.mark.parametrize(
    ("held", "meets"), [([], False), (["US"], False), (["DE"], True), (["US", "DE"], True)]
)
def test_the_address_need_stands_beside_each_number_and_whether_it_is_met(as_support, parent, held, meets):
    for country in held:
        make_address(parent, iso_country=country)

    row = search(as_support, "DE", "local").all(".found tbody tr")[0]
    assert "An address in the country" in row.text
    assert ("You have one" in row.text) == meets


def test_an_address_abroad_is_asked_for_as_such(as_support, parent):
    make_address(parent, iso_country="FI")
    row = search(as_support, "FI", "toll-free").all(".found tbody tr")[0]
    assert "An address outside the country" in row.text
    assert "You have none" in row.text


def test_a_bundle_is_asked_for_where_there_is_a_regulation(as_support, parent):
    make_bundle(parent, make_regulation("DE", "local"), friendly_name="Berlin office")

    asks = search(as_support, "DE", "local").one(".asks").text
    assert "a regulatory bundle You have one" in asks
    assert "Approved for them: Berlin office" in asks
    assert "21649" in asks
    assert "What Twilio asks for: no bundle" in search(as_support).one(".asks").text
    assert "a bundle perhaps" in search(as_support, "FR", "voip").one(".asks").text


def test_a_bundle_of_another_account_is_none_of_this_one(as_support, parent):
    other = make_account(owner_sid=parent.pk)
    make_bundle(other, make_regulation("DE", "local"))

    page = search(as_support, "DE", "local", account=parent.pk)
    assert "This account has none" in page.one(".asks").text


def test_only_what_can_be_bought_today_asks_twilio_for_just_that(as_support, twilio, parent):
    search(as_support, "DE", "local", today="on")
    assert asked(twilio) == {"ExcludeAllAddressRequired": "true"}

    make_address(parent, iso_country="US")
    search(as_support, "DE", "local", today="on")
    assert asked(twilio) == {"ExcludeLocalAddressRequired": "true"}

    make_address(parent, iso_country="DE")
    page = search(as_support, "DE", "local", today="on")
    assert asked(twilio) == {}
    assert found(page)


@pytest.mark.parametrize(
    "fields", [{"status": "in-review"}, {"status": "draft"}, {"valid_until": "2024-01-01T00:00:00Z"}]
)
def test_nothing_can_be_bought_today_where_no_bundle_does(as_support, parent, fields):
    make_address(parent, iso_country="DE")
    regulation = make_regulation("DE", "local")
    make_bundle(parent, regulation, **fields)
    make_bundle(parent, make_regulation("DE", "mobile"))
    make_bundle(make_account(owner_sid=parent.pk), regulation)

    page = search(as_support, "DE", "local", today="on", account=parent.pk)
    assert "asks for papers that" in page.one(".empty").text
    make_bundle(parent, regulation)
    assert found(search(as_support, "DE", "local", today="on", account=parent.pk))


# What is owned already


def test_a_number_of_ones_own_that_nobody_uses_is_offered_first(as_support, parent):
    for number, state, keep_until in (
        ("+12015550111", "active", None),
        ("+12015550112", "idle", None),
        ("+12015550113", "idle", date(2999, 1, 1)),
        ("+12015550114", "new", None),
    ):
        row = make_number(parent, phone_number=number)
        NumberActivity.objects.filter(pk=row.pk).update(state=state, keep_until=keep_until)

    page = search(as_support)
    idle = PhoneNumber.objects.get(phone_number="+12015550112")
    assert page.link("+1 201-555-0112") == idle.get_absolute_url()
    for other in ("+1 201-555-0111", "+1 201-555-0113", "+1 201-555-0114"):
        assert not page.has_link(other)
    assert not search(as_support, can=["fax"]).has_link("+1 201-555-0112"), "it cannot do that"
    assert not search(as_support, kind="toll-free").has_link("+1 201-555-0112")


# Use cases


def test_the_presets_are_those_of_page_7_to_the_letter():
    ours = {
        f"{case.name}.{capability}": dict(case.voice if capability == "voice" else case.sms)
        for case in USE_CASES.values()
        for capability in case.capabilities
    }
    assert ours == {name: dict(filters) for name, filters in PAGE_7.items()}
    assert len(USE_CASES) == 7


def test_a_use_case_is_looked_for_in_the_catalog(as_support, twilio):
    page = search(as_support, use="conversations", used_for=["voice", "sms"], in_region="CA")

    [entry] = twilio.journal.entries(path="*/Numbers/AvailableNumbers")
    assert [value for name, value in entry.query if name == "SavedSearch"] == [
        "twilio.use-case.conversations.voice", "twilio.use-case.conversations.sms",
    ]  # fmt: skip
    sent = dict(entry.query)
    assert (sent["Type"], sent["Geography.IsoCountry"], sent["Geography.Region"]) == ("local", "US", "CA")
    assert "From the Global Catalog" in page.text
    assert len(found(page)) == 50
    assert "beta" not in page.one(".found").text


def test_an_account_without_the_preview_falls_back_and_says_so(as_support, twilio, parent):
    twilio.set_account(parent.pk, catalog=False)

    page = search(as_support, use="contact-centers", used_for="sms")
    assert "From AvailablePhoneNumbers. This account has no access to the Global Catalog" in page.text
    assert "Not checked: 6 conditions" in page.text
    assert asked(twilio) == {"SmsEnabled": "true"}
    assert found(page)

    search(as_support, use="marketing")
    assert len(twilio.journal.entries(path="*/Numbers/AvailableNumbers")) == 1, "it is remembered"


def test_a_filter_that_the_catalog_lacks_is_asked_of_the_other_source(as_support, twilio):
    page = search(as_support, use="marketing", pattern="+1415")

    assert "The Global Catalog cannot be asked for all of these filters" in page.text
    assert asked(twilio) == {"Contains": "+1415", "VoiceEnabled": "true"}
    assert not twilio.journal.entries(path="*/Numbers/AvailableNumbers")


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 503}, {"kind": "html"}, {"kind": "reset"}])
def test_a_catalog_that_fails_is_no_failure(as_support, twilio, fault):
    twilio.faults.add(Fault(path="*/Numbers/*", **fault))

    page = search(as_support, use="notifications")
    assert "The Global Catalog did not answer." in page.text
    assert found(page)

    twilio.faults.clear()
    assert "From the Global Catalog" in search(as_support, use="verifications").text, (
        "that was not remembered"
    )


def test_what_can_be_bought_today_is_found_in_the_catalog_too(as_support, twilio, parent):
    make_address(parent, iso_country="US")

    page = search(as_support, use="conversations", today="on")
    assert "From the Global Catalog" in page.text
    assert found(page)


def test_a_company_phone_system_is_about_calls(as_support):
    wanted = Search("US", "local", use_case="pbx-collaborations", used_for=("sms",))
    assert wanted.catalog_filters()["SavedSearch"] == ["twilio.use-case.pbx-collaborations.voice"]


# When Twilio cannot be asked


@pytest.mark.parametrize(
    "fault", [{"kind": "status", "status": 503}, {"kind": "html"}, {"kind": "truncated"}]
)
def test_twilio_down_is_said_and_the_form_is_kept(as_support, twilio, parent, fault):
    make_price(parent, "US", "local", "1.00")
    twilio.faults.add(Fault(**fault))

    page = search(as_support, pattern="+1415", in_region="CA")
    assert "Unavailable: Twilio could not be asked" in page.text
    assert page.one("[name=pattern]")["value"] == "+1415"
    assert page.one("[name=in_region]")["value"] == "CA"
    assert page.one("#id_country option[selected]").text == "United States"


def test_twilios_refusal_is_shown_with_its_code(as_support, twilio, parent):
    countries = twilio.direct("GET", f"/2010-04-01/Accounts/{parent.pk}/AvailablePhoneNumbers.json")
    refusal = Answer(401, {"code": 20003, "message": "Authenticate", "status": 401})
    with answering(Answer(body=countries), refusal):
        page = search(as_support)
    assert "Twilio refused the search Twilio did not accept our credentials" in page.text
    assert page.link("Twilio error 20003")


# Who


def test_a_viewer_may_not_look_for_numbers_to_buy(as_viewer, as_manager):
    for client in (as_viewer, as_manager):
        assert client.get(SEARCH).status_code == 403
    assert not Page.of(as_viewer, "/numbers/").has_link("Buy numbers")


def test_one_buys_for_the_accounts_one_may(client, parent):
    mine, foreign = make_account(friendly_name="Mine"), make_account(friendly_name="Foreign")
    client.force_login(make_user(Role.SUPPORT, accounts=[mine]))

    assert client.get(url_of(SEARCH, account=foreign.pk)).status_code == 404
    page = Page.of(client, SEARCH)
    assert page.one("[name=account]")["value"] == mine.pk


def test_an_account_that_one_only_sees_is_not_bought_for(client):
    seen, mine = make_account(), make_account()
    user = make_user(Role.SUPPORT, accounts=[mine])
    membership = user.memberships.create(role=Role.VIEWER)
    membership.accounts.set([seen])
    client.force_login(user)

    assert client.get(url_of(SEARCH, account=seen.pk)).status_code == 403


def test_nobody_buys_for_an_account_that_is_not_active(client):
    suspended = make_account(status="suspended")
    client.force_login(make_user(Role.SUPPORT, accounts=[suspended]))
    assert "No account can buy numbers" in Page.of(client, SEARCH).text


def test_a_trial_account_is_told_its_limit_before_it_buys(as_support, parent):
    TwilioAccount.objects.filter(pk=parent.pk).update(type="Trial")
    assert "is a trial account" in search(as_support).text


# The page itself


def test_the_region_is_the_page_s(as_support):
    assert_is_region(as_support, url_of(SEARCH, country="DE", type="mobile", pattern="+49"), "buying")


def test_posting_is_not_searching(as_support):
    assert as_support.post(SEARCH).status_code == 405


def test_it_takes_few_queries(as_support, parent):
    make_address(parent)
    search(as_support, "DE", "local")
    with counted("number_search"):
        search(as_support, "DE", "local")


@pytest.mark.parametrize(
    ("text", "words"),
    [("+1510", "Finds numbers that start with +1510."), ("5*5", "Put * and %"), ("", "2 to 16 digits")],
)
def test_the_help_of_patterns_is_live(as_support, text, words):
    url = url_of(reverse("inventory:pattern-help"), pattern=text, country="US")
    assert words in Page.part(as_support, url, "pattern-help").text
    assert words in Page.of(as_support, url).one("#pattern-help").text
    assert_is_region(as_support, url, "pattern-help")


def test_every_refusal_is_explained(as_support):
    page = Page.of(as_support, reverse("inventory:purchase-refusals"))
    for code in (21404, 21422, 21452, 21615, 21631, 21649, 21650, 21651, 22300):
        assert page.one(f"#error-{code}")
