"""The list of regulations: what each country asks for, in one line."""

import pytest

from compliance.labels import quieted
from compliance.models import Regulation
from compliance.sync import keep_versions
from portal.models import Role
from tests.factories import make_account, make_bundle, make_regulation, make_user
from tests.pages import Page, assert_is_region, url_of
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

LIST = "/regulations/"


@pytest.fixture
def stock(db):
    make_regulation("DE", "local", "business")
    make_regulation("DE", "mobile", "individual")
    make_regulation("FR", "local", "business")
    retired = make_regulation("FR", "national", "business")
    Regulation.objects.filter(pk=retired.pk).update(missing_since="2026-01-01T00:00:00Z")


def names(client, **params):
    page = Page.part(client, url_of(LIST, **params), "regulations")
    return [link.text for link in page.all("a[data-row-link]")]


GERMAN = ["Germany, Local, Business", "Germany, Mobile, Individual"]
FRENCH = ["France, Local, Business"]


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, GERMAN + FRENCH),
        ({"sort": "-country"}, FRENCH + GERMAN[::-1]),
        ({"sort": "type"}, [GERMAN[0], FRENCH[0], GERMAN[1]]),
        ({"country": "DE"}, GERMAN),
        ({"country": "DE", "type": "mobile"}, GERMAN[1:]),
        ({"end_user": "individual"}, GERMAN[1:]),
        ({"q": "germ"}, GERMAN),
        ({"q": "local fr"}, FRENCH),
        ({"q": "100%"}, []),
        ({"listed": "no"}, ["France, National, Business"]),
        ({"changed": "7"}, []),
        ({"country": "moon"}, GERMAN + FRENCH),
        ({"changed": "sometimes"}, GERMAN + FRENCH),
    ],
)
def test_it_is_sorted_and_narrowed_as_the_url_says(as_viewer, stock, params, found):
    assert names(as_viewer, **params) == found


def test_a_row_says_what_is_needed_and_how_many_bundles_there_are(as_viewer, stock):
    regulation = Regulation.objects.get(iso_country="DE", number_type="local")
    make_bundle(make_account(), regulation)
    row = Page.of(as_viewer, url_of(LIST, country="DE", type="local")).one("tbody tr").text
    assert (
        row
        == "Germany, Local, Business DE Local Business 1 detail of the business; documents for: address – 1"
    )


def test_a_regulation_that_changed_is_found_by_that(as_viewer, stock):
    regulation = Regulation.objects.get(iso_country="FR", number_type="local")
    regulation.payload["requirements"]["end_user"][0]["detailed_fields"].append({"machine_name": "tax_id"})
    regulation.save()
    keep_versions()
    page = Page.of(as_viewer, url_of(LIST, changed="7"))
    assert [link.text for link in page.all("a[data-row-link]")] == FRENCH
    assert "version 2" in page.one("tbody").text


def test_only_visible_bundles_are_counted(client, stock):
    ours, theirs = make_account(), make_account()
    regulation = Regulation.objects.get(iso_country="FR", number_type="local")
    make_bundle(ours, regulation)
    make_bundle(theirs, regulation)
    client.force_login(make_user(Role.VIEWER, accounts=[ours]))
    assert Page.of(client, url_of(LIST, country="FR")).one("tbody td.figure").text == "1"


def test_what_htmx_replaces_is_part_of_the_page(as_viewer, stock):
    assert_is_region(as_viewer, LIST, "regulations")


def test_without_regulations_it_says_so(as_viewer):
    assert "Twilio lists no regulations" in Page.of(as_viewer, LIST).source
    assert as_viewer.post(LIST).status_code == 405


def test_nobody_without_a_role_sees_it(client):
    client.force_login(make_user())
    assert client.get(LIST).status_code == 403


def test_it_takes_as_many_queries_for_many_rows_as_for_few(as_viewer, stock):
    with counted("regulation_list"):
        Page.of(as_viewer, LIST)
    for country in ("AT", "BE", "CH", "IT", "ES"):
        make_regulation(country)
    with counted("regulation_list"):
        Page.of(as_viewer, LIST)


@pytest.mark.parametrize(
    ("name", "within_a_sentence"),
    [
        ("Name of Person granted the Power of Attorney", "name of person granted the power of attorney"),
        ("DE Government-issued ID", "DE government-issued ID"),
        ("Commercial Registrar Excerpt", "commercial registrar excerpt"),
        ("Extrait Kbis", "Extrait Kbis"),
        ("VAT Number", "VAT number"),
        ("Proof of Lighthouse", "proof of Lighthouse"),
    ],
)
def test_names_of_twilios_are_not_shouted_and_none_is_misspelled(name, within_a_sentence):
    assert quieted(name) == within_a_sentence
