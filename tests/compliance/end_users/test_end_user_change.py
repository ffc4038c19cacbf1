"""Changing and deleting an end user from its page, over the sandbox and its faults."""

import pytest
from django.test import Client
from django.urls import reverse

from compliance.bundles.actions import assign_item, create_bundle
from compliance.items import actions
from compliance.models import EndUser, Regulation
from portal.models import Operation, Role
from portal.sandbox.faults import Fault
from portal.sandbox.regulatory import resources as wire
from tests.factories import assign, make_bundle, make_regulation, make_user
from tests.mirroring import complete
from tests.pages import Page, htmx

pytestmark = pytest.mark.django_db

VALUES = {"business_name": "Marlow and Finch", "business_registration_number": "DE-555010"}


@pytest.fixture
def reviewer():
    return make_user(Role.COMPLIANCE)


@pytest.fixture
def client(reviewer) -> Client:
    client = Client()
    client.force_login(reviewer)
    return client


@pytest.fixture
def end_user(parent, reviewer) -> EndUser:
    complete(parent, "regulations")
    return actions.create_end_user(
        account=parent, type="business", friendly_name="Marlow", values=VALUES, actor=reviewer
    )


def url(end_user, action="detail"):
    return reverse(f"compliance:end-user-{action}", args=[end_user.pk])


def sent(client, end_user, action, **typed):
    form = Page.of(client, url(end_user, action)).form()
    return client.post(url(end_user, action), {**form, **typed}, headers=htmx("change"))


def told(twilio, end_user):
    return twilio.store.find(wire.EndUser, end_user.pk)


def test_the_form_asks_what_its_type_can_say_and_shows_no_value(client, end_user):
    page = Page.of(client, url(end_user, "edit"))
    assert "value-business_website" in page.source
    assert "Now M•••• (16 characters). Leave it empty to keep that." in page.one("form.form").text
    assert not any(value in page.source for value in VALUES.values())


def test_what_is_typed_replaces_and_what_is_left_empty_stays(client, twilio, end_user):
    answer = sent(client, end_user, "edit", **{"value-business_name": "Marlow Ltd", "reason": "Renamed"})
    assert answer["HX-Location"]
    assert told(twilio, end_user).attributes == {**VALUES, "business_name": "Marlow Ltd"}
    operation = Operation.objects.get(kind=actions.UPDATE_END_USER)
    assert operation.detail["changed"] == ["business_name"]
    assert "Marlow" not in str(operation.detail)


def test_what_is_ticked_is_removed(client, twilio, end_user):
    sent(client, end_user, "edit", remove="business_registration_number")
    assert told(twilio, end_user).attributes == {"business_name": "Marlow and Finch"}


def test_a_value_is_not_entered_and_removed_at_once(client, end_user):
    answer = sent(
        client, end_user, "edit", **{"value-business_name": "Marlow Ltd", "remove": "business_name"}
    )
    assert answer.status_code == 422
    assert "Enter Business Name or remove it, not both" in Page(answer).one(".notice--bad").text


def test_nothing_is_sent_when_nothing_was_changed(client, end_user):
    sent(client, end_user, "edit")
    assert Page.of(client, url(end_user)).messages == ["Nothing to change: Twilio already has it so."]
    assert not Operation.objects.filter(kind=actions.UPDATE_END_USER).exists()


def test_nobody_overwrites_what_somebody_else_changed(client, twilio, end_user):
    form = Page.of(client, url(end_user, "edit")).form()
    with twilio.changing() as (store, _):
        record = store.find(wire.EndUser, end_user.pk)
        record.attributes = {**VALUES, "business_name": "Changed elsewhere"}
        store.save(record)
    answer = client.post(
        url(end_user, "edit"), {**form, "value-business_name": "Mine"}, headers=htmx("change")
    )
    assert answer.status_code == 422
    assert "The end user has changed since you opened this form" in Page(answer).text
    assert told(twilio, end_user).attributes["business_name"] == "Changed elsewhere"


def test_a_lost_answer_is_said_to_be_looked_into(client, twilio, end_user):
    twilio.faults.add(Fault(kind="lost-answer", method="POST", path="*/EndUsers/*", times=1))
    sent(client, end_user, "edit", **{"value-business_name": "Marlow Ltd"})
    assert "A change is not settled yet" in Page.of(client, url(end_user)).one(".notice--wait").text


def test_it_is_deleted_for_a_reason(client, twilio, end_user):
    assert sent(client, end_user, "delete", reason="").status_code == 422
    assert sent(client, end_user, "delete", reason="Made twice")["HX-Location"]
    assert told(twilio, end_user) is None
    end_user.refresh_from_db()
    assert end_user.missing_since


def test_one_that_a_bundle_holds_is_not_offered_for_deletion(client, parent, end_user):
    assign(make_bundle(parent, make_regulation(), friendly_name="Berlin"), end_user)
    page = Page.of(client, url(end_user, "delete"))
    assert "It cannot be deleted while a bundle holds it" in page.one("main").text
    assert page.has_link("Berlin")
    assert not page.all("form.form")


def test_a_refusal_because_a_bundle_took_it_meanwhile_says_the_way_out(client, parent, reviewer, end_user):
    form = Page.of(client, url(end_user, "delete")).form()
    regulation = Regulation.objects.in_force().first()
    bundle = create_bundle(
        account=parent, regulation=regulation, friendly_name="Late", email="desk@example.com", actor=reviewer
    )
    assign_item(bundle=bundle, item=end_user, actor=reviewer)
    answer = client.post(url(end_user, "delete"), {**form, "reason": "Made twice"}, headers=htmx("change"))
    assert answer.status_code == 422
    assert "Take it out of its bundles first." in Page(answer).one(".notice--bad").text


def test_it_is_read_from_twilio_at_once(client, twilio, end_user):
    with twilio.changing() as (store, _):
        record = store.find(wire.EndUser, end_user.pk)
        record.friendly_name = "Renamed elsewhere"
        store.save(record)
    client.post(url(end_user, "refresh"))
    assert Page.of(client, url(end_user)).one("h1").text == "Renamed elsewhere"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT, Role.PORTING, Role.MANAGER])
@pytest.mark.parametrize("action", ["edit", "delete"])
def test_only_who_manages_bundles_changes_them(client, end_user, role, action):
    client.force_login(make_user(role))
    assert client.post(url(end_user, action)).status_code == 403
