"""Text of Twilio's and of staff that tries to be markup is shown as the text it is, wherever it stands."""

import pytest
from django.test import Client
from django.urls import reverse

from inventory.actions import UPDATE_NUMBER
from inventory.columns import COLUMNS
from inventory.filters import NumberFilter
from portal.models import Change, Note, Operation, Role, SyncRun
from tests.factories import make_account, make_address, make_application, make_number, make_user
from tests.inventory.stock import number_of
from tests.mirroring import change
from tests.pages import Page, htmx, url_of

pytestmark = pytest.mark.django_db

# Short enough for every column.
EVIL = "'\"><x-evil on=1>"
OF_NUMBERS = (
    "friendly_name", "type", "origin", "status", "address_requirements", "emergency_status",
    "emergency_address_status", "voice_url", "voice_method", "voice_fallback_url", "voice_receive_mode",
    "status_callback", "sms_url", "sms_fallback_url", "trunk_sid", "bundle_sid", "identity_sid",
)  # fmt: skip
OF_ADDRESSES = (
    "friendly_name", "customer_name", "street", "street_secondary", "city", "region", "postal_code",
)  # fmt: skip


@pytest.fixture
def person(db):
    """Somebody who may see everything, of a hostile name."""
    return make_user(Role.ADMIN, first_name=EVIL, last_name=EVIL)


@pytest.fixture
def client(person):
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def account(db):
    return make_account(friendly_name=EVIL)


@pytest.fixture
def number(account, person):
    """A number with hostile text in every column, its application, its addresses and its history."""
    number = make_number(
        account,
        **dict.fromkeys(OF_NUMBERS, EVIL),
        address_sid=make_address(account, **dict.fromkeys(OF_ADDRESSES, EVIL)).pk,
        emergency_address_sid=make_address(account, customer_name=EVIL).pk,
        voice_application_sid=make_application(account, friendly_name=EVIL).pk,
        sms_application_sid=make_application(account, friendly_name=EVIL).pk,
        owner=EVIL, cost_centre=EVIL, tags=[EVIL],
    )  # fmt: skip
    about = {"account": account, "target": number.pk, "kind": UPDATE_NUMBER, "actor": person}
    fields = {EVIL: [EVIL, {EVIL: EVIL}], "friendly_name": [EVIL, ""]}
    for state in ("refused", "uncertain"):
        Operation.objects.create(
            **about, state=state, reason=EVIL, words=EVIL, request_id=EVIL, code=21402,
            detail={"fields": fields},
        )  # fmt: skip
    Change.objects.create(
        resource="numbers",
        target=number.pk,
        account_sid=account.pk,
        kind="changed",
        source="sync",
        fields=fields,
    )
    Note.objects.create(target=number.pk, account=account, author=person, body=EVIL)
    SyncRun.objects.create(
        account=account, resource="numbers", trigger="person", requested_by=person, state="failed",
        error=EVIL, request_id=EVIL,
    )  # fmt: skip
    return number


def harmless(answer, *, shown=True):
    """The page, on which nothing hostile has become markup, and on which it can be read."""
    page = Page(answer)
    assert "<x-evil" not in page.source.lower()
    assert not page.all("x-evil")
    for element in page.node.iter("*"):
        assert not [name for name in element.attrib if name == "on" or name.startswith("onm")]
    if shown:
        assert EVIL in page.node.text_content()
    return page


@pytest.mark.parametrize(
    "url",
    [
        url_of("/numbers/", columns=[column.name for column in COLUMNS]),
        "/numbers/{number}/",
        "/numbers/{number}/configure/",
        "/numbers/{number}/annotate/",
        "/addresses/{address}/",
        "/",
        url_of("/search/", q=EVIL),
        "/search/?q=evil",
        "/sync/",
        "/sync/numbers/progress/?since=2020-01-01T00:00:00Z",
        "/people/",
        "/help/",
    ],
)
def test_what_was_read_from_twilio_or_written_by_staff_is_shown_as_text(client, number, url):
    harmless(client.get(url.format(number=number.pk, address=number.address_id)))


def test_every_hostile_text_can_be_read_on_the_page_of_its_number(client, number):
    text = harmless(client.get(number.get_absolute_url())).one("#number").node.text_content()

    assert text.count(EVIL) > len(OF_NUMBERS)


def test_lists_and_forms_keep_it_in_their_links_and_fields(client, number):
    page = harmless(client.get(url_of("/numbers/", q=EVIL)))
    assert page.rows == [number.get_absolute_url()]
    assert page.one("#filters input[name=q]")["value"] == EVIL
    tag = Page.of(client, number.get_absolute_url()).one("a.tag")
    assert Page.of(client, tag["href"]).rows == [number.get_absolute_url()]
    sent = Page.of(client, reverse("inventory:number-annotate", args=[number.pk])).form()
    assert sent == {"owner": [EVIL], "cost_centre": [EVIL], "tags": [EVIL]}


@pytest.mark.parametrize("name", [*NumberFilter.base_filters, "sort", "page", "size", "columns", "no_such"])
def test_what_stands_in_the_url_is_no_markup_either(client, number, name):
    harmless(client.get(url_of("/numbers/", **{name: EVIL})), shown=False)


def test_what_is_typed_into_forms_comes_back_as_text(client, account):
    number = make_number(account)
    for path, typed in (
        ("configure", {"voice_url": EVIL, "trunk_sid": EVIL, "voice_route": EVIL, "opened_with": EVIL}),
        ("annotate", {"tags": EVIL * 5, "owner": EVIL}),
        ("note", {"body": EVIL * 1000}),
    ):
        url = reverse(f"inventory:number-{path}", args=[number.pk])
        for headers in ({}, htmx("configuration"), htmx("annotation"), htmx("number")):
            answer = client.post(url, typed, headers=headers)
            assert answer.status_code == 422
            harmless(answer, shown=False)


def test_a_conflict_shows_all_three_versions_as_text(client, twilio, parent):
    number = number_of(twilio, parent)
    url = reverse("inventory:number-configure", args=[number.pk])
    sent = Page.of(client, url).form()
    change(twilio, parent, number.pk, FriendlyName=EVIL)

    page = harmless(client.post(url, {**sent, "friendly_name": EVIL + "mine"}))

    assert [cell.text for cell in page.all(".compare td")][1:] == [EVIL, EVIL + "mine"]


@pytest.mark.parametrize("path", ["/accounts/login/", "/nothing/<x-evil on=1>/", "/numbers/<x-evil on=1>/"])
def test_pages_for_nobody_say_nothing_of_it(client, path):
    for visitor in (client, Client()):
        answer = visitor.get(path, {"next": EVIL, "q": EVIL}, follow=True)
        harmless(answer, shown=False)
