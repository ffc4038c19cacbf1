from celery import shared_task

from compliance.callbacks import actions
from portal.webhooks import processing


@shared_task(name="receive_bundle_callback")
def receive_bundle_callback(delivery_id: int) -> None:
    processing.process(delivery_id, actions.read_bundle)


@shared_task(name="poll_reviews")
def poll_reviews() -> None:
    actions.poll_reviews()
