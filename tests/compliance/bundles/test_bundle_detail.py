"""The page of a bundle: where it stands, who acts next, what it holds, what its evaluations found."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from compliance.bundles.actions import UPDATE_BUNDLE
from compliance.models import Bundle, EndUser
from compliance.sync import keep_versions
from portal.models import Note, Operation, Role
from tests.factories import (
    assign,
    make_account,
    make_bundle,
    make_document,
    make_end_user,
    make_evaluation,
    make_number,
    make_regulation,
    make_user,
)
from tests.pages import Page, assert_is_region, htmx
from tests.query_counts import counted

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(db):
    return make_account(friendly_name="Ours")


@pytest.fixture
def regulation(db):
    return make_regulation("DE", "local", "business")


def bundle_of(account, regulation, **fields):
    return make_bundle(account, regulation, friendly_name="Rosengarten", **fields)


def url(bundle, action=""):
    return reverse(f"compliance:bundle-{action or 'detail'}", args=[bundle.pk])


def failing(field, reason):
    return {
        "friendly_name": "Excerpt",
        "object_type": "excerpt",
        "passed": False,
        "failure_reason": "Something is wrong.",
        "error_code": 22217,
        "valid": [],
        "invalid": [
            {
                "friendly_name": field.title(),
                "object_field": field,
                "failure_reason": reason,
                "error_code": 22217,
            }
        ],
        "requirement_friendly_name": "Proof",
        "requirement_name": "proof_info",
    }


@pytest.mark.parametrize(
    ("status", "current", "words"),
    [
        ("draft", "Draft", "We act. Fill in what is missing, and submit it."),
        ("pending-review", "Submitted", "Twilio acts. Twilio decides, usually by"),
        ("in-review", "In review", "Twilio acts. Twilio decides, usually by"),
        ("twilio-approved", "Approved", "Nobody has to act. Numbers of its country and type can be assigned"),
        (
            "twilio-rejected",
            "Rejected",
            "We act. Correct what Twilio rejected, and submit the same bundle again.",
        ),
        ("provisionally-approved", "Provisionally approved", "Twilio acts. Numbers may use it already"),
        ("moonlit", "moonlit", "Numberdesk does not know this status."),
    ],
)
def test_it_says_where_the_bundle_stands_and_who_acts_next(
    as_viewer, account, regulation, status, current, words
):
    page = Page.of(as_viewer, url(bundle_of(account, regulation, status=status)))
    assert page.one(".stages [aria-current=step] b").text == current
    assert words in page.one(".journey__next").text


def test_an_approved_bundle_with_a_last_day_is_ours_to_act_on(as_viewer, account, regulation):
    bundle = bundle_of(account, regulation, valid_until="2020-01-01T00:00:00Z")
    page = Page.of(as_viewer, url(bundle))
    assert "We act. The regulation changed." in page.one(".journey__next").text
    assert "overdue by" in page.one(".number-meta").text


def test_while_twilio_reviews_its_copy_twilio_acts(as_viewer, account, regulation):
    bundle = bundle_of(account, regulation, valid_until="2099-01-01T00:00:00Z")
    copy = make_bundle(account, regulation, status="in-review", friendly_name="Its copy")
    Bundle.objects.filter(pk=copy.pk).update(copy_of=bundle.pk)
    page = Page.of(as_viewer, url(bundle))
    assert (
        "Twilio acts. Twilio reviews the copy that brings it up to date." in page.one(".journey__next").text
    )
    assert page.link("Its copy") == url(copy)
    assert Page.of(as_viewer, url(copy)).link("Rosengarten") == url(bundle)


def test_an_update_is_offered_until_it_is_done(client, account, regulation):
    client.force_login(make_user(Role.COMPLIANCE))
    bundle = bundle_of(account, regulation, valid_until="2099-01-01T00:00:00Z")
    assert Page.of(client, url(bundle)).has_link("Update it")
    copy = make_bundle(account, regulation, status="twilio-approved", friendly_name="Its copy")
    Bundle.objects.filter(pk=copy.pk).update(copy_of=bundle.pk)
    assert Page.of(client, url(bundle)).has_link("Update it")
    Bundle.objects.filter(pk=bundle.pk).update(valid_until=None)
    Bundle.objects.filter(pk=copy.pk).update(missing_since=datetime.now(UTC))
    page = Page.of(client, url(bundle))
    assert not page.has_link("Update it")
    assert "Its copy Updated" in page.text


def test_a_test_bundle_says_so_and_that_nothing_is_to_be_done(as_viewer, account, regulation):
    bundle = bundle_of(account, regulation, status="twilio-rejected")
    Bundle.objects.filter(pk=bundle.pk).update(is_test=True)
    page = Page.of(as_viewer, url(bundle))
    assert "Test bundle" in page.one(".number-meta").text
    assert "Twilio rejects every test bundle." in page.one(".journey__next").text


def test_it_lists_what_it_holds_and_masks_the_contact(as_viewer, account, regulation):
    bundle = bundle_of(account, regulation)
    assign(bundle, make_end_user(account, friendly_name="Beispiel GmbH"))
    assign(bundle, make_document(account, friendly_name="Register", status="rejected"))
    stray = make_end_user(account)
    assign(bundle, stray)
    EndUser.objects.filter(pk=stray.pk).delete()
    page = Page.of(as_viewer, url(bundle))
    held = page.one("section[aria-labelledby=holds]").text
    assert "End user Beispiel GmbH Business" in held
    assert "Document Register Business registration Rejected" in held
    assert "not read yet" in held
    assert "compliance@example.com" not in page.source


def test_the_contact_is_revealed_for_a_reason_by_those_who_may(client, account, regulation):
    bundle = bundle_of(account, regulation)
    client.force_login(make_user(Role.COMPLIANCE))
    assert client.post(url(bundle, "reveal"), {"reason": ""}).status_code == 422
    client.post(url(bundle, "reveal"), {"reason": "The customer asked"})
    assert "compliance@example.com" in Page.of(client, url(bundle)).source
    client.force_login(make_user(Role.VIEWER))
    assert client.post(url(bundle, "reveal"), {"reason": "Curious"}).status_code == 403
    assert "compliance@example.com" not in Page.of(client, url(bundle)).source


def test_it_names_its_regulation_and_the_version_that_is_in_force(as_viewer, account, regulation):
    page = Page.of(as_viewer, url(bundle_of(account, regulation)))
    assert page.link("Germany, local, business") == regulation.get_absolute_url()
    assert page.link("version 1") == f"{regulation.get_absolute_url()}versions/"


def test_its_numbers_are_counted_and_listed(as_viewer, account, regulation):
    bundle = bundle_of(account, regulation)
    number = make_number(account, bundle_sid=bundle.pk)
    make_number(account)
    page = Page.of(as_viewer, url(bundle))
    assert Page.of(as_viewer, page.link("1 number")).rows == [number.get_absolute_url()]


def test_two_evaluations_stand_side_by_side(as_viewer, account, regulation):
    bundle = bundle_of(account, regulation, status="draft")
    first = make_evaluation(
        bundle,
        status="noncompliant",
        results=[failing("name", "No name.")],
        date_created="2024-01-02T09:00:00Z",
    )
    second = make_evaluation(
        bundle,
        status="noncompliant",
        results=[failing("date", "Too old.")],
        date_created="2024-01-03T09:00:00Z",
    )
    make_evaluation(bundle, results=[], date_created="2024-01-04T09:00:00Z")
    page = Page.of(as_viewer, url(bundle))
    rows = [row.text for row in page.all(".side-by-side tbody tr")]
    assert rows == ["Proof Date No longer asked for Too old. Not judged"]
    compared = f"{url(bundle)}?from={first.pk}&to={second.pk}"
    page = Page.of(as_viewer, compared)
    assert [row.text for row in page.all(".side-by-side tbody tr")] == [
        "Proof Date New Nothing wrong Too old.",
        "Proof Name Fixed No name. Nothing wrong",
    ]
    assert "1 new, 1 fixed." in page.one("#evaluations").text
    assert_is_region(as_viewer, compared, "evaluations")


def test_a_single_evaluation_tells_its_faults(as_viewer, account, regulation):
    bundle = bundle_of(account, regulation, status="draft")
    assert "It has never been evaluated." in Page.of(as_viewer, url(bundle)).one("#evaluations").text
    make_evaluation(bundle, status="noncompliant", results=[failing("name", "No name.")])
    assert "Proof: Name No name." in Page.of(as_viewer, url(bundle)).one("#evaluations").text


def test_a_regulation_that_changed_since_is_told_with_what_is_different(as_viewer, account, regulation):
    bundle = bundle_of(account, regulation, status="draft")
    assert "regulation has changed" not in Page.of(as_viewer, url(bundle)).source
    regulation.payload["requirements"]["end_user"][0]["detailed_fields"].append({"machine_name": "tax_id"})
    regulation.save()
    keep_versions()
    notice = Page.of(as_viewer, url(bundle)).one("details.notice").text
    assert "The regulation has changed since it was made: 1 difference" in notice
    assert "Tax id is needed now." in notice


def test_the_history_names_changes_of_contact_and_name_without_their_values(as_viewer, account, regulation):
    bundle = bundle_of(account, regulation)
    make_bundle(account, regulation, sid=bundle.pk, friendly_name="Erika Muster", email="erika@example.com")
    Note.objects.create(
        target=bundle.pk, account=bundle.account, body="Call them.", author=make_user(Role.SUPPORT)
    )
    told = Page.of(as_viewer, url(bundle)).one(".timeline").text
    assert "Call them." in told
    assert "Changed:" in told
    assert "Rosengarten" not in told
    assert "erika" not in told


def test_a_change_that_is_not_settled_is_announced(as_viewer, account, regulation):
    bundle = bundle_of(account, regulation)
    Operation.objects.create(
        kind=UPDATE_BUNDLE, account=account, target=bundle.pk, state="uncertain", detail={"changed": []}
    )
    assert "A change is not settled yet" in Page.of(as_viewer, url(bundle)).one(".notice--wait").text


def test_a_bundle_that_is_gone_shows_its_last_state_and_offers_nothing(client, account, regulation):
    bundle = bundle_of(account, regulation)
    Bundle.objects.filter(pk=bundle.pk).update(missing_since=datetime(2026, 1, 1, tzinfo=UTC))
    client.force_login(make_user(Role.ADMIN))
    page = Page.of(client, url(bundle))
    assert "Twilio does not have this bundle any more" in page.one(".notice--bad").text
    assert not page.all(".head__actions")


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(
    ("status", "button"), [("draft", "Continue"), ("twilio-rejected", "Correct and resubmit")]
)
def test_who_repairs_it_is_led_to_its_tasks(client, account, regulation, role, status, button):
    client.force_login(make_user(role))
    page = Page.of(client, url(bundle_of(account, regulation, status=status)))
    assert page.has_link(button) == (role in (Role.COMPLIANCE, Role.ADMIN))


@pytest.mark.parametrize("action", ["", "reveal", "edit", "delete"])
def test_a_foreign_or_unknown_bundle_is_not_found(client, account, regulation, action):
    bundle = bundle_of(make_account(), regulation)
    client.force_login(make_user(Role.COMPLIANCE, accounts=[account]))
    assert client.get(url(bundle, action)).status_code == 404
    bundle.pk = "BU" + "0" * 32
    assert client.get(url(bundle, action)).status_code == 404


def test_only_reading_is_allowed(as_viewer, account, regulation):
    bundle = bundle_of(account, regulation)
    assert as_viewer.post(url(bundle)).status_code == 405
    for action in ("note", "refresh", "evaluate"):
        assert as_viewer.get(url(bundle, action)).status_code == 405
        assert as_viewer.post(url(bundle, action)).status_code == 403


def test_a_note_is_added_and_an_empty_one_refused(as_support, account, regulation):
    bundle = bundle_of(account, regulation)
    answer = as_support.post(url(bundle, "note"), {"body": ""}, headers=htmx("bundle"))
    assert answer.status_code == 422
    assert "Enter note" in answer.content.decode()
    assert as_support.post(url(bundle, "note"), {"body": "Call them."}).status_code == 302
    assert "Call them." in Page.of(as_support, url(bundle)).one(".timeline").text


def test_what_htmx_replaces_is_part_of_the_page(as_viewer, account, regulation):
    assert_is_region(as_viewer, url(bundle_of(account, regulation)), "bundle")


def test_it_takes_as_many_queries_for_much_as_for_little(as_viewer, account, regulation):
    bundle = bundle_of(account, regulation, status="draft")
    assign(bundle, make_end_user(account))
    with counted("bundle_detail"):
        Page.of(as_viewer, url(bundle))
    for _ in range(3):
        assign(bundle, make_end_user(account))
        assign(bundle, make_document(account))
        make_evaluation(bundle)
        make_number(account, bundle_sid=bundle.pk)
    with counted("bundle_detail"):
        Page.of(as_viewer, url(bundle))
