"""The page that makes a bundle: what can be chosen, what is proposed, and that it is made once."""

import pytest
from django.test import Client

from compliance.models import Bundle, EndUser, Regulation
from portal.models import Operation, Role
from portal.sandbox.faults import Fault
from portal.sandbox.regulatory import resources as wire
from tests.compliance.guided import errors, reviewer
from tests.factories import make_end_user, make_user
from tests.mirroring import complete
from tests.pages import Page, assert_is_region, url_of
from tests.query_counts import counted

pytestmark = pytest.mark.django_db
NEW = "/bundles/new/"
FORM = "main form[method=post]"


@pytest.fixture
def client(db):
    return reviewer()[1]


@pytest.fixture
def german(parent):
    complete(parent, "regulations")
    return Regulation.objects.for_group("DE", "local").get(end_user_type="business")


def new_url(account, **more):
    return url_of(NEW, account=account.pk, country="DE", **more)


def send(client, where, **typed):
    return client.post(where, {**Page.of(client, where).form(FORM), **typed})


def drafts(twilio):
    return [one for one in twilio.store.all(wire.Bundle) if one.email == "desk@example.com"]


def test_the_country_comes_first_and_only_what_is_in_force_can_be_chosen(client, parent, german):
    first = Page.of(client, NEW)
    countries = {option["value"] for option in first.all("#id_country option")}
    assert {"DE", "FR", "GB"} <= countries
    assert "US" not in countries, "no regulation is for it"
    assert not first.all(FORM)
    Regulation.objects.filter(pk=german.pk).update(missing_since="2026-01-01T00:00Z")

    page = Page.of(client, new_url(parent))
    offered = {choice["value"] for choice in page.all("input[name=regulation]")}
    expected = Regulation.objects.in_force().filter(iso_country="DE")
    assert offered == set(expected.values_list("pk", flat=True))
    assert german.pk not in offered


def test_it_says_what_will_be_needed_before_anything_is_made(client, parent, german):
    page = Page.of(client, new_url(parent, type="local", end_user="business"))

    chosen = page.one(f".choice:has(input[value={german.pk}])")
    assert chosen.one("input[type=radio]").get("checked", "no") != "no", "a search named it"
    assert "Excerpt from the commercial register" in chosen.text
    assert page.all(f"a[href='/regulations/{german.pk}/checklist/']")
    assert_is_region(client, new_url(parent), "new-bundle")


def test_a_draft_is_made_and_its_tasks_are_shown(client, twilio, parent, german):
    answer = send(client, new_url(parent), regulation=german.pk, email="desk@example.com")

    [told] = drafts(twilio)
    assert answer["Location"] == f"/bundles/{told.sid}/tasks/"
    assert (told.friendly_name, told.status, told.regulation_sid) == (
        "Germany, local, business", "draft", german.pk,
    )  # fmt: skip
    assert told.status_callback.endswith("/webhooks/bundles/")
    send(client, new_url(parent), regulation=german.pk, email="desk@example.com")
    assert {one.friendly_name for one in drafts(twilio)} == {
        "Germany, local, business",
        "Germany, local, business 2",
    }


def test_it_begins_with_the_end_user_it_was_begun_for(client, parent, german):
    holder = make_end_user(parent)
    complete(parent, "end_users")
    real = EndUser.objects.present().filter(account=parent, type="business").exclude(pk=holder.pk).first()
    where = new_url(parent, holder=real.pk)
    sid = send(client, where, regulation=german.pk, email="desk@example.com")["Location"].split("/")[2]

    assert EndUser.objects.in_bundle(sid).get() == real
    other = new_url(parent, holder=holder.pk)
    typed = {"regulation": german.pk, "email": "desk@example.com", "friendly_name": "Another"}
    assert send(client, other, **typed).status_code == 302, "an end user that is gone stops nobody"


def test_a_test_is_made_apart(client, twilio, parent, german):
    send(client, new_url(parent), regulation=german.pk, email="desk@example.com", is_test="on")

    assert Bundle.objects.get(pk=drafts(twilio)[0].sid).is_test


def test_the_same_form_twice_makes_one(client, twilio, parent, german):
    sent = Page.of(client, new_url(parent)).form(FORM)
    typed = {**sent, "regulation": german.pk, "email": "desk@example.com", "friendly_name": "Riverside"}
    places = {client.post(new_url(parent), typed)["Location"] for _ in range(2)}

    assert len(places) == len(drafts(twilio)) == 1


def test_what_is_missing_is_said(client, parent, german):
    page = Page(send(client, new_url(parent), email="nonsense"))

    assert set(errors(page)) == {
        "Choose the type of number and end user",
        "Enter an e-mail address like name@example.com",
    }
    assert page.one("#id_email")["value"] == "nonsense"
    assert errors(Page.of(client, url_of(NEW, account=parent.pk))) == ["Choose a country"]


def test_twilios_refusal_keeps_what_was_typed(client, twilio, parent, german):
    twilio.faults.add(Fault(kind="status", status=429, method="POST", path="*/Bundles", times=9))
    answer = send(client, new_url(parent), regulation=german.pk, email="desk@example.com")
    page = Page(answer)
    assert answer.status_code == 422
    assert "Unavailable" in page.one("[data-error-summary]").text
    twilio.faults.clear()

    assert client.post(new_url(parent), page.form(FORM)).status_code == 302
    assert len(drafts(twilio)) == 1


def test_a_lost_answer_says_so_and_nothing_is_sent_twice(client, twilio, parent, german):
    twilio.faults.add(Fault(kind="lost-answer", method="POST", path="*/Bundles", times=1))
    answer = send(client, new_url(parent), regulation=german.pk, email="desk@example.com")

    assert answer.status_code == 302
    assert Operation.objects.get().state == Operation.State.UNCERTAIN
    assert len(drafts(twilio)) == 1


def test_only_those_who_make_bundles_may(client, parent, german):
    with counted("bundle_create"):
        client.get(new_url(parent))
    stranger = Client()
    stranger.force_login(make_user(Role.SUPPORT))
    assert stranger.get(NEW).status_code == 403
    assert client.delete(NEW).status_code == 405


def test_a_foreign_account_cannot_be_chosen(parent, german):
    _, elsewhere = reviewer(accounts=[])
    assert elsewhere.get(new_url(parent)).status_code == 403
