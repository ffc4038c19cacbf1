"""Hosted orders: the list, one with what is next, deleting it and un-hosting its number."""

from datetime import UTC, datetime, timedelta

import pytest
from celery import current_app
from django.utils import timezone

from inventory.models import PhoneNumber
from portal.models import Batch, Note, Operation, Role
from portal.sandbox.faults import Fault
from porting.hosting.orders.actions import DELETE_ORDER
from porting.hosting.orders.failures import remedy_of
from porting.hosting.orders.tracker import PATH, STAGES, deadline_of, stage_of, steps_of
from porting.models import HostedOrder
from porting.statuses import HOSTED_ORDER_STATES
from tests.factories import make_account, make_user
from tests.mirroring import complete
from tests.pages import Page, assert_is_region, url_of
from tests.porting.hosting import ORDERS, by_hand, ordered, received, verified
from tests.query_counts import counted

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def order(twilio, parent, address):
    by_hand(twilio)
    return received(twilio, parent, address, "10")[0]


def test_every_status_says_who_acts_next():
    assert STAGES.keys() == HOSTED_ORDER_STATES.keys()
    assert stage_of("moonlit").who == "Twilio"


@pytest.mark.parametrize(
    ("status", "days", "words", "is_late"),
    [
        ("pending_loa", 0, "Day 1 of 7", False),
        ("pending_loa", 4.9, "Day 5 of 7", False),
        ("pending_loa", 5.5, "Day 6 of 7", False),
        ("pending_loa", 5.7, "Day 6 of 7", True),
        ("received", 12, "Day 7 of 7", True),
        ("verified", 23.9, "Day 24 of 30", False),
        ("verified", 24.1, "Day 25 of 30", True),
    ],
)
def test_a_deadline_is_red_only_in_its_last_fifth(status, days, words, is_late):
    deadline = deadline_of(status, NOW - timedelta(days=days), NOW)

    assert (deadline.words, deadline.is_late) == (words, is_late)


def test_what_has_no_limit_has_no_deadline():
    assert deadline_of("completed", NOW, NOW) is None
    assert deadline_of("received", None, NOW) is None


def test_the_way_of_an_order_is_shown_step_by_step():
    states = [state for _, state in steps_of("pending_loa")]
    assert states == ["done", "done", "done", "now", "next", "next", "next"]
    assert len(PATH) == 7
    assert [state for _, state in steps_of("completed")] == ["done"] * 7
    assert steps_of("failed") == []


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("The Letter of Authorization was not signed within seven days.", "new letter"),
        ("The Hosted Number Order was idle in the verification process for seven days.", "Arrange the call"),
        ("The Hosted Number Order has reached the maximum number of verification attempts.", "three calls"),
        ("Twilio cannot host the phone number because carrier information is unavailable.", "phone bill"),
        ("The number is already enabled for messaging by another provider.", "ordered anew"),
        ("There was a problem processing your Hosted Number Order.", "support"),
        ("Something else", "support"),
    ],
)
def test_a_failure_comes_with_what_helps(reason, word):
    assert word in remedy_of(reason).what


def test_the_list_says_who_acts_and_leads_to_the_call(parent, order, as_porter):
    page = Page.of(as_porter, url_of(ORDERS, q="55501", turn="us", account=parent.pk))

    assert order.get_absolute_url() in page.rows
    assert page.all(f"a[href='{ORDERS}{order.pk}/call/']")
    assert "Day 1 of 7" in page.text


@pytest.mark.parametrize(
    ("params", "finds"),
    [
        ({"q": "+12075550110"}, True),
        ({"q": "555-0110"}, True),
        ({"q": "9999999"}, False),
        ({"status": "received"}, True),
        ({"status": "completed"}, False),
        ({"turn": "us"}, True),
        ({"turn": "others"}, False),
        ({"turn": "over"}, False),
        ({"listed": "no"}, False),
        ({"letter": "PX" + "0" * 32}, False),
    ],
)
def test_each_filter_narrows_the_list(params, finds, order, as_porter):
    page = Page.of(as_porter, url_of(ORDERS, size=200, **params))

    assert (order.get_absolute_url() in page.rows) == finds
    assert page.all(".chip")


def test_the_list_is_walked_page_by_page_in_every_order(order, as_porter):
    every = set(HostedOrder.objects.present().values_list("pk", flat=True))
    for sort in ("newest", "-newest", "number", "-number", "waiting", "-waiting"):
        seen, url = [], url_of(ORDERS, sort=sort, size=25)
        while url:
            page = Page.of(as_porter, url)
            seen += [row.rstrip("/").rpartition("/")[2] for row in page.rows]
            following = page.all("nav.pages a[rel='next']")
            url = ORDERS + following[0]["href"] if following else ""
        assert len(seen) == len(set(seen))
        assert set(seen) == every


def test_the_export_has_nothing_personal(order, as_porter):
    text = b"".join(as_porter.get(f"{ORDERS}export/")).decode()

    assert order.pk in text
    assert "signer@" not in text
    assert "0199" not in text


def test_a_failed_order_says_why_and_leads_to_a_new_check(twilio, parent, order, as_porter):
    twilio.hosting.fail(order.pk, "The number is already enabled for messaging by another provider.")
    complete(parent, "hosted_orders")

    page = Page.of(as_porter, order.get_absolute_url())

    assert "already enabled for messaging" in page.one(".notice--bad h2").text
    check = Page.of(as_porter, page.link("Check and order anew"))
    assert check.form()["numbers"][0].strip() == order.phone_number


def test_an_order_that_needs_action_has_the_text_for_support(twilio, parent, order, as_porter):
    twilio.hosting.require_action(order.pk)
    complete(parent, "hosted_orders")

    text = Page.of(as_porter, order.get_absolute_url()).one("textarea[readonly]").text

    assert order.pk in text
    assert "signer@" not in text


def test_a_status_that_nobody_has_heard_of_is_shown(order, as_porter):
    HostedOrder.objects.update(status="moonlit")

    assert "moonlit" in Page.of(as_porter, order.get_absolute_url()).one(".number-meta").text
    assert "moonlit" in Page.of(as_porter, ORDERS).text


def test_an_order_is_deleted_with_its_number(twilio, order, as_porter):
    url = f"{order.get_absolute_url()}delete/"

    answered = as_porter.post(url, {**Page.of(as_porter, url).form(), "reason": "Wrong number"})

    assert answered.url == order.get_absolute_url()
    order.refresh_from_db()
    assert order.missing_since
    operation = Operation.objects.get(kind=DELETE_ORDER)
    assert (operation.state, operation.reason) == ("done", "Wrong number")


@pytest.mark.parametrize(
    "status", ["completed", "carrier_processing", "testing", "failed", "action_required"]
)
def test_it_is_offered_in_four_statuses_only(status, order, as_porter):
    HostedOrder.objects.update(status=status)

    page = Page.of(as_porter, f"{order.get_absolute_url()}delete/")

    assert "It cannot be deleted" in page.text
    assert not page.all("form.form")


def test_an_order_that_went_on_meanwhile_is_not_deleted(twilio, order, as_porter):
    url = f"{order.get_absolute_url()}delete/"
    form = Page.of(as_porter, url).form()
    twilio.hosting.require_action(order.pk)

    answered = as_porter.post(url, form)

    assert answered.status_code == 422
    assert not Operation.objects.filter(kind=DELETE_ORDER).exists()


@pytest.mark.parametrize(("kind", "state"), [("lost-answer", "done"), ("reset", "refused")])
def test_a_deletion_whose_answer_was_lost_is_found_out(kind, state, twilio, order, as_porter):
    twilio.faults.add(Fault(kind=kind, method="DELETE", path="*/HostedNumber/Orders/*", times=1))
    url = f"{order.get_absolute_url()}delete/"
    as_porter.post(url, Page.of(as_porter, url).form())
    Operation.objects.filter(kind=DELETE_ORDER).update(ended_at="2020-01-01T00:00:00Z")

    current_app.tasks["settle_hosting"]()

    assert Operation.objects.get(kind=DELETE_ORDER).state == state
    order.refresh_from_db()
    assert bool(order.missing_since) == (state == "done")


def test_the_number_is_set_up_before_it_is_hosted(parent, order, as_porter):
    complete(parent)

    page = Page.of(as_porter, order.get_absolute_url())
    answered = as_porter.post(f"{ORDERS}select/", {"sid": order.pk, "do": "setup"})

    assert page.link("Set up messages") == f"/numbers/{order.number_sid}/configure/"
    assert "Nothing" in page.text
    batch = Batch.objects.get()
    assert answered.url == batch.get_absolute_url()
    assert batch.items.get().target == order.number_sid


def test_a_number_that_was_not_read_yet_is_said(order, as_porter):
    assert "has not read" in Page.of(as_porter, order.get_absolute_url()).text
    answered = as_porter.post(f"{ORDERS}select/", {"sid": order.pk, "do": "setup"})
    assert answered.url == ORDERS
    assert "has not read the numbers" in Page.of(as_porter, ORDERS).messages[0]


def test_un_hosting_says_what_it_means_and_releases_with_the_inventorys_rules(
    twilio, parent, address, as_porter
):
    by_hand(twilio)
    [order] = verified(twilio, parent, address, "10")
    complete(parent)
    HostedOrder.objects.filter(pk=order.pk).update(status="completed")
    url = f"{order.get_absolute_url()}release/"

    page = Page.of(as_porter, url)
    answered = as_porter.post(url)

    assert "three days" in page.text
    assert "Verified Caller ID" in page.text
    batch = Batch.objects.get()
    assert (batch.kind, answered.url) == ("inventory.release_numbers", batch.get_absolute_url())
    assert PhoneNumber.objects.present().filter(pk=order.number_sid).exists(), "nothing is released yet"


def test_a_value_is_masked_until_it_is_revealed_for_a_reason(order, as_porter, as_support):
    assert "signer@example.com" not in Page.of(as_porter, order.get_absolute_url()).source
    as_porter.post(f"{order.get_absolute_url()}reveal/email/", {"reason": "Asking the owner"})

    assert "signer@example.com" in Page.of(as_porter, order.get_absolute_url()).source
    assert as_support.get(f"{order.get_absolute_url()}reveal/email/").status_code == 403
    assert as_porter.get(f"{order.get_absolute_url()}reveal/status/").status_code == 404


def test_notes_and_refreshing(twilio, order, as_porter, as_viewer):
    as_porter.post(f"{order.get_absolute_url()}note/", {"body": "Owner calls back on Monday"})
    twilio.hosting.verify(order.pk)
    as_porter.post(f"{order.get_absolute_url()}refresh/")

    page = Page.of(as_porter, order.get_absolute_url())
    assert "Owner calls back on Monday" in page.text
    assert "Verified" in page.one(".number-meta").text
    assert Note.objects.get().target == order.pk
    assert as_viewer.post(f"{order.get_absolute_url()}note/", {"body": "x"}).status_code == 403
    assert as_viewer.post(f"{order.get_absolute_url()}refresh/").status_code == 403
    assert as_porter.get(f"{order.get_absolute_url()}note/").status_code == 405


def test_roles_and_accounts(order, as_viewer, as_support, client):
    assert as_viewer.get(order.get_absolute_url()).status_code == 200
    assert as_support.get(f"{order.get_absolute_url()}delete/").status_code == 403
    assert as_viewer.get(f"{order.get_absolute_url()}release/").status_code == 403
    assert as_viewer.post(f"{ORDERS}select/").status_code == 403
    assert as_viewer.get(f"{ORDERS}export/").status_code == 403
    client.force_login(make_user(Role.PORTING, accounts=[make_account()]))
    for place in ("", "call/", "delete/", "release/"):
        assert client.get(f"{order.get_absolute_url()}{place}").status_code == 404
    assert not Page.of(client, ORDERS).rows


def test_it_is_found_by_number_and_by_sid(order, as_porter):
    for text in (order.phone_number, order.pk):
        answer = as_porter.get("/search/", {"q": text})
        target = answer.url if answer.status_code == 302 else answer.content.decode()
        assert order.get_absolute_url() in target


def test_fragments_are_the_regions_of_their_pages(order, as_porter):
    assert_is_region(as_porter, ORDERS, "hosted-orders")
    assert_is_region(as_porter, order.get_absolute_url(), "hosted-order")
    assert_is_region(as_porter, f"{order.get_absolute_url()}delete/", "deletion")


def test_pages_take_the_same_queries(parent, address, order, as_porter):
    ordered(parent, address, "12", "13")
    HostedOrder.objects.filter(pk=order.pk).update(status_since=timezone.now())
    with counted("hosted_order_list"):
        as_porter.get(ORDERS)
    with counted("hosted_order_detail"):
        as_porter.get(order.get_absolute_url())
