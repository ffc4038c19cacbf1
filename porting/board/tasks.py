from typing import Any

from celery import shared_task
from kombu.exceptions import OperationalError as BrokerError

from porting.board import digests

# A mail server, or a broker, that is away for a quarter of an hour loses nothing.
_PATIENTLY: dict[str, Any] = {
    "autoretry_for": (OSError, BrokerError),
    "retry_backoff": 30,
    "max_retries": 5,
}


@shared_task(name="remind_of_porting", **_PATIENTLY)
def remind_of_porting() -> None:
    for person_pk in digests.recipients():
        send_porting_digest.delay(person_pk)


@shared_task(name="send_porting_digest", **_PATIENTLY)
def send_porting_digest(person_pk: int) -> None:
    digests.send_digest(person_pk)
