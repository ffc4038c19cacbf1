from celery import shared_task

from inventory.addresses import actions


@shared_task(name="settle_address_operations")
def settle_address_operations() -> None:
    actions.settle_address_operations()
