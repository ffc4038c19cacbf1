"""One box that finds numbers in any format, SIDs and names."""

import pytest

from portal.models import Role
from portal.search import PER_KIND
from tests.factories import make_account, make_address, make_application, make_number, make_sid, make_user
from tests.inventory.stock import list_numbers
from tests.pages import Page, assert_is_region, htmx, url_of
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

SEARCH = "/search/"


@pytest.fixture
def account(db):
    return make_account(friendly_name="Northern office")


@pytest.fixture
def number(account):
    return make_number(account, phone_number="+493023125017", friendly_name="Front desk 100%")


def ask(client, text):
    return client.get(SEARCH, {"q": text})


def found(client, text):
    """What is found, as the page for htmx tells it: titles by kind."""
    page = Page(client.get(SEARCH, {"q": text}, headers=htmx("findings")))
    return {group["aria-label"]: [hit.text for hit in group.all("tr th")] for group in page.all("section")}


def led_to(client, text):
    """Where it leads at once, if it does."""
    answer = ask(client, text)
    assert answer.status_code in (200, 302)
    return answer["Location"] if answer.status_code == 302 else ""


# Numbers


@pytest.mark.parametrize(
    "text",
    [
        "+493023125017",
        "+49 30 23125017",
        "  0049 (30) 231 25 017 ",
        "+49-30-231.25.017",
        "+49 (0)30 23125017",
        "+49/30/23125017",
        "493023125017",
        "030 23125017",
        "(030) 231-25017",
        "23125017",
        "23125*17",
        "+49 30 23125 *17",
    ],
)
def test_a_number_in_any_format_leads_to_its_page(as_viewer, number, account, text):
    make_number(account, phone_number="+493023125018")
    make_number(account, phone_number="+14155550142")

    assert led_to(as_viewer, text) == number.get_absolute_url()


def test_a_number_as_one_writes_it_in_america(as_viewer, account):
    number = make_number(account, phone_number="+14155550142")
    for text in ("(415) 555-0142", "1-415-555-0142", "415.555.0142", "+1 415 555 0142", "4155550142"):
        assert led_to(as_viewer, text) == number.get_absolute_url(), text


def test_a_few_digits_are_a_list_even_if_it_is_short(as_viewer, number):
    for text in ("5017", "231*5", "+49"):
        assert led_to(as_viewer, text) == ""
        assert found(as_viewer, text) == {"Numbers": ["+49 30 23125017"]}


def test_a_number_that_two_accounts_have_is_offered_twice(as_viewer, account, number):
    twin = make_number(make_account(friendly_name="South"), phone_number=number.phone_number)

    assert led_to(as_viewer, "+49 30 23125017") == ""
    page = Page(ask(as_viewer, "+49 30 23125017"))
    assert set(page.rows) == {number.get_absolute_url(), twin.get_absolute_url()}
    assert "South" in page.one("main").text


def test_a_number_that_is_gone_is_found_and_said_to_be_gone(as_viewer, account, number):
    list_numbers(account, [])

    assert led_to(as_viewer, "030 23125017") == number.get_absolute_url()
    assert "No longer listed by Twilio" in Page(ask(as_viewer, "desk")).one(".hits").text


def test_each_hit_says_what_it_is_and_whose(as_viewer, number):
    page = Page(ask(as_viewer, "front"))

    assert page.one("h1").text == "Found for “front”"
    assert page.one(".head .muted").text == "1 hit"
    assert page.one(".hits tr").text == "+49 30 23125017 Front desk 100% · Germany · Local · Northern office"


def test_more_than_fit_are_a_list_with_as_many_as_there_are(as_viewer, account):
    for _ in range(PER_KIND + 3):
        make_number(account, friendly_name="Night desk")

    page = Page(ask(as_viewer, "desk night"))

    assert len(page.rows) == PER_KIND
    listed = Page.of(as_viewer, page.link("All of them as a list"))
    assert listed.one("caption").text.startswith(f"{PER_KIND + 3} numbers,")
    assert not Page(ask(as_viewer, "nothing like it")).has_link("All of them as a list")


# SIDs


def test_a_sid_leads_to_what_it_names(as_viewer, account, number):
    address, application = make_address(account), make_application(account)
    answering = make_number(account, sms_application_sid=application.pk)

    assert led_to(as_viewer, number.pk) == number.get_absolute_url()
    assert led_to(as_viewer, f" {address.pk} ") == f"/addresses/{address.pk}/"
    assert Page.of(as_viewer, led_to(as_viewer, application.pk)).rows == [answering.get_absolute_url()]
    assert len(Page.of(as_viewer, led_to(as_viewer, account.pk)).rows) == 2


def test_a_sid_of_something_that_numbers_name_finds_the_numbers(as_viewer, account):
    trunk, bundle = make_sid("TK"), make_sid("BU")
    one = make_number(account, trunk_sid=trunk)
    two = make_number(account, bundle_sid=bundle, trunk_sid=trunk)

    assert led_to(as_viewer, bundle) == two.get_absolute_url()
    assert set(Page(ask(as_viewer, trunk)).rows) == {one.get_absolute_url(), two.get_absolute_url()}


@pytest.mark.parametrize("kind", ["PN", "AD", "AP", "AC", "BU", "TK", "IT", "RN", "HR", "ZZ"])
def test_a_sid_that_nothing_has_is_not_found(as_viewer, number, kind):
    assert found(as_viewer, make_sid(kind)) == {}


# Names


def test_words_find_whatever_has_all_of_them_in_its_name(as_viewer, account, number):
    make_number(account, friendly_name="Back desk")
    address = make_address(account, customer_name="Desk & Sons", friendly_name="Front office")
    application = make_application(account, friendly_name="DESK front IVR")
    make_account(friendly_name="Front Desk Ltd")

    assert found(as_viewer, "FRONT desk") == {
        "Numbers": ["+49 30 23125017"], "Addresses": ["Front office"], "Applications": ["DESK front IVR"],
        "Accounts": ["Front Desk Ltd"],
    }  # fmt: skip
    page = Page(ask(as_viewer, "front desk"))
    assert page.link("Front office") == f"/addresses/{address.pk}/"
    assert application.pk in page.link("DESK front IVR")
    assert led_to(as_viewer, "Front Desk Ltd") == "", "a name is never taken for the one thing meant"


def test_what_sql_takes_for_a_pattern_is_taken_for_itself(as_viewer, account, number):
    make_number(account, friendly_name="Front desk 1000")

    assert found(as_viewer, "100%") == {"Numbers": ["+49 30 23125017"]}
    assert found(as_viewer, "desk_100") == {}
    assert found(as_viewer, "\\") == {}


@pytest.mark.parametrize("text", ["\0", "a\0b", "+49\0", "*", "+", "()", "'", '"><b>', "x " * 500, "9" * 900])
def test_text_of_any_kind_is_no_fault(as_viewer, number, text):
    answer = ask(as_viewer, text)

    assert answer.status_code == 200
    Page(answer)


# The page


def test_without_text_it_says_what_it_takes_and_without_hits_what_it_looks_at(as_viewer, number):
    page = Page(ask(as_viewer, "  "))
    assert page.one("h1").text == "Search"
    assert "A number in any format, a SID, a ticket, or a name." in page.one("main").text
    assert not page.all(".empty")

    page = Page(ask(as_viewer, "nobody"))
    assert page.one(".empty h2").text == "Nothing found"
    assert page.one("#search")["value"] == "nobody"


def test_htmx_gets_the_findings_and_never_a_redirect(as_viewer, account, number):
    assert found(as_viewer, number.pk) == {"Numbers": ["+49 30 23125017"]}
    make_number(account, friendly_name="Back desk")
    assert_is_region(as_viewer, url_of(SEARCH, q="desk"), "findings")


def test_it_needs_a_role_and_only_shows(client, as_viewer):
    client.force_login(make_user())
    assert client.get(SEARCH).status_code == 403
    assert as_viewer.post(SEARCH, {"q": "x"}).status_code == 405


def test_the_box_stands_on_every_page(as_viewer, number):
    for url in ("/", "/numbers/", number.get_absolute_url(), "/help/", SEARCH):
        form = Page.of(as_viewer, url).one(".top form[role=search]")
        assert (form["action"], form.one("input")["name"]) == (SEARCH, "q")


def test_it_finds_nothing_of_foreign_accounts_by_any_name(client, account, number):
    address, application = make_address(account), make_application(account)
    client.force_login(make_user(Role.SUPPORT, accounts=[make_account()]))

    for text in (number.pk, address.pk, application.pk, account.pk, "+493023125017", "Northern", "Answering"):
        assert found(client, text) == {}, text


def test_it_takes_as_many_queries_for_many_hits_as_for_one(as_viewer, account):
    for count in (1, 12):
        for _ in range(count):
            make_number(account, friendly_name="Desk")
            make_address(account, customer_name="Desk")
            make_application(account, friendly_name="Desk")
        with counted("search"):
            assert len(found(as_viewer, "desk")) == 3
