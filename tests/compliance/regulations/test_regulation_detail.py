"""One regulation: what it asks for, its versions, and the sheet for a customer."""

import pytest
from django.urls import reverse

from compliance.models import Regulation
from compliance.sync import keep_versions
from portal.models import Role
from tests.factories import make_account, make_bundle, make_regulation, make_user
from tests.pages import Page, assert_is_region
from tests.query_counts import counted

pytestmark = pytest.mark.django_db


def detailed(name, label, description="", *constraints):
    return {
        "machine_name": name,
        "friendly_name": label,
        "description": description,
        "constraints": list(constraints),
    }


WHO = {
    "name": "Business",
    "type": "business",
    "requirement_name": "business_info",
    "detailed_fields": [
        detailed("business_name", "Business Name", "As registered", {"type": "max_length", "value": 120}),
        detailed("is_subassigned", "Assigned", "", {"type": "enum", "values": ["YES", "NO"]}),
        detailed("comments", "Comments", "", {"type": "optional"}),
        detailed("moon_phase", "Moon Phase"),
    ],
}


def proof(name, *papers):
    return {
        "name": name,
        "requirement_name": name.lower().replace(" ", "_"),
        "description": "",
        "accepted_documents": list(papers),
    }


def paper(name, *fields, **rules):
    constraints = [{"type": "file"}, *({"type": key, "value": value} for key, value in rules.items())]
    return {
        "name": name,
        "type": name.lower().replace(" ", "_"),
        "detailed_fields": list(fields),
        "constraints": constraints,
    }


ADDRESS = detailed("address_sids", "Address sid(s)")
SETS = [
    [
        proof("Proof of address", paper("Utility Bill", ADDRESS, max_age_months=3)),
        proof("Identity", paper("Passport")),
    ],
    [
        proof("Proof of address", paper("Utility Bill", ADDRESS, max_age_months=3)),
        proof("Power", paper("Letter")),
    ],
]


@pytest.fixture
def regulation(db):
    return make_regulation(
        "FR", "local", "business", requirements={"end_user": [WHO], "supporting_document": SETS}
    )


def change(regulation, **told):
    who = {**WHO, "detailed_fields": [*WHO["detailed_fields"], detailed("tax_id", "Tax ID")]}
    regulation.payload["requirements"] = {"end_user": [who], "supporting_document": SETS, **told}
    regulation.save()
    keep_versions()


def url(regulation, action=""):
    return reverse(f"compliance:regulation-{action or 'detail'}", args=[regulation.pk])


def test_it_says_in_plain_words_what_will_be_needed(as_viewer, regulation):
    page = Page.of(as_viewer, url(regulation))
    assert page.one("h1").text == "France, local, business"
    text = page.one("main").text
    assert "Business Name As registered 120 characters at most" in text
    assert "Assigned One of: Yes, No" in text
    assert "Comments (optional)" in text
    assert "Moon Phase Any text" in text
    assert "All of these, and then one of the sets below." in text
    assert (
        "Utility Bill File: JPG, PNG or PDF, smaller than 5 MB. At most 3 months old. Asks for: Address"
        in text
    )
    assert "Set 1 of 2 Identity" in text
    assert "Set 2 of 2 Power" in text
    assert text.count("Proof of address") == 1
    assert "moon_phase" in page.one("details.machine").text


def test_our_bundles_under_it_are_counted_by_status(as_viewer, regulation):
    make_bundle(make_account(), regulation)
    make_bundle(make_account(), regulation, status="draft")
    make_bundle(make_account(), regulation, status="moonlit")
    found = [
        term.text for term in Page.of(as_viewer, url(regulation)).all("section[aria-labelledby=ours] dt")
    ]
    assert found == ["Draft", "Approved", "moonlit"]


def test_what_changed_last_is_told_in_a_sentence(as_viewer, regulation):
    assert "Nothing since Numberdesk first read it" in Page.of(as_viewer, url(regulation)).one("main").text
    change(regulation)
    changed = Page.of(as_viewer, url(regulation)).one("section[aria-labelledby=changed]")
    assert "From version 1 to version 2" in changed.text
    assert changed.one(".differences").text == "Asks for more End user: Business Tax ID is needed now."


def test_a_retired_one_leads_to_the_one_in_force(as_viewer, regulation):
    Regulation.objects.filter(pk=regulation.pk).update(missing_since="2026-01-01T00:00:00Z")
    successor = make_regulation("FR", "local", "business")
    notice = Page.of(as_viewer, url(regulation)).one(".notice")
    assert "does not list this regulation any more" in notice.text
    assert notice.one("a")["href"] == url(successor)


@pytest.mark.parametrize("action", ["", "versions", "checklist"])
def test_who_may_see_it(client, regulation, action):
    client.force_login(make_user())
    assert client.get(url(regulation, action)).status_code == 403
    client.force_login(make_user(Role.VIEWER, accounts=[make_account()]))
    assert client.get(url(regulation, action)).status_code == 200
    assert client.post(url(regulation, action)).status_code == 405
    unknown = url(regulation, action).replace(regulation.pk, "RN" + "0" * 32)
    assert client.get(unknown).status_code == 404


def test_any_two_versions_are_compared(as_viewer, regulation):
    assert "There is one version" in Page.of(as_viewer, url(regulation, "versions")).source
    change(regulation)
    change(regulation, supporting_document=SETS[:1])
    page = Page.of(as_viewer, f"{url(regulation, 'versions')}?from=1&to=3")
    assert "Of the changes, 2 ask for more than before." in page.one("#comparison").text
    assert "Power needs no proof any more." in page.one("#comparison").text
    same = Page.of(as_viewer, f"{url(regulation, 'versions')}?from=2&to=2")
    assert "Nothing is different." in same.one("#comparison").text
    newest = Page.of(as_viewer, f"{url(regulation, 'versions')}?from=moon&to=9")
    assert newest.one("#id_from option[selected]")["value"] == "2"
    assert_is_region(as_viewer, f"{url(regulation, 'versions')}?from=1&to=3", "comparison")


def test_the_checklist_is_for_a_customer(as_viewer, regulation):
    sheet = Page.of(as_viewer, url(regulation, "checklist")).one("article")
    assert "For a local phone number in France, held by a business." in sheet.text
    assert "Utility Bill, showing the address. At most 3 months old." in sheet.text
    assert "Choice 2 Power" in sheet.text
    for internal in ("Twilio", "bundle", "sid", "moon_phase", "regulation", regulation.pk):
        assert internal not in sheet.text


def test_pages_take_as_many_queries_for_many_versions_as_for_few(as_viewer, regulation):
    make_account()
    for name in ("", "versions", "checklist"):
        with counted(f"regulation_{name or 'detail'}"):
            Page.of(as_viewer, url(regulation, name))
    change(regulation)
    make_bundle(make_account(), regulation)
    for name in ("", "versions", "checklist"):
        with counted(f"regulation_{name or 'detail'}"):
            Page.of(as_viewer, url(regulation, name))


@pytest.mark.parametrize("role", list(Role))
def test_who_makes_bundles_starts_one_for_it(client, regulation, role):
    make_account()
    client.force_login(make_user(role))
    page = Page.of(client, url(regulation))
    assert page.has_link("Start a bundle") == (role in (Role.COMPLIANCE, Role.ADMIN))
    if page.has_link("Start a bundle"):
        assert page.link("Start a bundle") == "/bundles/new/?country=FR&type=local&end_user=business"
        assert "France" in Page.of(client, page.link("Start a bundle")).one("main").text


def test_one_that_is_not_in_force_starts_no_bundle(client, regulation):
    Regulation.objects.filter(pk=regulation.pk).update(missing_since="2026-01-01T00:00:00Z")
    client.force_login(make_user(Role.ADMIN))
    assert not Page.of(client, url(regulation)).has_link("Start a bundle")
