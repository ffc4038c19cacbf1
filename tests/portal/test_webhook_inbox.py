"""The webhook inbox: the list, one delivery, its body, Replay, and what is forgotten."""

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from portal.models import Change, Delivery, Operation, Reveal, Role
from portal.webhooks import processing
from tests.factories import make_account, make_sid, make_user
from tests.mirroring import broker_away
from tests.pages import Page, assert_is_region, url_of
from tests.query_counts import counted

pytestmark = pytest.mark.django_db
INBOX = "/deliveries/"
State, Verdict = Delivery.State, Delivery.Verdict
REASON = "Ms Example has moved"


@pytest.fixture
def account(db):
    return make_account(friendly_name="Ours")


@pytest.fixture
def as_admin(db):
    client = Client()
    client.force_login(make_user(Role.ADMIN))
    return client


def make_delivery(account, **fields):
    sid = make_sid("BU")
    verified = {
        "target": sid,
        "said": {"status": "twilio-approved"},
        "task": "receive_bundle_callback",
        "state": State.DONE,
        "processed_at": timezone.now(),
        "attempts": 1,
        "body": f"BundleSID={sid}&FailureReason={REASON}",
    }
    refused = {"state": State.IGNORED, "why": "It was not signed with the auth token of Ours."}
    verdict = fields.get("verdict", Verdict.GOOD)
    return Delivery.objects.create(
        **{
            "key": make_sid("K"),
            "kind": "bundle",
            "account": account,
            "verdict": verdict,
            "url": "https://numbers.example.com/webhooks/bundles/",
            "headers": {"Content-Type": "application/x-www-form-urlencoded"},
            **(verified if verdict == Verdict.GOOD else refused),
            **fields,
        }
    )


def make_change(delivery, fields):
    return Change.objects.create(
        delivery=delivery,
        target=delivery.target,
        account_sid=delivery.account_id,
        resource="bundles",
        kind=Change.Kind.CHANGED,
        source=Change.Source.WEBHOOK,
        fields=fields,
    )


def url(delivery, rest=""):
    return f"{INBOX}{delivery.pk}/{rest}"


# The list


def test_it_lists_what_came_newest_first(as_support, account):
    older = make_delivery(account, received_at=timezone.now() - timedelta(hours=1))
    newer = make_delivery(account, verdict=Verdict.BAD_SIGNATURE, times=3)

    page = Page.of(as_support, INBOX)

    assert page.rows == [url(newer), url(older)]
    lines = [row.text for row in page.all("tbody tr")]
    assert "Signature does not match" in lines[0]
    assert "3 times" in lines[0]
    assert "Bundle status: twilio-approved" in lines[1]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, "good failed refused elsewhere"),
        ({"state": "failed"}, "failed"),
        ({"state": ["failed", "done"]}, "good failed"),
        ({"verdict": "unreadable"}, "refused"),
        ({"kind": "bundle"}, "good failed refused elsewhere"),
        ({"kind": "nonsense"}, "good failed refused elsewhere"),
        ({"since": "1h"}, "failed refused elsewhere"),
        ({"since": "7d"}, "good failed refused elsewhere"),
        ({"q": "BU" + "f" * 32}, "failed"),
        ({"q": "BU" + "0" * 100}, ""),
    ],
)
def test_it_is_narrowed_by_filters_in_its_address(as_support, account, query, found):
    rows = {
        "good": make_delivery(account, received_at=timezone.now() - timedelta(hours=2)),
        "failed": make_delivery(account, state=State.FAILED, target="BU" + "f" * 32),
        "refused": make_delivery(account, verdict=Verdict.UNREADABLE),
        "elsewhere": make_delivery(make_account(friendly_name="Theirs"), state=State.WAITING),
    }

    page = Page.of(as_support, url_of(INBOX, **query))

    assert set(page.rows) == {url(rows[name]) for name in found.split()}


def test_it_is_narrowed_by_account(as_support, account):
    ours = make_delivery(account)
    make_delivery(make_account())

    assert Page.of(as_support, url_of(INBOX, account=account.pk)).rows == [url(ours)]


def test_an_empty_inbox_says_what_would_be_there(as_support, account):
    assert "Twilio has not called yet" in Page.of(as_support, INBOX).one("#deliveries").text


def test_a_list_without_a_match_offers_to_take_a_filter_away(as_support, account):
    page = Page.of(as_support, url_of(INBOX, state="failed"))

    assert "No callback matches" in page.one("#deliveries").text


def test_its_region_is_that_of_the_page(as_support, account):
    make_delivery(account)

    assert_is_region(as_support, INBOX, "deliveries")


def test_it_costs_the_same_for_any_number_of_rows(as_support, account):
    for _ in range(60):
        make_delivery(account)

    with counted("delivery_list"):
        as_support.get(INBOX)


def test_a_viewer_does_not_see_it(as_viewer):
    assert as_viewer.get(INBOX).status_code == 403
    assert not Page.of(as_viewer, "/").has_link("Webhook inbox")


def test_whose_account_is_not_known_is_for_people_with_all_accounts(as_support, account):
    make_delivery(None, verdict=Verdict.UNKNOWN_ACCOUNT)
    make_delivery(account)
    limited = Client()
    limited.force_login(make_user(Role.SUPPORT, accounts=[account]))

    assert len(Page.of(as_support, INBOX).rows) == 2
    assert len(Page.of(limited, INBOX).rows) == 1


# One delivery


def test_it_tells_what_a_callback_changed(as_support, account):
    delivery = make_delivery(account)
    make_change(
        delivery, {"status": ["in-review", "twilio-approved"], "email": ["a@example.com", "b@example.com"]}
    )

    text = Page.of(as_support, url(delivery)).one("#delivery").text

    assert "in-review → twilio-approved" in text
    assert "Changed: email" in text
    assert "@example.com" not in text


def test_it_says_that_nothing_had_changed(as_support, account):
    assert "as Numberdesk knew it already" in Page.of(as_support, url(make_delivery(account))).source


def test_it_says_why_one_was_refused_and_offers_nothing_to_do_with_it(as_admin, account):
    page = Page.of(as_admin, url(make_delivery(account, verdict=Verdict.BAD_SIGNATURE, times=7)))

    assert "It was not signed with the auth token of Ours." in page.one(".notice--bad").text
    assert "7 requests were refused for Ours within this minute" in page.one(".notice--bad").text
    assert not page.all("main form")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"state": State.FAILED, "error": "Twilio cannot be reached."}, "Its object could not be read"),
        ({"state": State.WAITING}, "A worker reads its object"),
        ({"state": State.WAITING, "error": "Twilio cannot be reached."}, "Its object is read again"),
        ({"state": State.IGNORED, "why": "It names no object."}, "Ignored"),
    ],
)
def test_it_says_how_far_it_is(as_support, account, fields, words):
    assert words in Page.of(as_support, url(make_delivery(account, **fields))).one(".notice").text


def test_what_a_stranger_wrote_is_text(as_admin, account):
    evil = "'\"><x-evil on=1>"
    refused = make_delivery(account, verdict=Verdict.BAD_SIGNATURE, why=evil, headers={"User-Agent": evil})
    good = make_delivery(account, said={"status": evil, evil: evil}, error=evil, state=State.FAILED)

    for path in (INBOX, url(refused), url(good)):
        page = Page.of(as_admin, path)
        assert not page.all("x-evil")
        assert "<x-evil" in page.text


def test_one_of_a_foreign_account_is_not_there(account):
    limited = Client()
    limited.force_login(make_user(Role.ADMIN, accounts=[make_account()]))
    delivery = make_delivery(account)

    assert limited.get(url(delivery)).status_code == 404
    assert limited.post(url(delivery, "replay/")).status_code == 404
    assert limited.post(url(delivery, "body/"), {"reason": "x"}).status_code == 404


@pytest.mark.parametrize("number", ["0", "99999999999999999999"])
def test_one_that_is_unknown_is_not_there(as_support, number):
    assert as_support.get(f"{INBOX}{number}/").status_code == 404


@pytest.mark.parametrize(("rest", "method"), [("", "post"), ("replay/", "get"), ("body/", "put")])
def test_other_methods_are_not_allowed(as_admin, account, rest, method):
    assert getattr(as_admin, method)(url(make_delivery(account), rest)).status_code == 405


def test_a_viewer_may_do_nothing_with_one(as_viewer, account):
    delivery = make_delivery(account)

    assert as_viewer.get(url(delivery)).status_code == 403
    assert as_viewer.post(url(delivery, "replay/")).status_code == 403


def test_a_delivery_s_region_is_that_of_the_page(as_support, account):
    assert_is_region(as_support, url(make_delivery(account)), "delivery")


def test_a_delivery_costs_the_same_for_any_number_of_changes(as_support, account):
    delivery = make_delivery(account)
    for _ in range(10):
        make_change(delivery, {"status": ["a", "b"]})

    with counted("delivery_detail"):
        as_support.get(url(delivery))


# Its body


def test_the_body_is_shown_once_the_reason_is_written_down(as_admin, account):
    delivery = make_delivery(account)
    assert REASON not in Page.of(as_admin, url(delivery)).source

    answer = as_admin.post(url(delivery, "body/"), {"reason": "Ticket 4711"}, follow=True)

    assert REASON in Page(answer).one("#masked-body").text
    assert "no-store" in answer["Cache-Control"]
    reveal = Reveal.objects.get()
    assert (reveal.field, reveal.reason, reveal.account_id) == ("body", "Ticket 4711", account.pk)
    assert "Ticket 4711" in Page(answer).one(".timeline").text


def test_without_a_reason_the_body_stays_hidden(as_admin, account):
    answer = as_admin.post(url(make_delivery(account), "body/"), {"reason": " "})

    assert answer.status_code == 422
    assert REASON not in answer.content.decode()
    assert not Reveal.objects.exists()


def test_what_one_person_was_shown_is_masked_for_the_next(as_admin, account):
    delivery = make_delivery(account)
    as_admin.post(url(delivery, "body/"), {"reason": "Ticket 4711"})
    other = Client()
    other.force_login(make_user(Role.ADMIN))

    assert REASON not in Page.of(other, url(delivery)).source


def test_the_body_is_for_administrators(as_support, as_manager, account):
    delivery = make_delivery(account)

    for client in (as_support, as_manager):
        assert client.post(url(delivery, "body/"), {"reason": "curious"}).status_code == 403
    page = Page.of(as_support, url(delivery))
    assert "administrators alone" in page.text
    assert not page.has_link("Reveal the body of the callback")


def test_of_what_was_refused_there_is_no_body(as_admin, account):
    delivery = make_delivery(account, verdict=Verdict.BAD_SIGNATURE)

    assert as_admin.get(url(delivery, "body/")).status_code == 404


# Replay


def test_replay_has_the_object_read_again_and_says_who_asked(as_support, support, account):
    delivery = make_delivery(account, state=State.FAILED, error="Twilio cannot be reached.", attempts=8)
    button = Page.of(as_support, url(delivery)).one(f"form[action='{url(delivery, 'replay/')}'] button")
    assert button.text == "Replay"

    as_support.post(url(delivery, "replay/"))

    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.error) == (State.WAITING, 0, "")
    operation = Operation.objects.get()
    assert (operation.kind, operation.actor, operation.detail) == (
        processing.REPLAY,
        support,
        {"target": delivery.target},
    )
    assert "Replayed" in Page.of(as_support, url(delivery)).text


def test_replay_clicked_twice_is_one_replay(as_support, account):
    delivery = make_delivery(account)
    for _ in range(2):
        answer = as_support.post(url(delivery, "replay/"), follow=True)

    assert Operation.objects.count() == 1
    assert Page(answer).messages == ["It is being worked on already."]


def test_a_replay_is_no_change_of_the_object(as_support, account):
    """Or it would stand in the way of somebody who changes the object meanwhile."""
    delivery = make_delivery(account)
    as_support.post(url(delivery, "replay/"))

    assert not Operation.objects.about(delivery.target).exists()


@pytest.mark.parametrize("fields", [{"verdict": Verdict.BAD_SIGNATURE}, {"state": State.IGNORED, "task": ""}])
def test_what_names_no_object_cannot_be_replayed(as_support, account, fields):
    delivery = make_delivery(account, **fields)

    answer = as_support.post(url(delivery, "replay/"), follow=True)

    assert "nothing to replay" in Page(answer).messages[0]
    assert Delivery.objects.get().state == State.IGNORED


def test_without_a_broker_a_replay_waits(as_support, account):
    delivery = make_delivery(account)
    with broker_away():
        as_support.post(url(delivery, "replay/"))

    delivery.refresh_from_db()
    assert (delivery.state, delivery.sent_at) == (State.WAITING, None)


# Health, and forgetting


def test_the_sync_page_says_how_many_wait_failed_and_were_refused(as_support, account):
    make_delivery(account, state=State.WAITING)
    make_delivery(account, state=State.FAILED)
    make_delivery(account, verdict=Verdict.BAD_SIGNATURE, times=1200)
    make_delivery(account, received_at=timezone.now() - timedelta(days=3))

    page = Page.of(as_support, "/sync/")

    facts = {dt.text: dd.text for dt, dd in zip(page.all("#health dt"), page.all("#health dd"), strict=True)}
    assert facts["Received in 24 hours"] == "2"
    assert facts["Waiting"].startswith("1, the oldest came just now")
    assert facts["Failed"] == "1"
    assert facts["Refused in 24 hours"] == "1,200"


def test_old_ones_are_forgotten_and_refused_ones_sooner(account, settings):
    settings.DELIVERY_DAYS = 30
    ago = {days: timezone.now() - timedelta(days=days) for days in (6, 8, 29, 31)}
    kept = [
        make_delivery(account, verdict=Verdict.BAD_SIGNATURE, received_at=ago[6]),
        make_delivery(account, received_at=ago[29]),
        make_delivery(account, state=State.WAITING, received_at=ago[31]),
    ]
    make_delivery(account, verdict=Verdict.BAD_SIGNATURE, received_at=ago[8])
    change = make_change(make_delivery(account, received_at=ago[31]), {"status": ["a", "b"]})

    processing.forget_old()

    assert set(Delivery.objects.all()) == set(kept)
    change.refresh_from_db()
    assert change.delivery is None


def test_the_keys_of_bodies_are_rotated_with_all_others(account, settings, capsys):
    delivery = make_delivery(account)
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.FIELD_ENCRYPTION_KEYS]
    call_command("rotate_keys")
    settings.FIELD_ENCRYPTION_KEYS = settings.FIELD_ENCRYPTION_KEYS[:1]

    assert REASON in Delivery.objects.get(pk=delivery.pk).body
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM portal_delivery")
        assert REASON not in cursor.fetchone()[0]
