"""Reading, evaluating, renaming and deleting a bundle from its page, over the sandbox and its faults."""

import pytest
from django.test import Client
from django.urls import reverse

from compliance.bundles import actions
from compliance.models import Bundle, Regulation
from portal.models import Operation, Role
from portal.sandbox.faults import Fault
from portal.sandbox.regulatory import resources as wire
from tests.factories import make_number, make_user
from tests.mirroring import complete
from tests.pages import Page, htmx

pytestmark = pytest.mark.django_db


@pytest.fixture
def regulation(parent) -> Regulation:
    complete(parent, "regulations")
    return Regulation.objects.for_group("GB", "mobile").get(end_user_type="individual")


@pytest.fixture
def reviewer():
    return make_user(Role.COMPLIANCE)


@pytest.fixture
def client(reviewer) -> Client:
    client = Client()
    client.force_login(reviewer)
    return client


@pytest.fixture
def bundle(parent, regulation, reviewer) -> Bundle:
    return actions.create_bundle(
        account=parent,
        regulation=regulation,
        friendly_name="Riverside",
        email="desk@example.com",
        actor=reviewer,
    )


def url(bundle, action=""):
    return reverse(f"compliance:bundle-{action or 'detail'}", args=[bundle.pk])


def told(twilio, bundle):
    return twilio.store.find(wire.Bundle, bundle.pk)


def change(twilio, bundle, **values):
    """What somebody does with the bundle elsewhere."""
    with twilio.changing() as (store, _):
        record = store.find(wire.Bundle, bundle.pk)
        for name, value in values.items():
            setattr(record, name, value)
        store.save(record)


def sent(client, bundle, action, **typed):
    form = Page.of(client, url(bundle, action)).form()
    return client.post(url(bundle, action), {**form, **typed}, headers=htmx("change"))


def test_it_is_read_from_twilio_at_once(client, twilio, bundle):
    change(twilio, bundle, friendly_name="Renamed elsewhere")
    client.post(url(bundle, "refresh"))
    page = Page.of(client, url(bundle))
    assert page.one("h1").text == "Renamed elsewhere"
    assert page.messages == ["Read from Twilio just now."]


def test_a_bundle_that_is_gone_is_found_gone_when_it_is_read(client, twilio, bundle):
    with twilio.changing() as (store, _):
        store.remove(store.find(wire.Bundle, bundle.pk))
    client.post(url(bundle, "refresh"))
    assert "Twilio does not have this bundle any more" in Page.of(client, url(bundle)).source


def test_it_is_evaluated_and_says_what_is_missing(client, bundle):
    client.post(url(bundle, "evaluate"))
    page = Page.of(client, url(bundle))
    assert page.messages == ["Twilio finds that something is missing or wrong. It stands below."]
    assert "Individual End-User is missing" in page.one("#evaluations").text


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(kind="status", method="POST", path="*/Evaluations", status=503), "Twilio's answer was lost."),
        (Fault(kind="status", method="POST", path="*/Evaluations", status=429), "Unavailable:"),
    ],
)
def test_an_evaluation_that_failed_is_said_and_stands_nowhere(client, twilio, bundle, fault, words):
    twilio.faults.add(fault)
    client.post(url(bundle, "evaluate"))
    page = Page.of(client, url(bundle))
    assert page.messages[0].startswith(words)
    assert "It has never been evaluated." in page.one("#evaluations").text


def test_a_name_and_a_contact_are_changed_and_the_contact_is_shown_to_nobody(client, twilio, bundle):
    page = Page.of(client, url(bundle, "edit"))
    assert "desk@example.com" not in page.source
    assert "Leave it empty to keep that." in page.one("form.form").text
    answer = sent(client, bundle, "edit", friendly_name="Riverside North", email="north@example.com")
    assert answer["HX-Location"]
    record = told(twilio, bundle)
    assert (record.friendly_name, record.email) == ("Riverside North", "north@example.com")
    assert Page.of(client, url(bundle)).messages == ["Saved at Twilio."]


def test_a_contact_that_is_left_empty_stays(client, twilio, bundle):
    sent(client, bundle, "edit", friendly_name="Riverside North")
    assert told(twilio, bundle).email == "desk@example.com"


def test_nothing_is_sent_when_nothing_was_changed(client, bundle):
    sent(client, bundle, "edit")
    assert Page.of(client, url(bundle)).messages == ["Nothing to change: Twilio already has it so."]
    assert not Operation.objects.filter(kind=actions.UPDATE_BUNDLE).exists()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"friendly_name": ""}, "Enter name"),
        ({"email": "nobody"}, "Enter a valid email address."),
        ({"status_callback": "http://example.com/x"}, "Use https://"),
        ({"status_callback": "https://10.0.0.1/x"}, "Use a host that Twilio can reach"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(client, bundle, typed, words):
    answer = sent(client, bundle, "edit", **typed)
    assert answer.status_code == 422
    assert words in Page(answer).one(".notice--bad").text


def test_nobody_overwrites_what_somebody_else_renamed(client, twilio, bundle):
    form = Page.of(client, url(bundle, "edit")).form()
    change(twilio, bundle, friendly_name="Renamed elsewhere")
    answer = client.post(url(bundle, "edit"), {**form, "friendly_name": "Mine"}, headers=htmx("change"))
    page = Page(answer)
    assert answer.status_code == 422
    assert "Somebody changed the bundle since this page was opened." in page.one(".notice--bad").text
    assert "Renamed elsewhere" in page.one(".notice--wait").text
    again = client.post(url(bundle, "edit"), page.form("form.form"), headers=htmx("change"))
    assert again["HX-Location"]
    assert told(twilio, bundle).friendly_name == "Mine"


def test_a_refusal_of_twilio_is_shown_beside_the_name(client, twilio, bundle):
    twilio.faults.add(
        Fault(
            kind="status", method="POST", path="*/Bundles/*", status=400, body="json", times=1, commits=False
        )
    )
    answer = sent(client, bundle, "edit", friendly_name="Riverside North")
    assert answer.status_code == 422
    assert told(twilio, bundle).friendly_name == "Riverside"


def test_a_lost_answer_is_said_to_be_looked_into(client, twilio, bundle):
    twilio.faults.add(Fault(kind="lost-answer", method="POST", path="*/Bundles/*", times=1))
    sent(client, bundle, "edit", friendly_name="Riverside North")
    page = Page.of(client, url(bundle))
    assert "A change is not settled yet" in page.one(".notice--wait").text
    assert "nothing is sent twice" in page.messages[0]


def test_the_same_form_twice_is_one_change(client, bundle):
    form = {**Page.of(client, url(bundle, "edit")).form(), "friendly_name": "Riverside North"}
    for _ in range(2):
        client.post(url(bundle, "edit"), form, headers=htmx("change"))
    assert Operation.objects.filter(kind=actions.UPDATE_BUNDLE).count() == 1


def test_a_bundle_is_deleted_for_a_reason(client, twilio, bundle):
    assert sent(client, bundle, "delete", reason="").status_code == 422
    assert sent(client, bundle, "delete", reason="Made twice")["HX-Location"]
    assert told(twilio, bundle) is None
    bundle.refresh_from_db()
    assert bundle.missing_since
    operation = Operation.objects.get(kind=actions.DELETE_BUNDLE)
    assert (operation.state, operation.reason) == (Operation.State.DONE, "Made twice")


def test_what_is_under_review_or_used_is_not_offered_for_deletion(client, parent, bundle):
    Bundle.objects.filter(pk=bundle.pk).update(status="in-review")
    page = Page.of(client, url(bundle, "delete"))
    assert "It cannot be deleted while Twilio reviews it" in page.one("main").text
    Bundle.objects.filter(pk=bundle.pk).update(status="twilio-approved")
    make_number(parent, bundle_sid=bundle.pk)
    page = Page.of(client, url(bundle, "delete"))
    assert "1 number would lose what makes it compliant" in page.one("main").text
    assert not page.all("form.form")


def test_a_review_that_began_meanwhile_is_explained(client, twilio, bundle):
    form = Page.of(client, url(bundle, "delete")).form()
    change(twilio, bundle, status="in-review")
    answer = client.post(url(bundle, "delete"), {**form, "reason": "Made twice"}, headers=htmx("change"))
    assert answer.status_code == 422
    assert (
        "The bundle is under review, so Twilio does not delete it." in Page(answer).one(".notice--bad").text
    )


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT, Role.PORTING, Role.MANAGER])
@pytest.mark.parametrize("action", ["edit", "delete", "evaluate"])
def test_only_who_manages_bundles_changes_them(client, bundle, role, action):
    client.force_login(make_user(role))
    assert client.post(url(bundle, action)).status_code == 403
