"""The bundles and addresses that numbers get in the account they are moved to: offered, never typed."""

import pytest
from django.urls import reverse

from compliance.mapping.offers import usable_bundles
from inventory.models import PhoneNumber
from inventory.moving.checks import Circumstances, Papers, check_transfer
from portal.models import BatchItem, TwilioAccount
from tests.compliance.mapping import read_papers
from tests.factories import make_account, make_address, make_bundle, make_number, make_regulation
from tests.inventory.test_moving import draft, run
from tests.mirroring import complete, truth
from tests.pages import Page
from tests.query_counts import counted

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _one_at_a_time(settings):
    settings.BATCH_ITEMS_AT_ONCE = 1


def url_of(batch):
    return reverse("inventory:bulk-transfer", args=[batch.pk])


def kinds(page):
    """The parts of the page, by the kind of numbers that each is about."""
    return {section.one("h2").text: section for section in page.all("section.assign")}


@pytest.fixture
def family():
    parent = make_account(friendly_name="Parent")
    return parent, make_account(friendly_name="Child", owner_sid=parent.pk)


def test_only_bundles_of_the_other_account_for_just_such_numbers_are_offered(as_support, family):
    parent, child = family
    german, mobile = make_regulation("DE", "local"), make_regulation("DE", "mobile")
    fits = make_bundle(child, german, friendly_name="Berlin office")
    make_bundle(child, german, status="draft")
    make_bundle(parent, german)
    bundled = make_number(parent, phone_number="+493023125001", bundle_sid=make_bundle(parent, german).pk)
    another = make_number(parent, phone_number="+4915123125001", type="mobile")
    free = make_number(parent, phone_number="+12015550101")
    page = Page.of(
        as_support, f"{url_of(draft(as_support, 'transfer', bundled, another, free))}?account={child.pk}"
    )

    parts = kinds(page)
    local = parts["Germany, local 1 number"]
    assert [option["value"] for option in local.all("option")] == ["", fits.pk]
    assert local.one("option[selected]")["value"] == fits.pk, "the only one that fits is chosen"
    assert "No bundle fits Child has no approved bundle" in parts["Germany, mobile 1 number"].text
    holders = reverse("compliance:holder-list", args=[mobile.pk])
    assert parts["Germany, mobile 1 number"].one("a[href*='/holders/']")["href"] == (
        f"{holders}?account={child.pk}"
    )
    assert "need no bundle" in parts["United States, local 1 number"].text
    assert not page.all("main input[type=text]"), "no SID is typed"


def test_addresses_are_offered_where_numbers_ask_for_one(as_support, family):
    parent, child = family
    inside = make_address(child, iso_country="FR")
    make_address(child, iso_country="GB")
    make_address(parent, iso_country="FR")
    number = make_number(parent, phone_number="+33123456701", address_requirements="local")

    page = Page.of(as_support, f"{url_of(draft(as_support, 'transfer', number))}?account={child.pk}")

    [part] = kinds(page).values()
    assert [option["value"] for option in part.all("option")] == ["", inside.pk]


def test_what_was_chosen_is_told_by_name_and_is_there_when_one_comes_back(as_support, family):
    parent, child = family
    german = make_regulation("DE", "local")
    offered = [make_bundle(child, german, friendly_name=name) for name in ("Berlin", "Hamburg")]
    number = make_number(parent, phone_number="+493023125001", bundle_sid=make_bundle(parent, german).pk)
    batch = draft(as_support, "transfer", number)
    page = Page.of(as_support, f"{url_of(batch)}?account={child.pk}")
    [field] = (name for name in page.form("form.form--wide") if name.startswith("bundle"))

    form = {"account": child.pk, "review": "1", field: offered[1].pk}
    review = as_support.post(url_of(batch), form).url

    told = Page.of(as_support, review).one("dl.facts").text
    assert "Germany, local Hamburg" in told
    assert "BU" not in told
    again = Page.of(as_support, url_of(batch))
    assert again.one("section.assign option[selected]")["value"] == offered[1].pk
    stranger = as_support.post(url_of(batch), {**form, field: make_bundle(parent, german).pk})
    assert stranger.status_code == 422


def test_a_bundle_that_is_approved_no_longer_stops_the_move(family):
    parent, child = family
    bundle = make_bundle(child, make_regulation("DE", "local"))
    number = make_number(parent, phone_number="+493023125001")
    papers = Papers(account=child, has_parent_token=True, bundle_sids={"DE local": bundle.pk})

    finding = check_transfer(number, Circumstances(), papers)

    assert "no longer approved in Child" in finding.stops[0]


def test_a_page_costs_the_same_however_many_kinds(as_support, family):
    parent, child = family
    numbers = []
    for country, digits in (("DE", "+493023125001"), ("FR", "+33123456701"), ("GB", "+442079460001")):
        make_bundle(child, make_regulation(country, "local"))
        numbers.append(make_number(parent, phone_number=digits))
    url = f"{url_of(draft(as_support, 'transfer', *numbers))}?account={child.pk}"
    as_support.get(url)

    with counted("bulk_transfer"):
        assert as_support.get(url).status_code == 200


def test_a_number_gets_the_bundle_of_the_other_account_at_twilio(twilio, parent, as_support):
    complete(parent, "accounts")
    accounts = TwilioAccount.objects.filter(owner_sid=parent.pk)
    for account in (parent, *accounts):
        read_papers(twilio, account)
    bundled = PhoneNumber.objects.present().filter(
        account=parent, bundle_sid__isnull=False, address_requirements="none", emergency_address=None,
        origin="twilio", trunk_sid=None,
    ).select_related("account")  # fmt: skip
    number, child, bundle = next(
        (number, account, bundle)
        for number in bundled
        for account in accounts
        for bundle in usable_bundles(account.pk, number.country, number.number_type, asked_for=True)
    )
    batch = draft(as_support, "transfer", number)
    page = Page.of(as_support, f"{url_of(batch)}?account={child.pk}")
    [field] = (name for name in page.form("form.form--wide") if name.startswith("bundle"))

    review = as_support.post(url_of(batch), {"account": child.pk, "review": "1", field: bundle.pk}).url
    keep = str(batch.items.get().pk)
    as_support.post(review, {"shown": keep, "keep": keep, "reason": "Reorganised"})
    run(batch)

    item = batch.items.get()
    assert item.state == BatchItem.State.DONE, item.words
    number.refresh_from_db()
    assert (number.account_id, number.bundle_sid) == (child.pk, bundle.pk)
    at_twilio = next(record for record in truth(twilio, child) if record["sid"] == number.pk)
    assert at_twilio["bundle_sid"] == bundle.pk
