from typing import Any

from celery import shared_task
from kombu.exceptions import OperationalError as BrokerError

from compliance.renewals import actions, digests
from portal.locks import advisory_lock

# A mail server, or a broker, that is away for a quarter of an hour loses nothing.
_PATIENTLY: dict[str, Any] = {
    "autoretry_for": (OSError, BrokerError),
    "retry_backoff": 30,
    "max_retries": 5,
}


@shared_task(name="settle_renewals")
def settle_renewals() -> None:
    actions.settle_renewals()


@shared_task(name="remind_of_deadlines", **_PATIENTLY)
def remind_of_deadlines() -> None:
    with advisory_lock("remind_of_deadlines") as held:
        if not held:
            return
        digests.note_reminders()
        if reminder_ids := digests.waiting():
            for person_pk in digests.recipients():
                send_deadline_digest.delay(person_pk, reminder_ids)
            digests.mark_posted(reminder_ids)


@shared_task(name="send_deadline_digest", **_PATIENTLY)
def send_deadline_digest(person_pk: int, reminder_ids: list[int]) -> None:
    digests.send_digest(person_pk, reminder_ids)
