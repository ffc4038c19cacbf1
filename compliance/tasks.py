from celery import shared_task

from compliance import sync
from compliance.bundles.actions import settle_bundle_operations
from compliance.items.actions import settle_item_operations
from portal.mirror import runs


@shared_task(name="sync_regulations")
def sync_regulations(run_id: int) -> None:
    runs.execute(run_id, sync.sync_regulations)


@shared_task(name="sync_end_users")
def sync_end_users(run_id: int) -> None:
    runs.execute(run_id, sync.sync_end_users)


@shared_task(name="sync_documents")
def sync_documents(run_id: int) -> None:
    runs.execute(run_id, sync.sync_documents)


@shared_task(name="sync_bundles")
def sync_bundles(run_id: int) -> None:
    runs.execute(run_id, sync.sync_bundles)


@shared_task(name="settle_compliance_operations")
def settle_compliance_operations() -> None:
    settle_bundle_operations()
    settle_item_operations()
