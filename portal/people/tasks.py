"""What workers do about people: mails, above all.

So a page never waits for a mail server, and asking for a new password takes the same time whether or
not there is such a person. The worker makes the links: none lies in the queue.
"""

from typing import Any

import structlog
from celery import Task, current_app, shared_task
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from kombu.exceptions import OperationalError as BrokerError

from portal.models import User
from portal.people import mail, sessions

log = structlog.get_logger(__name__)

# A mail server that is away for a quarter of an hour loses nothing.
_PATIENTLY: dict[str, Any] = {"autoretry_for": (OSError,), "retry_backoff": 30, "max_retries": 5}


@shared_task(name="send_password_link", **_PATIENTLY)
def send_password_link(email: str, template: str) -> None:
    mail.send_password_link(email, template)


@shared_task(name="send_notice", **_PATIENTLY)
def send_notice(person_pk: int, template: str, at: str, ip: str) -> None:
    mail.send_notice(person_pk, template, at=parse_datetime(at), ip=ip)


@shared_task(name="forget_ended_sessions")
def forget_ended_sessions() -> None:
    sessions.forget_ended()


def post_password_link(email: str) -> None:
    _post(send_password_link, email, "account/email/password_link")


def post_invitation(person: User) -> None:
    """A link to choose the first password."""
    _post(send_password_link, person.email, "account/email/invitation")


def post_notice(person: User, template: str, ip: str) -> None:
    _post(send_notice, person.pk, template, timezone.now().isoformat(), ip)


def _post(task: Task, *args: Any) -> None:
    """Give a mail to a worker; send it from here when the broker is down."""
    try:
        with current_app.connection_for_write() as broker:
            # Without this a broker that is down would be waited for.
            broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
            task.apply_async(args, connection=broker)
    except (BrokerError, OSError) as error:
        log.warning("mail.broker_down", task=task.name, error=type(error).__name__)
        try:
            task.run(*args)
        except OSError as fault:
            log.error("mail.lost", task=task.name, error=type(fault).__name__)
