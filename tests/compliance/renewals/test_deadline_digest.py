"""Mails about last days: once for each threshold, to those who manage the bundles, without names."""

from datetime import UTC, datetime, timedelta

import pytest
from celery import current_app
from django.core import mail
from django.db.models import F

from compliance.models import Bundle, Reminder
from compliance.renewals.tasks import remind_of_deadlines
from portal.models import Role
from tests.factories import make_account, make_bundle, make_number, make_regulation, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_once():
    current_app.conf.task_always_eager = True
    yield
    current_app.conf.task_always_eager = False


@pytest.fixture
def account(db):
    return make_account()


def ending(account, days: float, **fields) -> Bundle:
    until = (datetime.now(UTC) + timedelta(days=days)).isoformat()
    return make_bundle(
        account, make_regulation("DE"), friendly_name="Alex Example", valid_until=until, **fields
    )


def pass_days(days: int) -> None:
    """Let days pass: last days come nearer, and what was told was told earlier."""
    earlier = F("valid_until") - timedelta(days=days)
    Bundle.objects.filter(valid_until__isnull=False).update(valid_until=earlier)
    Reminder.objects.update(moment=F("moment") - timedelta(days=days))


def told() -> list[str]:
    return [reminder.occasion for reminder in Reminder.objects.order_by("pk")]


def test_each_threshold_is_told_once(account):
    make_user(Role.COMPLIANCE)
    ending(account, 61.5)

    remind_of_deadlines()
    assert not mail.outbox
    for days in (2, 30, 16, 7, 6, 2):
        pass_days(days)
        remind_of_deadlines()
        remind_of_deadlines()

    assert told() == ["60", "30", "14", "7", "1", "overdue"]
    assert len(mail.outbox) == 6


def test_a_bundle_that_is_first_seen_late_is_told_once_and_not_for_every_threshold_it_passed(account):
    make_user(Role.COMPLIANCE)
    ending(account, 5.5)

    remind_of_deadlines()

    assert told() == ["7"]
    assert len(mail.outbox) == 1


def test_the_mail_names_sids_and_days_and_nobody(account, settings):
    person = make_user(Role.COMPLIANCE)
    bundle = ending(account, 5.5)
    make_number(account, bundle_sid=bundle.pk)

    remind_of_deadlines()

    [message] = mail.outbox
    assert message.to == [person.email]
    assert message.subject == "Numberdesk: 1 bundle with a last day, the nearest 5 days left"
    for expected in (
        bundle.pk,
        "5 days left: Germany, local, business",
        "1 number\n",
        "Update: not started",
        f"{settings.PUBLIC_URL}/deadlines/{bundle.pk}/",
    ):
        assert expected in message.body
    assert "Alex Example" not in message.body + message.subject
    assert "compliance@example.com" not in message.body


def test_only_those_who_manage_the_accounts_bundles_are_mailed(account):
    other = make_account()
    for role in (Role.VIEWER, Role.SUPPORT, Role.MANAGER, Role.PORTING):
        make_user(role)
    make_user(Role.COMPLIANCE, accounts=[other])
    make_user(Role.COMPLIANCE, is_active=False)
    ours = make_user(Role.COMPLIANCE, accounts=[account])
    administrator = make_user(Role.ADMIN)
    ending(account, 5.5)

    remind_of_deadlines()

    assert {message.to[0] for message in mail.outbox} == {ours.email, administrator.email}


def test_an_update_that_rests_is_told_in_the_same_mail(account):
    make_user(Role.COMPLIANCE)
    original = ending(account, 40.5)
    remind_of_deadlines()
    mail.outbox.clear()
    copy = ending(account, 40.5, status="draft")
    Bundle.objects.filter(pk=copy.pk).update(
        copy_of=original.pk, status_since=datetime.now(UTC) - timedelta(hours=25)
    )

    remind_of_deadlines()
    remind_of_deadlines()

    [message] = mail.outbox
    assert "Told because its update is stalled" in message.body
    assert "Update: copy in progress" in message.body
    assert copy.pk not in message.body


def test_what_was_updated_is_told_of_no_more(account):
    make_user(Role.COMPLIANCE)
    bundle = ending(account, 5.5)
    Bundle.objects.filter(pk=bundle.pk).update(valid_until=None)

    remind_of_deadlines()

    assert not mail.outbox
