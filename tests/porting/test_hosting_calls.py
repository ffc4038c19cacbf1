"""The call room: the owner is called at most three times, with one code for ten minutes."""

from datetime import timedelta
from uuid import uuid4

import pytest
from celery import current_app
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from portal.models import Operation, Role
from portal.sandbox.faults import Fault
from porting.hosting.calls.actions import CALL_OWNER
from porting.hosting.calls.extension import Unplayable, read_extension, steps_of
from porting.models import HostedOrder, VerificationCall
from tests.factories import make_account, make_user
from tests.mirroring import complete
from tests.pages import Page, assert_is_region, htmx
from tests.porting.hosting import ORDERS, by_hand, ordered, received
from tests.query_counts import counted

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(twilio, parent, address):
    by_hand(twilio)
    return received(twilio, parent, address, "10")[0]


def room(order):
    return f"{ORDERS}{order.pk}/call/"


def call(client, order, **typed):
    form = Page.of(client, room(order)).form("form.form")
    return client.post(room(order), {**form, **typed})


def again_is_possible():
    """As if the last call had begun two minutes ago."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE porting_verificationcall SET started_at = started_at - interval '2 minutes'")


def test_an_extension_is_told_in_words():
    assert steps_of(read_extension("wwww2 ww 5")) == [
        "Wait 2 seconds",
        "Play 2, 2 seconds after the call is answered",
        "Wait 1 second",
        "Play 5, 3 seconds after the call is answered",
    ]


@pytest.mark.parametrize("text", ["abc", "wwww", "1" * 65, "2;5"])
def test_what_cannot_be_played_is_refused(text):
    with pytest.raises(Unplayable):
        read_extension(text)


@given(st.text(alphabet="0123456789w*#", min_size=1, max_size=64))
def test_every_key_of_an_extension_is_played(text):
    try:
        extension = read_extension(text)
    except Unplayable:
        assert not text.strip("w")
        return
    played = "".join(
        step.partition(",")[0].removeprefix("Play ").replace(" ", "")
        for step in steps_of(extension)
        if step.startswith("Play ")
    )
    assert played == text.replace("w", "")


def test_the_owner_is_called_and_the_code_is_large(twilio, order, as_porter):
    answered = call(as_porter, order, extension="ww2", delay="5")

    assert answered.url == room(order)
    page = Page.of(as_porter, room(order))
    code = twilio.hosting.code_of(order.pk)
    assert page.one("p.code .unseen").text == f"Code {code}"
    assert "2 of 3 calls left" in page.one(".attempts").text
    until = page.one("[data-countdown]")["data-countdown"]
    made = VerificationCall.objects.get()
    assert until == made.code_until.isoformat()
    assert (made.attempt, made.delay, made.extension) == (1, 5, "ww2")
    assert timedelta(minutes=9) < made.code_until - timezone.now() <= timedelta(minutes=10)
    assert as_porter.get(room(order))["Cache-Control"] == "no-store, private"
    operation = Operation.objects.get(kind=CALL_OWNER)
    assert "ww2" not in str(operation.detail)


def test_a_page_that_waits_goes_on_when_the_code_was_typed(twilio, order, as_porter):
    call(as_porter, order)
    url = Page.of(as_porter, room(order)).one("#call-state")["hx-get"]
    twilio.hosting.press(order.pk, twilio.hosting.code_of(order.pk))

    answered = as_porter.get(url, headers=htmx("call-state"))

    assert "HX-Location" in answered.headers
    page = Page.of(as_porter, room(order))
    assert "The code was right." in page.one("#call-state").text
    assert not page.all("p.code")


def test_the_whole_page_goes_on_when_a_callback_was_quicker(twilio, order, parent, as_porter):
    call(as_porter, order)
    url = Page.of(as_porter, room(order)).one("#call-state")["hx-get"]
    twilio.hosting.press(order.pk, twilio.hosting.code_of(order.pk))
    complete(parent, "hosted_orders")

    assert "HX-Location" in as_porter.get(url, headers=htmx("call-state")).headers


def test_two_people_do_not_use_up_two_calls(twilio, order, as_porter):
    form = Page.of(as_porter, room(order)).form("form.form")
    as_porter.post(room(order), form)
    as_porter.post(room(order), form)
    as_porter.post(room(order), {**form, "form_key": uuid4()})

    order.refresh_from_db()
    assert order.verification_attempts == 1
    assert VerificationCall.objects.count() == 1


def test_no_second_call_begins_while_one_runs(twilio, order, as_porter):
    call(as_porter, order)
    call(as_porter, order)

    assert HostedOrder.objects.get(pk=order.pk).verification_attempts == 1
    again_is_possible()
    call(as_porter, order)
    calls = VerificationCall.objects.order_by("attempt")
    assert [one.attempt for one in calls] == [1, 2]
    assert calls[0].code_until == calls[1].code_until, "the same code, as long as before"


def test_three_calls_that_come_to_nothing_need_support(twilio, order, as_porter):
    for _ in range(3):
        call(as_porter, order)
        again_is_possible()
        twilio.hosting.hang_up(order.pk)
    url = f"{room(order)}?seen=x"
    as_porter.get(url, headers=htmx("call-state"))

    page = Page.of(as_porter, room(order))
    assert "maximum number of verification attempts" in page.one(".notice--bad").text
    assert order.pk in page.one("textarea").text
    assert not page.all("button:contains('Call again')")


@pytest.mark.parametrize(("kind", "made"), [("lost-answer", 1), ("reset", 0)])
def test_a_call_whose_answer_was_lost_is_found_out(kind, made, twilio, order, as_porter):
    twilio.faults.add(Fault(kind=kind, method="POST", path="*/HostedNumber/Orders/*", times=1))
    call(as_porter, order)
    Operation.objects.filter(kind=CALL_OWNER).update(ended_at="2020-01-01T00:00:00Z")

    current_app.tasks["settle_hosting"]()

    operation = Operation.objects.get(kind=CALL_OWNER)
    assert operation.state == ("done" if made else "refused")
    order.refresh_from_db()
    assert order.verification_attempts == made == VerificationCall.objects.count()


def test_no_call_is_needed_for_a_verified_caller_id(twilio, parent, address, as_porter):
    by_hand(twilio)
    path = f"/2010-04-01/Accounts/{parent.pk}/OutgoingCallerIds.json"
    twilio.direct("POST", path, PhoneNumber="+12075550112")
    twilio.clock.advance(timedelta(minutes=1))
    [order] = ordered(parent, address, "12")
    twilio.hosting.process(order.pk)
    complete(parent, "hosted_orders")

    page = Page.of(as_porter, room(order))

    assert "No call was needed" in page.one("#call-state").text


def test_an_extension_is_tried_out_without_a_call(twilio, order, as_porter):
    form = Page.of(as_porter, room(order)).form("form.form")

    answered = as_porter.post(room(order), {**form, "extension": "ww2", "try": "1"})

    assert "Play 2, 1 second after the call is answered" in Page(answered).text
    assert not Operation.objects.filter(kind=CALL_OWNER).exists()
    refused = as_porter.post(room(order), {**form, "extension": "reception", "try": "1"})
    assert refused.status_code == 422


def test_twilios_refusal_stands_beside_the_field(twilio, order, as_porter):
    twilio.faults.add(
        Fault(kind="status", status=400, method="POST", path="*/HostedNumber/Orders/*", times=1)
    )

    answered = call(as_porter, order)

    assert answered.status_code == 422
    assert Page(answered).all("[data-error-summary]")


def test_v2_says_that_it_knows_calls_only(order, as_porter):
    assert "knows calls only" in Page.of(as_porter, room(order)).text
    answered = as_porter.post(f"{ORDERS}{order.pk}/bill/", {"document": "RI" + "0" * 32})
    assert answered.status_code == 302
    assert not Operation.objects.filter(target=order.pk).exists()


def test_the_preview_takes_a_phone_bill(twilio, parent, address, as_porter, settings):
    settings.HOSTING_API = "preview"
    twilio.set_account(parent.pk, hosting_preview=True)
    by_hand(twilio)
    [order] = received(twilio, parent, address, "10")
    page = Page.of(as_porter, room(order))
    form = page.form("form[action$='/bill/']")

    refused = as_porter.post(f"{ORDERS}{order.pk}/bill/", {**form, "document": "bill.pdf"})
    answered = as_porter.post(f"{ORDERS}{order.pk}/bill/", {**form, "document": "RI" + "a" * 32})

    assert refused.status_code == 422
    assert answered.url == room(order)
    order.refresh_from_db()
    assert (order.status, order.payload["verification_type"]) == ("pending_verification", "phone-bill")


def test_the_code_stands_in_the_room_alone(twilio, order, as_porter, as_viewer):
    call(as_porter, order)
    code = twilio.hosting.code_of(order.pk)
    assert as_viewer.get(room(order)).status_code == 403
    for client in (as_porter, as_viewer):
        for url in (order.get_absolute_url(), ORDERS):
            assert code not in Page.of(client, url).source


def test_only_who_may_host_enters_the_room(order, as_support, client, as_porter):
    assert as_support.get(room(order)).status_code == 403
    client.force_login(make_user(Role.PORTING, accounts=[make_account()]))
    assert client.get(room(order)).status_code == 404
    assert as_porter.get(f"{ORDERS}HR{'0' * 32}/call/").status_code == 404
    assert as_porter.put(room(order)).status_code == 405


def test_the_fragment_is_the_region_of_the_page(order, as_porter):
    assert_is_region(as_porter, room(order), "call")


def test_the_room_takes_the_same_queries(order, as_porter):
    call(as_porter, order)
    with counted("hosted_order_call"):
        as_porter.get(room(order))
