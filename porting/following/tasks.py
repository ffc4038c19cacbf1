from celery import shared_task

from portal.webhooks import processing
from porting.following import actions
from porting.following.webhooks import actions as webhooks


@shared_task(name="receive_porting_webhook")
def receive_porting_webhook(delivery_id: int) -> None:
    processing.process(delivery_id, webhooks.read_port_in)


@shared_task(name="settle_cancellations")
def settle_cancellations() -> None:
    actions.settle_cancellations()
    webhooks.settle_webhooks()
