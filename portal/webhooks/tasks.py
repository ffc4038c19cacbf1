from celery import shared_task

from portal.webhooks import processing


@shared_task(name="send_waiting_deliveries")
def send_waiting_deliveries() -> None:
    processing.send_waiting()


@shared_task(name="forget_old_deliveries")
def forget_old_deliveries() -> None:
    processing.forget_old()
