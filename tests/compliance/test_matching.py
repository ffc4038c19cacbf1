"""What there is already: items that fit a regulation, what they lack, entries made twice."""

from datetime import timedelta

import pytest
from django.utils import timezone

from compliance import matching
from compliance.models import EndUser, SupportingDocument
from compliance.requirements import read_requirements
from tests.factories import make_account, make_address, make_document, make_end_user, make_regulation

pytestmark = pytest.mark.django_db

NAME = {"machine_name": "business_name", "friendly_name": "Business Name"}
NUMBER = {"machine_name": "business_registration_number", "friendly_name": "Registration Number"}
MATCH = {"constraints": [{"type": "match", "object": "end_user", "field": "business_name"}]}
EXCERPT = {
    "name": "Excerpt",
    "type": "excerpt",
    "constraints": [{"type": "file"}, {"type": "max_age_months", "value": 3}],
    "detailed_fields": [{**NAME, **MATCH}],
}
ADDRESS = {
    "name": "Address Validation",
    "type": "address",
    "detailed_fields": [{"machine_name": "address_sids", "friendly_name": "Address"}],
}
REQUIREMENTS = {
    "end_user": [
        {
            "name": "Business",
            "type": "business",
            "requirement_name": "business_info",
            "detailed_fields": [NAME, NUMBER],
        }
    ],
    "supporting_document": [
        [
            {"name": "Name", "requirement_name": "name_info", "accepted_documents": [EXCERPT]},
            {
                "name": "Address",
                "requirement_name": "address_info",
                "accepted_documents": [ADDRESS],
                "constraints": [{"type": "address", "value": "domestic"}],
            },
        ]
    ],
}
NEEDS = read_requirements(REQUIREMENTS)
WHO, (EXCERPT_NEED, ADDRESS_NEED) = NEEDS.end_users[0], NEEDS.needs
FULL = {"business_name": "Marlow Ltd", "business_registration_number": "DE-555010"}


@pytest.fixture
def account(db):
    return make_account()


def test_only_end_users_of_the_account_that_say_all_are_offered(account):
    fits = make_end_user(account, attributes=FULL)
    lacking = make_end_user(account, attributes={"business_name": "Marlow Ltd"})
    make_end_user(account, type="individual", attributes=FULL)
    make_end_user(make_account(), attributes=FULL)

    assert matching.fitting_end_users(WHO, account) == [fits]
    told = {match.item: match.faults for match in matching.matching_end_users(WHO, account)}
    assert told[fits] == {}
    assert set(told[lacking]) == {"business_registration_number"}


def test_a_document_fits_that_says_the_very_name(account):
    fits = make_document(account, type="excerpt", attributes={"business_name": "Marlow Ltd"})
    other = make_document(account, type="excerpt", attributes={"business_name": "Marlow Ltd."})

    assert matching.fitting_documents(EXCERPT_NEED, account, end_user=FULL) == [fits]
    assert set(matching.fitting_documents(EXCERPT_NEED, account)) == {fits, other}


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"status": "rejected"}, "status"),
        ({"status": "expired"}, "status"),
        ({"mime_type": None}, "file"),
        ({"attributes": {"business_name": "Marlow Ltd", "expiration_date": "2020-01-01"}}, "expiration_date"),
        ({"attributes": {"business_name": "Marlow Ltd", "issue_date": "2020-01-01"}}, "issue_date"),
        ({"attributes": {}}, "business_name"),
    ],
)
def test_it_says_what_keeps_a_document_from_being_used(account, fields, fault):
    make_document(account, **{"type": "excerpt", "attributes": {"business_name": "Marlow Ltd"}, **fields})

    (match,) = matching.matching_documents(EXCERPT_NEED, account, end_user=FULL)

    assert set(match.faults) == {fault}


def test_a_document_of_yesterday_is_young_enough(account):
    yesterday = timezone.now().date() - timedelta(days=1)
    attributes = {"business_name": "Marlow Ltd", "issue_date": yesterday.isoformat()}
    document = make_document(account, type="excerpt", attributes=attributes)

    assert matching.fitting_documents(EXCERPT_NEED, account, end_user=FULL) == [document]


def test_an_address_document_fits_that_cites_an_address_in_the_country(account):
    german, french = make_address(account, iso_country="DE"), make_address(account, iso_country="FR")
    fits = make_document(account, type="address", mime_type=None, attributes={"address_sids": [german.pk]})
    make_document(account, type="address", mime_type=None, attributes={"address_sids": [french.pk]})
    make_document(account, type="address", mime_type=None, attributes={"address_sids": ["AD" + "0" * 32]})

    assert matching.fitting_documents(ADDRESS_NEED, account, country="DE") == [fits]


def test_a_paper_in_another_name_proves_nothing_even_where_twilio_compares_no_names(account):
    address = make_address(account, iso_country="DE")
    cites = {"address_sids": [address.pk]}
    make_document(account, type="address", mime_type=None, attributes={**cites, "business_name": "Finch Ltd"})
    own = make_document(
        account, type="address", mime_type=None, attributes={**cites, "business_name": "Marlow Ltd"}
    )

    assert matching.fitting_documents(ADDRESS_NEED, account, country="DE", end_user=FULL) == [own]


def test_addresses_in_the_holders_name_come_first(account):
    other = make_address(account, iso_country="DE", customer_name="Another")
    own = make_address(account, iso_country="DE", customer_name="Marlow Ltd")
    make_address(account, iso_country="FR", customer_name="Marlow Ltd")

    assert list(matching.fitting_addresses(account, country="DE", names=["Marlow Ltd"])) == [own, other]


def test_it_tells_who_could_hold_a_bundle_and_what_is_missing(account):
    regulation = make_regulation(requirements=REQUIREMENTS)
    ready = make_end_user(account, attributes=FULL)
    nearly = make_end_user(account, attributes={**FULL, "business_name": "Finch Ltd"})
    address = make_address(account, iso_country="DE")
    make_document(account, type="excerpt", attributes={"business_name": "Marlow Ltd"})
    make_document(account, type="address", mime_type=None, attributes={"address_sids": [address.pk]})

    first, second = matching.holders_for(regulation, account)

    assert (first.end_user.item, first.is_ready) == (ready, True)
    assert second.end_user.item == nearly
    assert [need.requirement_name for need in second.missing] == ["name_info"]


def test_an_entry_made_twice_is_found_whatever_its_spelling(account):
    there = make_end_user(account, attributes=FULL)
    make_end_user(account, attributes={"business_name": "Marlow Ltd", "business_registration_number": "X-1"})
    make_end_user(make_account(), attributes=FULL)
    again = {"business_name": "MARLOW  ltd", "business_registration_number": "de-555010"}

    assert matching.twins_of(EndUser, account=account, type="business", values=again) == [there]
    assert not matching.twins_of(EndUser, account=account, type="business", values=again, besides=there.pk)


def test_an_address_or_a_date_makes_no_two_documents_the_same(account):
    values = {"address_sids": ["AD" + "0" * 32], "issue_date": "2024-01-01"}
    make_document(account, type="excerpt", attributes=values)

    twins = matching.twins_of(SupportingDocument, account=account, type="excerpt", values=values)

    assert twins == []
