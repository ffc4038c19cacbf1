from celery import shared_task

from compliance.renewals import actions


@shared_task(name="settle_renewals")
def settle_renewals() -> None:
    actions.settle_renewals()
