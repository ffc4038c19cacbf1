"""One country's sender IDs: what is the default, who changed it when, and changing it."""

import pytest
from django.db import IntegrityError, transaction

from inventory.models import SenderId
from inventory.senders import actions
from inventory.senders.register import default_sender_of
from portal.models import Membership, Operation, Role
from tests.factories import make_account, make_number, make_sender, make_user
from tests.pages import Page, assert_is_region, htmx
from tests.query_counts import counted

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(db):
    return make_account(friendly_name="Ours")


@pytest.fixture
def owl(account):
    return make_sender(account, "CO", "Owl Inc")


@pytest.fixture
def hoot(account):
    return make_sender(account, "CO", "Hoot Hoot", is_default=True)


def defaults():
    return set(SenderId.objects.defaults().values_list("country", "sender"))


def history(client, url):
    """What is said of each event, newest first."""
    return [event.text for event in Page.of(client, url).all(".timeline > li > div")]


def change(client, url, **typed):
    """Open a form, type this into it and send it."""
    sent = {**Page.of(client, url).form(), **typed}
    return client.post(url, sent)


# Its page


def test_it_says_what_is_registered_and_which_is_the_default(as_viewer, owl, hoot):
    page = Page.of(as_viewer, owl.get_absolute_url())

    assert page.one("h1").text == "Sender IDs to Colombia"
    assert page.one("section[aria-labelledby=default] p").text == (
        "Twilio sends as Hoot Hoot whenever the From of a message is not one of the sender IDs below."
    )
    assert [row.text for row in page.all("tbody tr")] == [
        "Hoot Hoot Alphanumeric Default", "Owl Inc Alphanumeric –",
    ]  # fmt: skip
    assert not page.has_link("Change the default")


def test_it_says_that_there_is_no_default(as_viewer, owl):
    page = Page.of(as_viewer, owl.get_absolute_url())

    assert page.one("section[aria-labelledby=default] p").text == (
        "No default Twilio sends with the From as given. One that is not below may be filtered or blocked."
    )


def test_a_number_of_ours_leads_to_its_page(as_viewer, account):
    number = make_number(account, phone_number="+442079460123")
    sender = make_sender(account, "GB", "+442079460123")

    assert Page.of(as_viewer, sender.get_absolute_url()).link("+44 20 7946 0123") == number.get_absolute_url()


def test_it_knows_no_other_countries_and_no_foreign_accounts(client, account, owl):
    client.force_login(make_user(Role.SUPPORT, accounts=[make_account()]))
    for url in (
        owl.get_absolute_url(),
        f"{owl.get_absolute_url()}default/",
        f"/senders/{owl.pk}/remove/",
        f"/senders/test/?account={account.pk}&country=CO&sender=a",
    ):
        assert client.post(url).status_code in (404, 405)
        assert "Owl" not in client.get(url).content.decode().partition("<h1")[2].replace('value="Owl', "")
    client.force_login(make_user(Role.SUPPORT))
    for country in ("MX", "co", "nonsense"):
        assert client.get(f"/senders/{account.pk}/{country}/").status_code == 404
        assert client.get(f"/senders/{account.pk}/{country}/default/").status_code == 404
    assert client.get("/senders/1234567/remove/").status_code == 404


def test_only_those_change_it_whose_role_on_this_account_may(as_viewer, as_manager, client, account, owl):
    person = make_user(Role.VIEWER)
    Membership.objects.create(user=person, role=Role.SUPPORT).accounts.add(make_account())
    client.force_login(person)
    for url in (f"{owl.get_absolute_url()}default/", f"/senders/{owl.pk}/remove/"):
        for whoever in (as_viewer, as_manager, client):
            assert whoever.get(url).status_code == 403
            assert whoever.post(url, {"sender": "Owl Inc"}).status_code == 403
    assert as_viewer.get("/senders/add/").status_code == 403
    choices = Page.of(client, "/senders/add/").all("select[name=account] option")
    assert account.pk not in [choice["value"] for choice in choices]
    assert SenderId.objects.filter(pk=owl.pk, is_default=False).exists()


# Adding


def test_it_adds_a_sender_id_and_tells_who_did(as_support, support, account):
    answer = change(
        as_support, "/senders/add/", account=account.pk, country="CO", sender=" Owl Inc", reason="Ticket 7"
    )

    [row] = SenderId.objects.all()
    assert (row.account, row.country, row.sender, row.is_default) == (account, "CO", "Owl Inc", False)
    assert answer["Location"] == row.get_absolute_url()
    assert history(as_support, row.get_absolute_url()) == [
        f"Sender ID added {support} Registered sender ID: nothing → Owl Inc Reason: Ticket 7"
    ]


def test_one_that_is_added_as_the_default_takes_the_place_of_the_present_one(as_support, account, hoot):
    change(as_support, "/senders/add/", account=account.pk, country="CO", sender="Owl Inc", is_default="on")

    assert defaults() == {("CO", "Owl Inc")}
    assert "Default sender ID: Hoot Hoot → Owl Inc" in history(as_support, hoot.get_absolute_url())[0]


def test_the_same_name_may_be_registered_in_capitals_in_another_country_and_account(as_support, account, owl):
    for sent in (
        {"account": account.pk, "country": "CO", "sender": "OWL INC"},
        {"account": account.pk, "country": "MX", "sender": "Owl Inc"},
        {"account": make_account().pk, "country": "CO", "sender": "Owl Inc"},
    ):
        assert change(as_support, "/senders/add/", **sent).status_code == 302
    assert SenderId.objects.count() == 4


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"sender": "Owl Inc"}, "sender", "Ours has this sender ID for Colombia in the register already"),
        ({"sender": "Much too long a name"}, "sender", "Enter a name of up to 11 letters"),
        ({"sender": ""}, "sender", "Enter sender ID"),
        ({"sender": "a\0b"}, "sender", "Null characters are not allowed."),
        ({"country": ""}, "country", "Choose the country"),
        ({"country": "XX"}, "country", "Select a valid choice"),
        ({"account": "AC1"}, "account", "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field(as_support, account, owl, typed, field, words):
    sent = {"account": account.pk, "country": "CO", "sender": "Owl Inc", **typed}

    answer = as_support.post("/senders/add/", sent)

    assert answer.status_code == 422
    assert words in Page(answer).one(f"#id_{field}_error").text
    assert SenderId.objects.count() == 1
    assert not Operation.objects.exists()


# Changing the default


def test_it_sets_and_replaces_the_default(as_support, support, owl, hoot):
    url = f"{owl.get_absolute_url()}default/"

    answer = change(as_support, url, sender="Owl Inc", reason="Renamed")

    assert answer["Location"] == owl.get_absolute_url()
    assert defaults() == {("CO", "Owl Inc")}
    assert history(as_support, owl.get_absolute_url()) == [
        f"Default changed {support} Default sender ID: Hoot Hoot → Owl Inc Reason: Renamed"
    ]


def test_make_default_opens_the_form_with_that_one_chosen(as_support, owl, hoot):
    link = Page.of(as_support, owl.get_absolute_url()).link("Make default: Owl Inc")

    assert Page.of(as_support, link).form()["sender"] == ["Owl Inc"]


def test_removing_the_default_takes_the_warning_to_be_heeded(as_support, owl, hoot):
    url = f"{owl.get_absolute_url()}default/"
    assert "may be filtered or blocked" in Page.of(as_support, url).one("form .notice").text

    answer = change(as_support, url, sender="")

    assert answer.status_code == 422
    assert Page(answer).one("#id_is_aware_error").text == "Make sure of this first, and tick it"
    assert defaults() == {("CO", "Hoot Hoot")}

    assert change(as_support, url, sender="", is_aware="on").status_code == 302
    assert defaults() == set()
    assert "Hoot Hoot → nothing" in history(as_support, owl.get_absolute_url())[0]


def test_where_there_is_no_default_there_is_nothing_to_warn_of(as_support, owl):
    url = f"{owl.get_absolute_url()}default/"

    assert not Page.of(as_support, url).all("form .notice")
    assert change(as_support, url).status_code == 302
    assert not Operation.objects.exists()


def test_who_was_faster_is_not_overwritten_unseen(as_support, owl, hoot, support):
    url = f"{owl.get_absolute_url()}default/"
    opened = Page.of(as_support, url).form()
    opened_with = {"opened_with": "Hoot Hoot", "actor": support, "reason": ""}
    actions.set_default(account=owl.account, country="CO", sender="", **opened_with)

    answer = as_support.post(url, {**opened, "sender": "Owl Inc"})

    assert answer.status_code == 409
    page = Page(answer)
    assert "The default has changed since you opened this page" in page.one(".notice h2").text
    assert defaults() == set()
    assert as_support.post(url, page.form()).status_code == 302
    assert defaults() == {("CO", "Owl Inc")}


def test_one_that_was_removed_meanwhile_cannot_become_the_default(as_support, owl, hoot):
    owl.delete()

    assert as_support.post(f"{hoot.get_absolute_url()}default/", {"sender": "Owl Inc"}).status_code == 422
    with pytest.raises(actions.ChangedMeanwhile):
        actions.set_default(
            account=hoot.account, country="CO", sender="Owl Inc", opened_with="Hoot Hoot",
            actor=make_user(), reason="",
        )  # fmt: skip
    assert defaults() == {("CO", "Hoot Hoot")}


def test_the_database_knows_one_default_for_a_country(owl, hoot, account):
    with pytest.raises(IntegrityError), transaction.atomic():
        SenderId.objects.filter(pk=owl.pk).update(is_default=True)
    make_sender(account, "MX", "Owl Inc", is_default=True)
    make_sender(make_account(), "CO", "Owl Inc", is_default=True)


# Removing


def test_it_takes_a_sender_id_off_the_register_and_keeps_the_history(as_support, support, hoot):
    url = f"/senders/{hoot.pk}/remove/"
    assert "Without a default" in Page.of(as_support, url).one(".notice").text

    answer = change(as_support, url, reason="Not used")

    assert answer["Location"] == hoot.get_absolute_url()
    assert not SenderId.objects.exists()
    page = Page.of(as_support, hoot.get_absolute_url())
    assert "No sender ID is in the register any more" in page.one("section[aria-labelledby=default]").text
    assert history(as_support, hoot.get_absolute_url()) == [
        f"Sender ID removed {support} Registered sender ID: Hoot Hoot → nothing"
        " Default sender ID: Hoot Hoot → nothing Reason: Not used"
    ]
    assert as_support.post(url).status_code == 404


def test_one_that_is_not_the_default_goes_without_a_warning(as_support, owl, hoot):
    assert not Page.of(as_support, f"/senders/{owl.pk}/remove/").all(".notice")
    change(as_support, f"/senders/{owl.pk}/remove/")
    assert defaults() == {("CO", "Hoot Hoot")}


# On the page of a number


def test_the_page_of_a_number_says_where_it_is_the_default_sender(as_viewer, client, account):
    number = make_number(account, phone_number="+442079460123")
    make_sender(account, "GB", "+442079460123", is_default=True)
    make_sender(account, "IE", "+442079460123", is_default=True)
    make_sender(account, "FR", "+442079460123")
    elsewhere = make_sender(make_account(), "DE", "+442079460123", is_default=True)

    tags = [tag.text for tag in Page.of(as_viewer, number.get_absolute_url()).all(".number-meta .tag")]
    assert tags == [f"Default sender to {name}" for name in ("Germany", "United Kingdom", "Ireland")]
    assert [row.country for row in default_sender_of(number)] == ["DE", "GB", "IE"]
    client.force_login(make_user(Role.VIEWER, accounts=[account]))
    page = Page.of(client, number.get_absolute_url())
    assert not page.all(f"a[href='{elsewhere.get_absolute_url()}']")


def test_the_parts_for_htmx_are_the_pages_own(as_support, owl, hoot):
    assert_is_region(as_support, "/senders/add/", "sender")
    assert_is_region(as_support, f"{owl.get_absolute_url()}default/", "default")
    assert_is_region(as_support, f"/senders/{owl.pk}/remove/", "removal")
    answer = as_support.post(f"/senders/{owl.pk}/remove/", headers=htmx("removal"))
    assert owl.get_absolute_url() in answer["HX-Location"]


def test_it_takes_as_many_queries_for_a_long_history_as_for_none(as_support, owl, hoot, support):
    with counted("sender_country"):
        Page.of(as_support, owl.get_absolute_url())
    names = ["Owl Inc", "Hoot Hoot"] * 10
    for before, sender in zip(["Hoot Hoot", *names], names, strict=False):
        actions.set_default(
            account=owl.account, country="CO", sender=sender, opened_with=before, actor=support, reason=""
        )
    with counted("sender_country"):
        Page.of(as_support, owl.get_absolute_url())
