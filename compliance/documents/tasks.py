from celery import shared_task

from compliance.documents import actions, retention


@shared_task(name="settle_document_operations")
def settle_document_operations() -> None:
    actions.settle_document_operations()


@shared_task(name="purge_document_files")
def purge_document_files() -> None:
    """Delete our copies of files by the rules of retention."""
    retention.purge_decided()
    retention.purge_gone()
