from collections.abc import Mapping

from celery import shared_task

from compliance import sync
from compliance.bundles.actions import settle_bundle_operations
from compliance.items.actions import settle_item_operations
from compliance.mapping.actions import settle_assignments
from compliance.mapping.bulk import carry_out_assignment
from compliance.mapping.kinds import ASSIGN_BUNDLES
from compliance.renewals.actions import START_UPDATES, carry_out_start
from portal.batches import runner
from portal.batches.runner import CarryOut
from portal.mirror import runs

# How each kind of batch carries one item out.
CARRY_OUT: Mapping[str, CarryOut] = {
    START_UPDATES: carry_out_start,
    ASSIGN_BUNDLES: carry_out_assignment,
}


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
    settle_assignments()


@shared_task(name="run_compliance_batch")
def run_compliance_batch(batch_id: str) -> None:
    runner.run(batch_id, lambda item: CARRY_OUT[item.batch.kind](item))
