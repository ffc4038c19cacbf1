"""Addresses, applications and prices against the sandbox."""

import json
from decimal import Decimal

import pytest

from inventory.models import NumberPrice
from portal.models import Change, SyncRun, TwilioAccount
from portal.sandbox.faults import Fault
from tests.answers import Answer, answering
from tests.mirroring import MODELS, complete, mirrored, sync, truth, versions

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("resource", ["addresses", "applications"])
def test_it_mirrors_every_object_field_by_field(resource, twilio, parent):
    run = complete(parent, resource)

    assert mirrored(parent, resource) == truth(twilio, parent, resource) != []
    assert run.added == len(mirrored(parent, resource))


@pytest.mark.parametrize("resource", ["addresses", "applications", "prices"])
def test_it_writes_no_row_when_nothing_changed(resource, parent):
    complete(parent, resource)
    before = versions(MODELS[resource])

    run = complete(parent, resource)

    assert run.seen == len(before) > 5
    assert versions(MODELS[resource]) == before
    assert not Change.objects.exists()


def test_it_mirrors_a_removed_address_as_missing(twilio, parent):
    complete(parent, "addresses")
    path = f"/2010-04-01/Accounts/{parent.pk}/Addresses"
    new = twilio.direct(
        "POST", f"{path}.json", CustomerName="Example", Street="1 Main St", City="Austin", Region="TX",
        PostalCode="78701", IsoCountry="US",
    )  # fmt: skip
    assert complete(parent, "addresses").added == 1
    twilio.direct("DELETE", f"{path}/{new['sid']}.json")

    assert complete(parent, "addresses").missing == 1
    assert mirrored(parent, "addresses") == truth(twilio, parent, "addresses")


def test_it_keeps_the_prices_of_every_country_and_type(twilio, parent):
    complete(parent, "prices")

    countries = twilio.direct("GET", "/v1/PhoneNumbers/Countries", host="pricing.twilio.com")["countries"]
    kept = {
        (price.iso_country, price.payload["number_type"]): (price.base_price, price.current_price)
        for price in NumberPrice.objects.all()
    }
    for country in countries:
        path = f"/v1/PhoneNumbers/Countries/{country['iso_country']}"
        for price in twilio.direct("GET", path, host="pricing.twilio.com")["phone_number_prices"] or ():
            key = (country["iso_country"], price["number_type"])
            assert kept.pop(key) == (Decimal(price["base_price"]), Decimal(price["current_price"]))
    assert not kept
    assert set(NumberPrice.objects.values_list("currency", flat=True)) == {"USD"}


def test_prices_of_a_subaccount_need_its_own_credentials(twilio, parent):
    complete(parent, "accounts")
    account = TwilioAccount.objects.get(pk=twilio.subaccounts[0].account_sid)
    complete(account, "prices")
    TwilioAccount.objects.filter(pk=account.pk).update(auth_token="")

    run = sync(TwilioAccount.objects.get(pk=account.pk), "prices")

    assert (run.state, run.error) == (
        SyncRun.State.FAILED, "Prices need credentials of the subaccount itself."
    )  # fmt: skip
    assert NumberPrice.objects.present().filter(account=account).exists()


def test_a_country_whose_price_cannot_be_read_fails_the_list_and_marks_nothing(twilio, parent):
    complete(parent, "prices")
    twilio.faults.add(Fault(kind="status", status=503, path="*/Countries/??"))

    assert sync(parent, "prices").state == SyncRun.State.FAILED
    assert not NumberPrice.objects.exclude(missing_since=None).exists()


@pytest.mark.parametrize(
    "answer",
    [
        {"iso_country": "US", "phone_number_prices": [{"base_price": "1.15"}]},
        {"iso_country": "US", "phone_number_prices": 5},
        ["US"],
    ],
)
def test_prices_in_another_shape_fail_with_words(answer, parent):
    countries = Answer(200, {"countries": [{"iso_country": "US"}], "meta": {"next_page_url": None}})
    with answering(countries, Answer(200, answer)):
        run = sync(parent, "prices")

    assert run.state == SyncRun.State.FAILED
    assert run.error == "Twilio answered with something we cannot read."


@pytest.mark.parametrize("country", [{}, {"iso_country": None}, 5])
def test_a_country_that_cannot_be_read_fails_with_words(country, parent):
    with answering(Answer(200, {"countries": [country], "meta": {"next_page_url": None}})):
        run = sync(parent, "prices")

    assert run.state == SyncRun.State.FAILED
    assert "cannot read" in run.error


def test_a_country_without_prices_has_none(parent):
    countries = Answer(200, {"countries": [{"iso_country": "AQ"}], "meta": {"next_page_url": None}})
    nulls = {"country": None, "iso_country": None, "phone_number_prices": None, "price_unit": None}
    with answering(countries, Answer(200, nulls)):
        run = complete(parent, "prices")

    assert (run.seen, NumberPrice.objects.count()) == (0, 0)


def test_a_price_that_changed_is_told(twilio, parent):
    complete(parent, "prices")
    price = NumberPrice.objects.filter(iso_country="US", number_type="local").get()
    old = json.dumps(price.payload["current_price"])
    NumberPrice.objects.filter(pk=price.pk).update(
        payload={**price.payload, "current_price": "0.01"}, payload_hash=0
    )

    complete(parent, "prices")

    [told] = Change.objects.all()
    assert told.fields == {"current_price": ["0.01", json.loads(old)]}
