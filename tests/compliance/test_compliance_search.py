"""What the global search finds of compliance: by SID, and by words of names."""

import pytest

from portal.models import Role
from tests.factories import (
    make_account,
    make_bundle,
    make_document,
    make_end_user,
    make_number,
    make_regulation,
    make_user,
)
from tests.pages import Page, url_of
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

SEARCH = "/search/"


@pytest.fixture
def account(db):
    return make_account(friendly_name="Ours")


@pytest.fixture
def regulation(db):
    return make_regulation("DE", "local", "business")


@pytest.fixture
def things(account, regulation):
    return [
        make_bundle(account, regulation, friendly_name="Riverside bundle"),
        make_end_user(account, friendly_name="Riverside Dental"),
        make_document(account, friendly_name="Bill of Riverside", status="rejected"),
    ]


def groups(client, text):
    page = Page.of(client, url_of(SEARCH, q=text))
    return {
        section["aria-label"]: [row.text for row in section.all("tr")]
        for section in page.all("#findings section")
    }


def test_a_sid_leads_to_what_it_names(as_viewer, things, regulation):
    for thing in (*things, regulation):
        answer = as_viewer.get(url_of(SEARCH, q=thing.pk))
        assert answer["Location"] == thing.get_absolute_url()


def test_a_word_of_a_name_finds_them_and_says_how_they_stand(as_viewer, things):
    assert groups(as_viewer, "riverside") == {
        "Bundles": ["Riverside bundle Approved · Germany, Local, business · Ours"],
        "End users": ["Riverside Dental Business · Ours"],
        "Documents": ["Bill of Riverside Business registration · Rejected · Ours"],
    }


def test_a_bundle_that_was_never_read_is_found_by_its_numbers(as_viewer, account):
    number = make_number(account, bundle_sid="BU" + "c" * 32)
    answer = as_viewer.get(url_of(SEARCH, q="BU" + "c" * 32))
    assert answer["Location"] == number.get_absolute_url()


def test_nothing_of_a_foreign_account_is_found(client, things):
    client.force_login(make_user(Role.VIEWER, accounts=[make_account()]))
    assert groups(client, "riverside") == {}
    for thing in things:
        assert groups(client, thing.pk) == {}


def test_values_that_lie_masked_are_not_searched(as_viewer, account):
    make_end_user(account, friendly_name="Someone", attributes={"first_name": "Aurelia"})
    assert groups(as_viewer, "aurelia") == {}


def test_it_takes_as_many_queries_for_many_hits_as_for_one(as_viewer, account, regulation, things):
    with counted("search compliance"):
        groups(as_viewer, "riverside")
    for _ in range(5):
        make_bundle(account, make_regulation(), friendly_name="Riverside")
        make_end_user(account, friendly_name="Riverside")
    with counted("search compliance"):
        groups(as_viewer, "riverside")
