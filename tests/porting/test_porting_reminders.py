"""Reminding the team (M6): once a day, whatever dies meanwhile, and again when somebody asks for it."""

from datetime import timedelta
from smtplib import SMTPServerDisconnected
from types import SimpleNamespace

import pytest
from celery import current_app
from django.core import mail
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from portal.access import access_of
from portal.models import Operation, Role, User
from porting.board import tasks  # noqa: F401 (registers them)
from porting.board.digests import MOST_ATTEMPTS
from porting.board.entries import figures_of
from porting.board.log import REMINDED, log_of, with_log
from porting.board.reminders import MOST
from porting.models import PortInRequest, Reminder
from tests.factories import make_account, make_user
from tests.pages import Page
from tests.porting.filing import LOSING_CARRIER, PREFIX
from tests.porting.following.requests import by_hand, filed, read, rejected

pytestmark = pytest.mark.django_db
BOARD = "/porting/deadlines/"
State = Reminder.State


class DeadServer:
    """A mail server that is away."""

    def __init__(self, *args, **kwargs):
        pass

    def send_messages(self, messages):
        raise SMTPServerDisconnected("connection lost")


@pytest.fixture(autouse=True)
def _by_hand(twilio):
    by_hand(twilio)


@pytest.fixture
def late(twilio, parent):
    """A request whose letter nobody has signed for 26 days."""
    sid = filed(parent, "00").pk
    twilio.porting.review(sid)
    request = read(parent, sid)
    PortInRequest.objects.update(status_since=timezone.now() - timedelta(days=26, minutes=1))
    return request


@pytest.fixture
def dead(settings):
    """Switches the mail server off and on."""
    living = settings.EMAIL_BACKEND

    def switch(*, off):
        settings.EMAIL_BACKEND = f"{__name__}.DeadServer" if off else living

    return SimpleNamespace(switch=switch)


def morning():
    current_app.tasks["remind_of_porting"]()
    sweep()


def sweep():
    """What beat does every minute."""
    for pk in Reminder.objects.due().values_list("pk", flat=True):
        current_app.tasks["send_porting_reminder"](pk)


def log(request):
    return log_of(with_log(PortInRequest.objects.all()).get(pk=request.pk))


def remind(client, request):
    return client.post(f"{BOARD}{request.pk}/remind/", follow=True)


def test_people_who_port_are_mailed_and_nobody_else(porter, viewer, manager, late):
    morning()

    assert [message.to for message in mail.outbox] == [[porter.email]]
    body, subject = mail.outbox[0].body, mail.outbox[0].subject
    assert "1 deadline of porting and hosting runs out" in subject
    assert late.get_absolute_url() in body
    assert "day 27 of 30" in body
    assert PREFIX not in body
    assert not any(isinstance(text, str) and text in body for text in LOSING_CARRIER.values())


def test_nobody_is_mailed_when_nothing_is_to_be_done(twilio, parent, porter):
    filed(parent, "00")
    morning()
    assert not mail.outbox
    assert not Reminder.objects.exists(), "nothing to say is not a reminder"


def test_a_second_run_and_a_flushed_cache_tell_nobody_twice(porter, late):
    for _ in range(3):
        morning()
        cache.clear()

    assert len(mail.outbox) == 1
    assert Reminder.objects.get().state == State.SENT


def test_the_database_keeps_a_second_one_of_the_day_out(porter, late):
    morning()
    [one] = Reminder.objects.all()
    with pytest.raises(IntegrityError), transaction.atomic():
        Reminder.objects.create(person=porter, key=one.key, noted_at=one.noted_at, total=1, late=1)


def test_the_next_day_is_another_day(porter, late):
    morning()
    Reminder.objects.update(key="2026-01-01", noted_at=timezone.now() - timedelta(days=1))
    morning()
    assert len(mail.outbox) == 2


def test_a_killed_worker_leaves_nobody_out_and_tells_nobody_twice(porter, late):
    current_app.tasks["remind_of_porting"]()
    [one] = Reminder.objects.filter(state__in=(State.WAITING, State.SENT))
    Reminder.objects.update(state=State.WAITING, sent_at=None, taken_at=timezone.now())
    mail.outbox.clear()
    sweep()
    assert not mail.outbox, "somebody is at it"

    Reminder.objects.update(taken_at=timezone.now() - timedelta(minutes=3))
    sweep()
    sweep()

    assert len(mail.outbox) == 1
    one.refresh_from_db()
    assert (one.state, one.sent_at is not None) == (State.SENT, True)


def test_a_run_that_was_killed_half_way_is_made_up_for(porter, late):
    morning()
    second = make_user(Role.PORTING)  # whom the first run had not come to
    morning()
    assert [message.to for message in mail.outbox] == [[porter.email], [second.email]]


def test_a_mail_server_that_is_away_is_asked_again_later(porter, late, dead):
    dead.switch(off=True)
    morning()
    one = Reminder.objects.get()
    assert (one.state, one.error) == (State.WAITING, "SMTPServerDisconnected")
    assert one.next_at > timezone.now()
    dead.switch(off=False)
    sweep()
    assert not mail.outbox, "not before it is time"

    Reminder.objects.update(next_at=timezone.now())
    sweep()
    assert len(mail.outbox) == 1
    [told] = log(late)
    assert (told.words, told.others) == ("Reminded 1 person", "")


def test_what_could_not_be_sent_is_known(porter, late, dead, as_porter):
    dead.switch(off=True)
    morning()
    for _ in range(MOST_ATTEMPTS):
        Reminder.objects.update(next_at=None)
        sweep()

    assert Reminder.objects.get().state == State.FAILED
    assert "Nobody was reached" in Page.of(as_porter, BOARD).one("#deadlines tbody tr").text


def test_an_address_that_no_mail_can_be_written_to_is_known(porter, late):
    User.objects.filter(pk=porter.pk).update(email="two\nlines@example.com")
    morning()
    one = Reminder.objects.get()
    assert (one.state, one.taken_at) == (State.WAITING, None)
    assert one.error


def test_what_is_over_or_was_taken_away_by_then_is_not_mailed(porter, late, dead):
    dead.switch(off=True)
    morning()
    dead.switch(off=False)
    Reminder.objects.update(next_at=None)
    PortInRequest.objects.update(status="canceled")
    sweep()
    assert not mail.outbox
    assert Reminder.objects.get().state == State.DROPPED
    assert log(late) == []


def test_nobody_is_mailed_of_another_account(late):
    make_user(Role.PORTING, accounts=[make_account()])
    morning()
    assert not mail.outbox


def test_who_was_reminded_and_when_is_on_the_board(porter, as_porter, late):
    make_user(Role.PORTING)
    assert "not yet" in Page.of(as_porter, BOARD).one("#deadlines tbody tr").text
    morning()
    [told] = log(late)
    assert told.words == "Reminded 2 people"
    row = Page.of(as_porter, BOARD).one("#deadlines tbody tr").text
    assert "Reminded 2 people" in row
    assert f"{told.at:%H:%M} UTC" in row


def test_a_mail_names_the_nearest_and_says_how_many_more_there_are(porter, late):
    row = PortInRequest.objects.get(pk=late.pk)
    for n in range(MOST + 3):
        row.pk = f"KW{n:032x}"
        row.status_since = timezone.now() - timedelta(days=25, minutes=n)
        row.save(force_insert=True)

    morning()

    body = mail.outbox[0].body
    assert f"{MOST + 4} deadlines of porting and hosting run out" in mail.outbox[0].subject
    assert "And 4 more." in body
    assert late.pk in body, "its end is the nearest"
    assert Reminder.objects.get().lines.count() == MOST
    assert figures_of(access_of(porter), timezone.now()).late == MOST + 4


def test_the_team_is_reminded_again_when_somebody_asks(twilio, parent, porter, as_porter):
    bad = rejected(twilio, parent, 22153, "63")
    other = make_user(Role.PORTING)
    make_user(Role.PORTING, accounts=[make_account()])

    answer = remind(as_porter, bad)
    sweep()

    assert answer.redirect_chain[-1][0] == bad.get_absolute_url()
    assert [message.to for message in mail.outbox] == [[other.email]]
    assert f"{porter} asks to see to this." in mail.outbox[0].body
    [told] = log(bad)
    assert (told.sent, told.asked_by) == (1, porter.email)
    assert Operation.objects.get(kind=REMINDED).target == bad.pk


def test_a_double_click_reminds_once(twilio, parent, as_porter):
    bad = rejected(twilio, parent, 22153, "63")
    make_user(Role.PORTING)
    remind(as_porter, bad)
    sweep()
    again = remind(as_porter, bad)
    sweep()
    assert len(mail.outbox) == 1
    assert "within the hour" in Page(again).text
    Reminder.objects.update(sent_at=timezone.now() - timedelta(minutes=61))
    remind(as_porter, bad)
    sweep()
    assert len(mail.outbox) == 2


def test_alone_there_is_nobody_to_remind(twilio, parent, as_porter):
    bad = rejected(twilio, parent, 22153, "63")
    assert "Nobody else ports numbers" in Page(remind(as_porter, bad)).text
    assert not Reminder.objects.exists()


def test_only_those_who_port_may_remind_and_of_what_is_open_alone(twilio, parent, as_porter, as_viewer, late):
    assert as_viewer.post(f"{BOARD}{late.pk}/remind/").status_code == 403
    stranger = Client()
    stranger.force_login(make_user(Role.PORTING, accounts=[make_account()]))
    assert stranger.post(f"{BOARD}{late.pk}/remind/").status_code == 404
    assert as_porter.get(f"{BOARD}{late.pk}/remind/").status_code == 405
    assert as_porter.post(f"{BOARD}KW{'0' * 32}/remind/").status_code == 404
    PortInRequest.objects.update(status="completed")
    assert as_porter.post(f"{BOARD}{late.pk}/remind/").status_code == 404
