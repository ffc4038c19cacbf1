from celery import shared_task

from inventory.emergency import actions


@shared_task(name="settle_emergency_operations")
def settle_emergency_operations() -> None:
    actions.settle_emergency_operations()


@shared_task(name="follow_emergency_registrations")
def follow_emergency_registrations() -> None:
    actions.follow_emergency_registrations()
