from celery import shared_task

from compliance.documents import actions


@shared_task(name="settle_document_operations")
def settle_document_operations() -> None:
    actions.settle_document_operations()
