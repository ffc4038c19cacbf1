from uuid import UUID

from celery import shared_task

from portal.webhooks import processing
from porting.hosting import retention
from porting.hosting.callbacks import actions as callbacks
from porting.hosting.calls import actions as calls
from porting.hosting.eligibility import actions as eligibility
from porting.hosting.letters import actions as letters
from porting.hosting.ordering import actions as ordering
from porting.hosting.orders import actions as orders


@shared_task(name="run_eligibility_check")
def run_eligibility_check(check_id: str | UUID) -> None:
    eligibility.run_check(check_id)


@shared_task(name="follow_eligibility_checks")
def follow_eligibility_checks() -> None:
    eligibility.follow_checks()


@shared_task(name="receive_hosting_callback")
def receive_hosting_callback(delivery_id: int) -> None:
    processing.process(delivery_id, callbacks.read_order)


@shared_task(name="poll_hosting")
def poll_hosting() -> None:
    callbacks.poll_hosting()


@shared_task(name="settle_hosting")
def settle_hosting() -> None:
    ordering.settle_orders()
    orders.settle_deletions()
    calls.settle_verifications()
    letters.settle_letters()


@shared_task(name="purge_hosting")
def purge_hosting() -> None:
    retention.purge_hosting()
