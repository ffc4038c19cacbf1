"""Journey J-8 in the preview API, with what it does differently (contract §4, row 11)."""

import pytest
from celery import current_app

from portal.models import Batch, Operation
from portal.sandbox.faults import Fault
from porting.hosting.calls.actions import SEND_CODE
from porting.models import AuthorizationDocument, HostedOrder, LetterDraft
from tests.mirroring import complete
from tests.pages import Page
from tests.porting.filing import PREFIX
from tests.porting.hosting import LETTERS, ORDERS, by_hand, checked, order_all, received, run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _preview(twilio, parent, settings):
    settings.HOSTING_API = "preview"
    settings.BATCH_ITEMS_AT_ONCE = 1
    twilio.set_account(parent.pk, hosting_preview=True)
    by_hand(twilio)


@pytest.fixture
def called(twilio, parent, address, as_porter):
    """An order whose owner has Twilio on the line."""
    [order] = received(twilio, parent, address, "10")
    _call(as_porter, order)
    return order


def _room(order):
    return f"{ORDERS}{order.pk}/call/"


def _call(client, order, **typed):
    return client.post(
        _room(order), {**Page.of(client, _room(order)).form("form[action$='/call/']"), **typed}
    )


def _say(client, order, code):
    form = Page.of(client, _room(order)).form("form[action$='/code/']")
    return client.post(f"{ORDERS}{order.pk}/code/", {**form, "code": code})


def _again(letter):
    letter.refresh_from_db()
    return letter


def test_numbers_come_from_the_check_to_hosted_messages(twilio, parent, address, as_porter):
    check = checked(twilio, as_porter, parent, "10", "11", "20")
    order_all(as_porter, check, address)
    batch = run(Batch.objects.get())
    assert set(batch.items.values_list("state", flat=True)) == {"done"}
    first, second = HostedOrder.objects.filter(phone_number__startswith=PREFIX).order_by("phone_number")
    for order in (first, second):
        twilio.hosting.process(order.pk)
    complete(parent, "hosted_orders")

    _call(as_porter, first, extension="ww2", delay="5")
    first.refresh_from_db()
    told = twilio.direct("GET", f"/HostedNumbers/HostedNumberOrders/{first.pk}", host="preview.twilio.com")
    assert (told["extension"], told["call_delay"], told["verification_type"]) == ("ww2", 5, "phone-call")
    twilio.hosting.press(first.pk, first.verification_code)
    form = Page.of(as_porter, _room(second)).form("form[action$='/bill/']")
    as_porter.post(f"{ORDERS}{second.pk}/bill/", {**form, "document": "RI" + "a" * 32})
    assert HostedOrder.objects.get(pk=second.pk).payload["verification_type"] == "phone-bill"
    twilio.hosting.verify(second.pk)
    complete(parent, "hosted_orders")

    selected = as_porter.post(f"{ORDERS}select/", {"do": "letter", "sid": [first.pk, second.pk]})
    _send(as_porter, selected.url, contact_title="Owner", contact_phone_number="+12075550199")
    letter = AuthorizationDocument.objects.get(pk=LetterDraft.objects.get().document_sid)
    as_porter.post(
        f"{LETTERS}{letter.pk}/revoke/", Page.of(as_porter, f"{LETTERS}{letter.pk}/revoke/").form()
    )
    page = Page.of(as_porter, letter.get_absolute_url())
    assert (_again(letter).status, page.all("a[href$='/revoke/']")) == ("opened", [])
    written = as_porter.post(f"{LETTERS}{letter.pk}/again/")
    _send(as_porter, written.url, email="other@example.com")
    assert (_again(letter).status, letter.email) == ("signing", "other@example.com")

    twilio.hosting.sign(letter.pk)
    for order in (first, second):
        twilio.hosting.complete(order.pk)
    complete(parent, "hosted_orders")
    complete(parent, "authorizations")
    assert _again(letter).status == "signed"
    assert {order.status for order in HostedOrder.objects.filter(pk__in=[first.pk, second.pk])} == {
        "completed"
    }


def _send(client, url, **typed):
    return client.post(url, {**Page.of(client, url).form(), **typed})


def test_the_code_that_the_owner_heard_is_sent_for_them(twilio, called, as_porter):
    code = twilio.hosting.code_of(called.pk)

    answered = _say(as_porter, called, f"{code[:3]} {code[3:]}")

    assert answered.url == _room(called)
    called.refresh_from_db()
    assert called.status == "verified"
    operation = Operation.objects.get(kind=SEND_CODE)
    assert (operation.state, operation.detail) == ("done", {})


def test_another_code_is_refused_beside_its_field(called, as_porter):
    answered = _say(as_porter, called, "000000")

    assert answered.status_code == 422
    page = Page(answered)
    assert "Twilio has another code" in page.one("[data-error-summary]").text
    assert page.one("[data-error-summary] a")["href"] == "#id_code_code"
    assert _say(as_porter, called, "what").status_code == 422
    called.refresh_from_db()
    assert called.status == "pending_verification"


@pytest.mark.parametrize(("kind", "state"), [("lost-answer", "done"), ("reset", "refused")])
def test_a_code_whose_answer_was_lost_is_found_out(kind, state, twilio, called, as_porter):
    twilio.faults.add(Fault(kind=kind, method="POST", path="*/HostedNumberOrders/*", times=1))
    _say(as_porter, called, twilio.hosting.code_of(called.pk))
    Operation.objects.filter(kind=SEND_CODE).update(ended_at="2020-01-01T00:00:00Z")

    current_app.tasks["settle_hosting"]()

    assert Operation.objects.get(kind=SEND_CODE).state == state


def test_v2_takes_the_code_on_the_line_alone(called, as_porter, settings):
    settings.HOSTING_API = "v2"

    assert not Page.of(as_porter, _room(called)).all("form[action$='/code/']")
    assert as_porter.post(f"{ORDERS}{called.pk}/code/", {"code": "123456"}).url == _room(called)
    assert not Operation.objects.filter(kind=SEND_CODE).exists()


def test_only_who_hosts_sends_a_code(called, as_support, as_porter):
    assert as_support.post(f"{ORDERS}{called.pk}/code/").status_code == 403
    assert as_support.post(f"{LETTERS}PX{'0' * 32}/again/").status_code == 403
    assert as_porter.get(f"{ORDERS}{called.pk}/code/").status_code == 405
    assert as_porter.post(f"{LETTERS}PX{'0' * 32}/again/").status_code == 404
