"""What will Twilio send as? The answer of the register to a message that somebody means to send."""

import pytest

from tests.factories import make_account, make_sender
from tests.pages import Page, assert_is_region, url_of

pytestmark = pytest.mark.django_db

TEST = "/senders/test/"


@pytest.fixture
def account(db):
    account = make_account(friendly_name="Ours")
    make_sender(account, "CO", "Owl Inc")
    make_sender(account, "CO", "Hoot Hoot", is_default=True)
    make_sender(account, "MX", "Owl Inc")
    make_sender(account, "MX", "Hoot Hoot")
    return account


def asked(client, account, country, sender):
    return Page.of(client, url_of(TEST, account=account.pk, country=country, sender=sender))


def answer(page):
    """What Twilio sends as, the rule's badge, and which of the three rules is marked."""
    return (
        page.one(".sends-as").text,
        page.one("section[aria-labelledby=answer] .badge").text,
        [index for index, rule in enumerate(page.all(".rules li"), 1) if rule.get("aria-current")],
    )


@pytest.mark.parametrize(
    ("country", "from_", "expected"),
    [
        ("CO", "Owl Inc", ("Owl Inc", "As given", [1])),
        ("CO", "Hoot Hoot", ("Hoot Hoot", "As given", [1])),
        ("CO", "+15551234567", ("Hoot Hoot", "Replaced", [2])),
        ("CO", "hoot hoot", ("Hoot Hoot", "Replaced", [2])),
        ("MX", "Owl Inc", ("Owl Inc", "As given", [1])),
        ("MX", "Other Corp", ("Other Corp", "As given, not registered", [3])),
        ("MX", "hoot hoot", ("hoot hoot", "As given, not registered", [3])),
        ("DE", "Owl Inc", ("Owl Inc", "As given, not registered", [3])),
    ],
)
def test_it_answers_with_the_rule_that_applied(as_viewer, account, country, from_, expected):
    assert answer(asked(as_viewer, account, country, from_)) == expected


def test_it_says_which_one_was_nearly_given(as_viewer, account):
    page = asked(as_viewer, account, "MX", "hoot hoot")

    assert page.one(".sends-as__nearly").text == (
        "Hoot Hoot is registered. The match is exact: capitals, spaces and signs count."
    )
    assert "carriers may block the message" in page.one("section[aria-labelledby=answer]").text


def test_spaces_at_the_ends_of_a_from_count(as_viewer, account):
    assert answer(asked(as_viewer, account, "CO", "Owl Inc "))[1] == "Replaced"


def test_another_account_has_other_sender_ids(as_viewer, account):
    other = make_account()

    assert answer(asked(as_viewer, other, "CO", "Owl Inc"))[1] == "As given, not registered"


def test_it_offers_to_add_what_is_missing_to_those_who_may(as_viewer, as_support, account):
    page = asked(as_support, account, "MX", "O&O +1")
    form = Page.of(as_support, page.link("Add O&O +1 to the register")).form()

    assert (form["account"], form["country"], form["sender"]) == ([account.pk], ["MX"], ["O&O +1"])
    assert not asked(as_viewer, account, "MX", "O&O +1").has_link("Add O&O +1 to the register")


def test_hostile_text_is_shown_as_text(as_viewer, account):
    page = asked(as_viewer, account, "MX", "<b>x</b>")

    assert page.one(".sends-as").text == "<b>x</b>"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"sender": ""}, "Enter from"),
        ({"country": ""}, "Choose the country"),
        ({"account": ""}, "Choose the account"),
        ({"account": "AC1"}, "Select a valid choice"),
        ({"sender": "a\0"}, "Null characters"),
    ],
)
def test_what_is_missing_is_asked_for(as_viewer, account, changed, words):
    make_account()
    page = Page.of(
        as_viewer, url_of(TEST, **{"account": account.pk, "country": "CO", "sender": "Owl Inc", **changed})
    )

    assert words in page.one(".notice--bad").text
    assert not page.all(".sends-as")


def test_opened_from_a_country_it_asks_for_the_from_alone(as_viewer, account):
    form = Page.of(as_viewer, url_of(TEST, account=account.pk, country="CO")).form()

    assert form == {"account": [account.pk], "country": ["CO"]}


def test_the_part_for_htmx_is_the_pages_own(as_viewer, account):
    assert_is_region(as_viewer, url_of(TEST, account=account.pk, country="CO", sender="Owl"), "test")
    assert as_viewer.post(TEST).status_code == 405
