"""Who satisfies a regulation already, and our own numbers where a customer's belong."""

import pytest

from compliance.knowing.own_numbers import add_own_number, own_numbers_in
from compliance.models import OwnNumber
from portal.models import Role
from tests.factories import (
    make_account,
    make_address,
    make_document,
    make_end_user,
    make_regulation,
    make_user,
)
from tests.pages import Page

pytestmark = pytest.mark.django_db

OWN = "/own-numbers/"


@pytest.fixture
def as_compliance(client):
    client.force_login(make_user(Role.COMPLIANCE))
    return client


def test_our_own_number_is_found_however_it_is_spelled():
    row = add_own_number(label="Register", value="HRB 123-456", actor=make_user())

    assert own_numbers_in({"business_registration_number": "hrb123456", "name": "x"}) == {
        "business_registration_number": row
    }
    assert own_numbers_in({"vat": "HRB 999 999", "note": None, "list": ["HRB 123456"]}) == {}


def test_a_number_is_added_once_and_taken_away(as_compliance):
    answer = as_compliance.post(OWN, {"label": "Register", "value": "HRB 123456"}, follow=True)
    assert "HRB 123456" in Page(answer).text

    again = as_compliance.post(OWN, {"label": "Register", "value": "hrb-123456"})
    assert again.status_code == 422
    assert "in the list already" in Page(again).text

    as_compliance.post(f"{OWN}{OwnNumber.objects.get().pk}/remove/")
    assert not OwnNumber.objects.exists()


def test_a_number_too_short_to_tell_anything_is_refused(as_compliance):
    answer = as_compliance.post(OWN, {"label": "Register", "value": "1 2 3"})

    assert answer.status_code == 422
    assert "at least five letters or digits" in Page(answer).text


def test_numbers_are_kept_by_compliance_reviewers(client):
    client.force_login(make_user(Role.SUPPORT))

    assert client.get(OWN).status_code == client.post(OWN).status_code == 403


def test_it_shows_who_could_hold_a_bundle(as_compliance, django_assert_max_num_queries):
    account, regulation = make_account(), make_regulation()
    address = make_address(account, iso_country="DE")
    make_document(account, type="address", mime_type=None, attributes={"address_sids": [address.pk]})
    ready = make_end_user(account, friendly_name="Ready Ltd")
    make_end_user(account, friendly_name="Lacking Ltd", attributes={"vat": "DE1"})

    with django_assert_max_num_queries(12):
        answer = as_compliance.get(f"/regulations/{regulation.pk}/holders/")

    rows = {row.one("th").text: row.text for row in Page(answer).all("tbody tr")}
    assert "Ready" in rows[ready.friendly_name]
    assert "Enter business name" in rows["Lacking Ltd"]
    start = Page(answer).all("tbody a.button")[0]["href"]
    assert f"holder={ready.pk}" in start
    assert as_compliance.get(start).status_code == 200


def test_a_foreign_accounts_end_users_are_not_shown(client):
    mine, foreign, regulation = make_account(), make_account(), make_regulation()
    make_end_user(foreign, friendly_name="Foreign Ltd")
    client.force_login(make_user(Role.COMPLIANCE, accounts=[mine]))

    answer = client.get(f"/regulations/{regulation.pk}/holders/?account={foreign.pk}")

    assert "Foreign Ltd" not in answer.content.decode()


def test_an_unknown_regulation_has_no_page(as_compliance):
    assert as_compliance.get(f"/regulations/RN{'0' * 32}/holders/").status_code == 404
    assert as_compliance.post(f"/regulations/RN{'0' * 32}/holders/").status_code == 405
