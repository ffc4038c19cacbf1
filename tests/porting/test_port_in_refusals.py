"""Twilio's words about a request, taken to the fields that they are about."""

import pytest

from portal.twilio.errors import Rejected
from porting.portin.refusals import field_of, problems_of
from porting.privacy import keepable


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("losingCarrierInformation.customerName", "customer_name"),
        ("losingCarrierInformation.authorizedRepresentativeEmail", "authorized_representative_email"),
        ("losingCarrierInformation.address.zip", "zip"),
        ("losingCarrierInformation.address", "street"),
        ("targetPortInDate", "target_date"),
        ("targetPortInTimeRangeEnd", "window_end"),
        ("notificationEmails[1]", "notification_emails"),
        ("phoneNumbers[3].phoneNumber", "numbers"),
        ("phoneNumbers[3].pin", "pins"),
        ("portabilityAdvanceCarrier", "portability_advance_carrier"),
    ],
)
def test_a_property_is_known_by_the_name_of_its_field(path, field):
    assert field_of(path) == field


def test_several_properties_are_told_apart():
    words = (
        "losingCarrierInformation.customerName: must not be blank, targetPortInDate: must be at least 7 days "
        "in the future, losingCarrierInformation.customerType: must be one of Business, Individual"
    )

    assert problems_of(Rejected(words)) == {
        "customer_name": "must not be blank",
        "target_date": "must be at least 7 days in the future",
        "customer_type": "must be one of Business, Individual",
    }


def test_documents_bundle_and_address_have_sentences_of_their_own():
    assert "bill" in problems_of(Rejected("Invalid documents"))
    assert "bundle_sid" in problems_of(Rejected("Invalid Bundle", code=22170))
    assert "address_sid" in problems_of(Rejected("Invalid Address", code=22173))


def test_words_about_no_field_stay_as_they_are():
    assert problems_of(Rejected("Try again next year")) == {"": "Try again next year"}


def test_what_somebody_typed_is_taken_out_of_words_that_are_kept():
    failure = Rejected("“Thornlea Dental” of 12 sample st is unknown")

    assert keepable(failure, ["Thornlea Dental", "12 Sample St", "ME"]).words == "“…” of … is unknown"
    assert failure.words.startswith("“Thornlea")
