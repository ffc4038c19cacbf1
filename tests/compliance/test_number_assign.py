"""Why a number is not compliant, on its page, and the form that puts it right (J-4)."""

import pytest
from django.test import Client
from django.urls import reverse

from compliance.models import Bundle
from compliance.templatetags.compliance_ui import regulation_name
from inventory.models import PhoneNumber
from portal.models import Operation, Role
from tests.answers import Answer, answering
from tests.compliance.mapping import read_papers, usable, with_another, without_bundle
from tests.factories import (
    make_account,
    make_address,
    make_bundle,
    make_number,
    make_regulation,
    make_sid,
    make_user,
)
from tests.inventory.test_number_configure import errors, refused
from tests.pages import Page, assert_is_region, url_of
from tests.query_counts import counted

pytestmark = pytest.mark.django_db


@pytest.fixture
def mirror(twilio, parent):
    read_papers(twilio, parent)
    return parent


@pytest.fixture
def bare(mirror):
    return without_bundle(mirror)


def page_url(number, **params):
    return url_of(reverse("compliance:number-assign", args=[number.pk]), **params)


def card(client, number):
    return Page.of(client, number.get_absolute_url()).one("section[aria-labelledby=compliance]")


def send(client, number, **typed):
    return client.post(page_url(number), {**Page.of(client, page_url(number)).form(), **typed})


def test_the_page_of_a_number_says_why_and_what_to_do_next(as_support, as_viewer, bare):
    number, _ = bare
    told = card(as_support, number)
    assert "Not compliant No bundle is set, and Twilio asks for one with" in told.text
    assert "(derived)" in told.text
    assert told.one("h2 a")["href"] == reverse("compliance:standing-rule")
    assert [step["href"] for step in told.all(".standing__steps a")] == [page_url(number)]
    assert card(as_viewer, number).all(".standing__steps a") == [], "who may not do it is not sent there"


def test_only_bundles_that_fit_are_offered(as_support, bare):
    number, bundle = bare
    make_bundle(number.account, bundle.regulation, status="twilio-rejected", friendly_name="Rejected")
    make_bundle(make_account(), bundle.regulation, friendly_name="Elsewhere")
    page = Page.of(as_support, page_url(number))

    offered = {radio["value"] for radio in page.all("[name=bundle]") if radio.get("value")}
    offered |= {option["value"] for option in page.all("select[name=bundle] option") if option["value"]}
    assert offered == {bundle.pk for bundle in usable(number)}
    assert_is_region(as_support, page_url(number), "assign")


def test_it_assigns_and_says_that_the_review_began(as_support, bare):
    number, bundle = bare

    answer = send(as_support, number, bundle=bundle.pk, reason="Ticket 4711")

    assert answer["Location"] == number.get_absolute_url()
    page = Page.of(as_support, number.get_absolute_url())
    assert "which now reviews it for up to 3 business days" in page.messages[0]
    told = page.one("section[aria-labelledby=compliance]").text
    assert "Pending review Its bundle or address was changed on" in told
    assert str(bundle) in told
    assert "Bundle and address assigned" in page.one(".timeline").text
    assert Operation.objects.get().reason == "Ticket 4711"


def test_a_change_warns_that_the_review_restarts_and_a_first_assignment_does_not(as_support, mirror):
    bare, _ = without_bundle(mirror)
    assert "To add a bundle restarts no review" in Page.of(as_support, page_url(bare)).text
    mapped, _ = with_another(mirror)
    page = Page.of(as_support, page_url(mapped))
    assert "A change restarts" in page.text
    assert page.form()["bundle"] == [mapped.bundle_sid], "what there is is chosen"
    answer = as_support.post(page_url(mapped), page.form())
    assert answer.status_code == 302
    assert "Nothing to change" in Page.of(as_support, mapped.get_absolute_url()).messages[0]


@pytest.mark.parametrize(
    ("code", "field", "words"),
    [
        (21631, "address", "Twilio asks for an address with this number"),
        (21615, "address", "to lie in the number's country"),
        (21649, "bundle", "asks for an approved bundle"),
        (21650, "bundle", "verified identity document"),
        (21651, "bundle", "does not satisfy what is asked for"),
        (21999, "__all__", "Words of Twilio's own"),
    ],
)
def test_a_refusal_stands_beside_its_field(as_support, bare, code, field, words):
    number, bundle = bare
    form = {**Page.of(as_support, page_url(number)).form(), "bundle": bundle.pk}
    refusal = Answer(400, {"code": code, "message": "Words of Twilio's own", "status": 400})

    with answering(Answer(200, number.payload), refusal):
        page = refused(as_support.post(page_url(number), form))

    assert words in errors(page)[field] if field != "__all__" else words in page.text
    assert page.form()["form_key"] != form["form_key"], "it can be sent again"
    number.refresh_from_db()
    assert number.bundle_sid is None


def test_what_somebody_mapped_meanwhile_is_shown_and_not_overwritten(as_support, mirror):
    number, other = with_another(mirror)
    form = {**Page.of(as_support, page_url(number)).form(), "bundle": other.pk}
    form["opened_bundle"] = other.pk

    page = refused(as_support.post(page_url(number), form))

    assert "Somebody has mapped this number meanwhile" in page.text
    assert str(Bundle.objects.get(pk=number.bundle_sid)) in page.all(".notice--wait")[0].text
    assert page.form()["opened_bundle"] == [number.bundle_sid]


def test_a_bundle_must_be_chosen_from_those_offered(as_support, bare):
    number, bundle = bare
    stranger = make_bundle(make_account(), bundle.regulation)
    for sid in ("", stranger.pk):
        assert "Choose a bundle" in errors(refused(send(as_support, number, bundle=sid)))["bundle"]


def test_without_a_bundle_that_fits_it_says_so(as_support):
    account = make_account()
    regulation = make_regulation("DE", "local")
    number = make_number(account, phone_number="+493023125017", address_requirements="local")

    page = Page.of(as_support, page_url(number))

    assert "No bundle fits yet" in page.text
    holders = reverse("compliance:holder-list", args=[regulation.pk])
    assert page.link(f"business end users for {regulation_name(regulation)}") == (
        f"{holders}?account={account.pk}"
    ), "those who could hold one at once"
    assert "No address fits yet" in page.text
    assert page.all("main form.form") == []
    free = make_number(account)  # of the United States, where nothing is regulated
    assert "Nothing is asked for" in Page.of(as_support, page_url(free)).text


def test_a_type_that_no_regulation_is_named_for_is_not_known(as_support):
    account = make_account()
    regulation = make_regulation("FR", "national")
    bundle = make_bundle(account, regulation)
    number = make_number(account, phone_number="+33987654321", type="voip")

    assert "Not known Twilio names no regulation for VoIP numbers of France" in card(as_support, number).text
    page = Page.of(as_support, page_url(number))
    chosen = page.one("input[name=bundle][checked]")
    assert chosen["value"] == "", "none, until somebody knows better"
    assert bundle.pk in page.source
    assert "Twilio refuses a bundle that does not do" in page.text


def test_many_bundles_are_found_by_name(as_support):
    account = make_account()
    regulation = make_regulation("DE", "local")
    for name in ("Alder", "Birch"):
        make_bundle(account, regulation, friendly_name=name)
    make_address(account, iso_country="DE", friendly_name="Birch yard")
    number = make_number(account, phone_number="+493023125017", address_requirements="local")

    page = Page.of(as_support, page_url(number, q="birch"))

    assert "Alder" not in page.text
    assert "Birch" in page.text
    assert "Birch yard" in page.text


def test_who_may_not_assign_is_kept_out(as_viewer, bare):
    assert as_viewer.get(page_url(bare[0])).status_code == 403


def test_foreign_and_unknown_numbers_are_not_found(client, as_support, bare):
    number, _ = bare
    client.force_login(make_user(Role.SUPPORT, accounts=[make_account()]))
    assert client.get(page_url(number)).status_code == 404
    assert as_support.get(reverse("compliance:number-assign", args=[make_sid("PN")])).status_code == 404
    assert as_support.put(page_url(number)).status_code == 405


def test_it_needs_the_permission_on_the_very_account(client: Client, bare):
    number, _ = bare
    user = make_user(Role.VIEWER)
    client.force_login(user)
    assert client.post(page_url(number), {}).status_code == 403


def test_it_takes_as_many_queries_for_many_bundles_as_for_few(as_support):
    account = make_account()
    regulation = make_regulation("DE", "local")
    make_bundle(account, regulation)
    number = make_number(account, phone_number="+493023125017", address_requirements="local")
    with counted("number_assign"):
        Page.of(as_support, page_url(number))
    for _ in range(5):
        make_bundle(account, regulation)
        make_address(account, iso_country="DE")
    with counted("number_assign"):
        Page.of(as_support, page_url(number))


def test_the_page_of_a_number_reads_its_bundle_in_one_query_more(as_support):
    account = make_account()
    bundle = make_bundle(account, make_regulation("DE", "local"))
    number = make_number(account, phone_number="+493023125017", bundle_sid=bundle.pk)
    assert "Compliant Its bundle is approved for local numbers of Germany." in card(as_support, number).text
    with counted("number_detail with a bundle"):
        Page.of(as_support, number.get_absolute_url())


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"status": "twilio-rejected"}, "Its bundle was rejected on"),
        ({"status": "draft"}, "a draft that was not submitted"),
        ({"status": "pending-review"}, "Twilio is reviewing its bundle since"),
        ({"valid_until": "2024-03-12T00:00:00Z"}, "was valid until 12 Mar 2024"),
        ({"status": "provisionally-approved"}, "is provisionally approved"),
        ({"status": "odd"}, "status “odd”, which Twilio does not explain"),
    ],
)
def test_every_cause_has_a_sentence(as_support, fields, words):
    account = make_account()
    bundle = make_bundle(account, make_regulation("DE", "local"), **fields)
    number = make_number(account, phone_number="+493023125017", bundle_sid=bundle.pk)
    assert words in card(as_support, number).text


def test_what_is_gone_or_unread_has_a_sentence_too(as_support):
    account = make_account()
    regulation = make_regulation("DE", "local")
    number = make_number(account, phone_number="+493023125017", bundle_sid=make_sid("BU"))
    assert "Its bundle has not been read from Twilio yet" in card(as_support, number).text
    french = make_bundle(account, make_regulation("FR", "mobile"))
    PhoneNumber.objects.filter(pk=number.pk).update(bundle_sid=french.pk)
    assert (
        "is for mobile numbers of France, not for local numbers of Germany" in card(as_support, number).text
    )
    foreign = make_bundle(make_account(), regulation)
    PhoneNumber.objects.filter(pk=number.pk).update(bundle_sid=foreign.pk)
    assert "belongs to another account" in card(as_support, number).text
    orphan = make_bundle(account, regulation, regulation_sid=make_sid("RN"))
    PhoneNumber.objects.filter(pk=number.pk).update(bundle_sid=orphan.pk)
    assert "regulation of its bundle has not been read" in card(as_support, number).text
