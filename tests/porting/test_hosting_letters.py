"""Letters of authorization: one for many verified orders, sent once, taken back, and issued again."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from celery import current_app
from django.db import connection
from django.utils import timezone

from portal.models import Operation, Role
from portal.sandbox.faults import Fault
from porting.hosting.letters.actions import CREATE_LETTER, REVOKE_LETTER
from porting.models import AuthorizationDocument, HostedOrder, LetterDraft
from tests.factories import make_account, make_user
from tests.mirroring import complete
from tests.pages import Page, assert_is_region
from tests.porting.hosting import LETTERS, ORDERS, by_hand, received, verified
from tests.query_counts import counted

pytestmark = pytest.mark.django_db


@pytest.fixture
def orders(twilio, parent, address):
    by_hand(twilio)
    return verified(twilio, parent, address, "10", "11")


def select(client, *orders, **more):
    return client.post(f"{ORDERS}select/", {"sid": [order.pk for order in orders], "do": "letter", **more})


def send(client, url, **typed):
    return client.post(url, {**Page.of(client, url).form(), **typed})


@pytest.fixture
def letter(twilio, orders, as_porter):
    """A letter that its signer has, for two orders."""
    send(as_porter, select(as_porter, *orders).url)
    return AuthorizationDocument.objects.select_related("account").get(
        pk=LetterDraft.objects.get().document_sid
    )


def statuses(*orders):
    return [HostedOrder.objects.get(pk=order.pk).status for order in orders]


def letters_at_twilio(twilio):
    answer = twilio.direct("GET", "/v2/HostedNumber/AuthorizationDocuments", host="numbers.twilio.com")
    return len(answer["items"])


def test_an_address_is_created_on_the_way_and_chosen_afterwards(orders, address, as_porter):
    place = select(as_porter, *orders).url
    LetterDraft.objects.update(address_sid="")
    page = Page.of(as_porter, place)
    assert page.form()["address"] == [""]
    assert f"next={quote(place, safe='')}" in page.link("create it")

    assert Page.of(as_porter, f"{place}?address={address.pk}").form()["address"] == [address.pk]


def test_one_letter_for_all_ticked_orders_goes_to_whom_the_orders_name(twilio, orders, address, as_porter):
    before = letters_at_twilio(twilio)
    place = select(as_porter, *orders).url
    page = Page.of(as_porter, place)
    assert page.one("h1").text == "Letter of authorization for 2 numbers"
    assert "signer@" not in page.source
    assert page.form()["address"] == [address.pk]

    answered = send(as_porter, place)

    letter = AuthorizationDocument.objects.get(pk=LetterDraft.objects.get().document_sid)
    assert answered.url == letter.get_absolute_url()
    assert (letter.status, letter.email) == ("signing", "signer@example.com")
    assert statuses(*orders) == ["pending_loa", "pending_loa"]
    assert letters_at_twilio(twilio) == before + 1
    shown = Page.of(as_porter, answered.url)
    assert "Day 1 of 7" in shown.text
    assert "signer@" not in shown.source
    assert "+1 207-555-0110" in shown.text


def test_another_signer_and_watchers_are_taken(twilio, orders, as_porter):
    place = select(as_porter, *orders).url
    send(as_porter, place, email="boss@example.com", cc_emails="a@example.com, b@example.com")

    letter = AuthorizationDocument.objects.get(pk=LetterDraft.objects.get().document_sid)
    assert (letter.email, letter.cc_emails) == ("boss@example.com", ["a@example.com", "b@example.com"])


def test_all_orders_of_a_list_are_taken_and_those_not_verified_stay_out(
    twilio, parent, address, orders, as_porter
):
    received(twilio, parent, address, "13")

    place = select(as_porter, all="1", query=f"account={parent.pk}&q=55501").url

    draft = LetterDraft.objects.get()
    assert set(draft.order_sids) >= {order.pk for order in orders}
    ready = HostedOrder.objects.without_loa().filter(account=parent, phone_number__contains="55501")
    assert len(draft.order_sids) == ready.count()
    assert Page.of(as_porter, place).all("form.form")


def test_nothing_to_sign_is_said(twilio, parent, address, as_porter):
    by_hand(twilio)
    [order] = received(twilio, parent, address, "10")

    answered = select(as_porter, order)

    assert answered.url == ORDERS
    assert "None of these orders" in Page.of(as_porter, ORDERS).messages[0]


def test_a_double_click_sends_one_letter(twilio, orders, as_porter):
    before = letters_at_twilio(twilio)
    place = select(as_porter, *orders).url
    form = Page.of(as_porter, place).form()

    first, second = as_porter.post(place, form), as_porter.post(place, form)

    assert first.url == second.url
    assert letters_at_twilio(twilio) == before + 1


@pytest.mark.parametrize(("kind", "state"), [("lost-answer", "done"), ("reset", "refused")])
def test_a_letter_whose_answer_was_lost_is_found_and_not_sent_again(kind, state, twilio, orders, as_porter):
    before = letters_at_twilio(twilio)
    twilio.faults.add(Fault(kind=kind, method="POST", path="*/AuthorizationDocuments", times=1))
    place = select(as_porter, *orders).url
    send(as_porter, place)
    send(as_porter, place)
    Operation.objects.filter(kind=CREATE_LETTER).update(ended_at="2020-01-01T00:00:00Z")

    current_app.tasks["settle_hosting"]()

    operation = Operation.objects.get(kind=CREATE_LETTER)
    assert operation.state == state
    assert letters_at_twilio(twilio) == before + (state == "done")
    if state == "done":
        assert operation.target == LetterDraft.objects.get().document_sid


def test_revoked_orders_are_verified_again_and_get_a_new_letter_to_the_same_person(
    twilio, orders, letter, as_porter
):
    url = f"{letter.get_absolute_url()}revoke/"
    form = Page.of(as_porter, url).form()

    answered = as_porter.post(url, {**form, "again": "1"})

    assert "/letters/new/" in answered.url
    assert statuses(*orders) == ["verified", "verified"]
    letter.refresh_from_db()
    assert letter.missing_since
    page = Page.of(as_porter, answered.url)
    assert page.one("h1").text == "Letter of authorization for 2 numbers"
    send(as_porter, answered.url)
    again = LetterDraft.objects.get(replaces=letter.pk)
    assert (again.email, again.contact_title) == ("signer@example.com", "Office manager")
    assert again.document_sid != letter.pk
    assert statuses(*orders) == ["pending_loa", "pending_loa"]


def test_a_signed_letter_cannot_be_revoked(twilio, orders, letter, as_porter):
    twilio.hosting.sign(letter.pk)
    url = f"{letter.get_absolute_url()}revoke/"
    form = Page.of(as_porter, url).form()

    answered = as_porter.post(url, form)

    assert answered.status_code == 422
    assert "cannot be revoked any more" in Page(answered).one("[data-error-summary]").text
    assert not Page.of(as_porter, letter.get_absolute_url()).has_link("Revoke")


@pytest.mark.parametrize(("kind", "state"), [("lost-answer", "done"), ("reset", "refused")])
def test_a_revocation_whose_answer_was_lost_is_found_out(kind, state, twilio, letter, as_porter):
    twilio.faults.add(Fault(kind=kind, method="DELETE", path="*/AuthorizationDocuments/*", times=1))
    url = f"{letter.get_absolute_url()}revoke/"
    as_porter.post(url, Page.of(as_porter, url).form())
    Operation.objects.filter(kind=REVOKE_LETTER).update(ended_at="2020-01-01T00:00:00Z")

    current_app.tasks["settle_hosting"]()

    assert Operation.objects.get(kind=REVOKE_LETTER).state == state


def test_the_preview_takes_a_letter_back_and_sends_it_again(twilio, parent, address, as_porter, settings):
    settings.HOSTING_API = "preview"
    twilio.set_account(parent.pk, hosting_preview=True)
    by_hand(twilio)
    orders = verified(twilio, parent, address, "10", "11")
    send(
        as_porter, select(as_porter, *orders).url, contact_title="Owner", contact_phone_number="+12075550199"
    )
    letter = AuthorizationDocument.objects.get(pk=LetterDraft.objects.get().document_sid)
    url = f"{letter.get_absolute_url()}revoke/"

    answered = as_porter.post(url, {**Page.of(as_porter, url).form(), "again": "1"})

    letter.refresh_from_db()
    assert letter.status == "opened"
    send(as_porter, answered.url, email="other@example.com")
    letter.refresh_from_db()
    assert (letter.status, letter.email) == ("signing", "other@example.com")


def test_a_letter_that_was_declined_is_written_anew_to_its_orders(twilio, letter, parent, as_porter):
    url = f"{letter.get_absolute_url()}again/"
    assert as_porter.post(url).url == letter.get_absolute_url(), "its signer has it"
    orders = set(LetterDraft.objects.get(document_sid=letter.pk).order_sids)
    twilio.hosting.decline(letter.pk)
    complete(parent, "authorizations")
    complete(parent, "hosted_orders")
    assert Page.of(as_porter, letter.get_absolute_url()).all(f"form[action='{url}']")

    answered = as_porter.post(url)

    draft = LetterDraft.objects.get(replaces=letter.pk)
    assert answered.url == f"{LETTERS}new/{draft.pk}/"
    assert set(draft.order_sids) == orders
    send(as_porter, answered.url)
    draft.refresh_from_db()
    assert draft.document_sid not in ("", letter.pk), "the same wish a moment later, and yet another one"
    assert AuthorizationDocument.objects.get(pk=draft.document_sid).email == "signer@example.com"


def test_only_the_last_fifth_of_seven_days_is_red(letter, as_porter):
    for days, is_red in ((3.5, False), (5.5, False), (5.7, True), (6.9, True)):
        sent = timezone.now() - timedelta(days=days)
        AuthorizationDocument.objects.update(remote_created_at=sent, status_since=sent)
        page = Page.of(as_porter, letter.get_absolute_url())
        assert bool(page.all(".number-meta .badge--bad")) == is_red, days


def test_the_signer_stands_nowhere_in_clear(letter):
    with connection.cursor() as cursor:
        kept = []
        for table in (
            "portal_operation",
            "portal_change",
            "porting_letterdraft",
            "porting_authorizationdocument",
        ):
            cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} AS t")
            kept += [text for (text,) in cursor.fetchall()]
    assert "signer@" not in "\n".join(kept)
    assert "Office manager" not in "\n".join(kept)


def test_a_value_is_shown_for_a_reason(letter, as_porter, as_support):
    url = f"{letter.get_absolute_url()}reveal/email/"
    assert as_support.get(url).status_code == 403

    as_porter.post(url, {"reason": "Calling the signer"})

    assert "signer@example.com" in Page.of(as_porter, letter.get_absolute_url()).source
    assert "signer@example.com" not in Page.of(as_support, letter.get_absolute_url()).source


def test_the_list_its_export_and_who_sees_it(parent, letter, as_porter, as_viewer, client):
    complete(parent, "authorizations")
    page = Page.of(as_porter, LETTERS)
    assert letter.get_absolute_url() in page.rows
    export = b"".join(as_porter.get(f"{LETTERS}export/")).decode()
    assert letter.pk in export
    assert "signer@" not in export
    assert as_viewer.get(f"{LETTERS}export/").status_code == 403
    assert as_viewer.get(f"{letter.get_absolute_url()}revoke/").status_code == 403
    client.force_login(make_user(Role.PORTING, accounts=[make_account()]))
    assert client.get(letter.get_absolute_url()).status_code == 404
    assert_is_region(as_porter, LETTERS, "letters")
    assert_is_region(as_porter, letter.get_absolute_url(), "letter")


def test_pages_take_the_same_queries(letter, as_porter):
    with counted("authorization_list"):
        as_porter.get(LETTERS)
    with counted("authorization_detail"):
        as_porter.get(letter.get_absolute_url())
