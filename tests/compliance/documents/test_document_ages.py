"""How old documents may be: one rule, in Python for a row and in the database for all."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.ages import age_of, months_after
from compliance.documents.querysets import with_age
from compliance.documents.words import age_words, document_age
from compliance.models import SupportingDocument
from tests.factories import make_account, make_document

TODAY = date(2026, 11, 21)


def age(type="utility_bill", issued=None, expires=None, uploaded=TODAY):
    return age_of(type=type, issued_on=issued, expires_on=expires, uploaded_on=uploaded)


@pytest.mark.parametrize(
    ("type", "issued", "expires", "too_old", "rule"),
    [
        ("utility_bill", date(2026, 9, 1), None, date(2026, 12, 1), "3 months after its date of issue"),
        ("rental_receipt", date(2026, 11, 30), None, date(2027, 2, 28), "3 months after its date of issue"),
        (
            "business_registration",
            date(2026, 2, 28),
            None,
            date(2027, 2, 28),
            "1 year after its date of issue",
        ),
        ("an_unheard_of_type", date(2028, 2, 29), None, date(2029, 2, 28), "1 year after its date of issue"),
        (
            "utility_bill",
            None,
            None,
            date(2027, 2, 21),
            "3 months after its upload, for it tells no date",
        ),
        (
            "passport",
            date(2019, 1, 1),
            date(2027, 1, 1),
            date(2027, 1, 2),
            "The day after its own expiration date",
        ),
        (
            "trade_license",
            date(2026, 9, 1),
            date(2026, 12, 31),
            date(2027, 1, 1),
            "The day after its own expiration date",
        ),
        (
            "trade_license",
            date(2026, 9, 1),
            date(2030, 1, 1),
            date(2027, 9, 1),
            "1 year after its date of issue",
        ),
    ],
)
def test_the_rule_that_comes_first_counts(type, issued, expires, too_old, rule):
    found = age(type, issued, expires)
    assert (found.too_old_on, found.rule) == (too_old, rule)


@pytest.mark.parametrize("type", ["address", "business_address", "passport"])
def test_no_rule_is_about_addresses_and_ids_without_a_last_day(type):
    assert age(type, date(2001, 1, 1)) is None


@pytest.mark.parametrize(
    ("left", "words"),
    [(3, "3 days left"), (1, "1 day left"), (0, "too old from today"), (-1, "1 day too old")],
)
def test_it_says_how_long(left, words):
    found = age("passport", expires=TODAY + timedelta(days=left - 1))
    assert age_words(found, TODAY) == words


@given(st.dates(), st.integers(0, 60))
def test_months_never_leave_the_month(day, months):
    later = months_after(day, months)
    assert later >= day
    assert later.day <= day.day or later == date.max


@pytest.mark.django_db
def test_the_database_counts_as_python_does():
    account = make_account()
    days = [None, "2026-08-31", "2026-11-30", "2024-02-29", "2025-12-31"]
    for type in (
        "utility_bill",
        "tax_document",
        "passport",
        "trade_license",
        "address",
        "business_address",
        "",
    ):
        for number, issued in enumerate(days):
            expires = days[-number]
            attributes = {"issue_date": issued, "expiration_date": expires}
            make_document(account, type=type, attributes=attributes, date_created="2026-05-31T23:30:00Z")

    rows = with_age(SupportingDocument.objects.all())
    assert rows.count() == 35
    for row in rows:
        found = document_age(row)
        assert row.too_old_on == (found.too_old_on if found else None), (
            row.type,
            row.issued_on,
            row.expires_on,
        )


@pytest.mark.django_db
def test_what_was_first_seen_counts_where_twilio_tells_no_date():
    document = make_document(make_account(), type="utility_bill", date_created=None)
    assert document_age(document).too_old_on == months_after(datetime.now(UTC).date(), 3)
    assert with_age(SupportingDocument.objects.all()).get().too_old_on == document_age(document).too_old_on
