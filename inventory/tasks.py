from collections.abc import Mapping

from celery import shared_task

from inventory import actions, sync
from inventory.bulk.actions import carry_out_update
from inventory.bulk.kinds import (
    RELEASE_NUMBERS,
    SET_EMERGENCY_ADDRESSES,
    TRANSFER_NUMBERS,
    UPDATE_NUMBERS,
)
from inventory.buying import actions as buying
from inventory.buying.actions import BUY_NUMBERS, carry_out_purchase
from inventory.emergency.bulk import carry_out_emergency
from inventory.moving import actions as moving
from inventory.usage import standing
from inventory.usage import sync as usage
from portal.batches import runner
from portal.batches.runner import CarryOut
from portal.mirror import runs
from portal.mirror.engine import recount_facets
from portal.models import TwilioAccount

# How each kind of batch carries one item out.
CARRY_OUT: Mapping[str, CarryOut] = {
    UPDATE_NUMBERS: carry_out_update,
    TRANSFER_NUMBERS: moving.carry_out_transfer,
    RELEASE_NUMBERS: moving.carry_out_release,
    SET_EMERGENCY_ADDRESSES: carry_out_emergency,
    BUY_NUMBERS: carry_out_purchase,
}


@shared_task(name="sync_accounts")
def sync_accounts(run_id: int) -> None:
    runs.execute(run_id, sync.sync_accounts)


@shared_task(name="sync_numbers")
def sync_numbers(run_id: int) -> None:
    runs.execute(run_id, sync.sync_numbers)


@shared_task(name="sync_addresses")
def sync_addresses(run_id: int) -> None:
    runs.execute(run_id, sync.sync_addresses)


@shared_task(name="sync_applications")
def sync_applications(run_id: int) -> None:
    runs.execute(run_id, sync.sync_applications)


@shared_task(name="sync_prices")
def sync_prices(run_id: int) -> None:
    runs.execute(run_id, sync.sync_prices)


@shared_task(name="sync_usage")
def sync_usage(run_id: int) -> None:
    runs.execute(run_id, usage.sync_usage)


@shared_task(name="refresh_number_activity")
def refresh_number_activity() -> None:
    standing.refresh_accounts(TwilioAccount.objects.watched())
    standing.recount()


@shared_task(name="recount_numbers")
def recount_numbers() -> None:
    recount_facets(sync.NUMBERS)


@shared_task(name="settle_number_operations")
def settle_number_operations() -> None:
    actions.settle_number_operations()
    moving.settle_moving_operations()


@shared_task(name="settle_purchases")
def settle_purchases() -> None:
    buying.settle_purchases()


@shared_task(name="run_inventory_batch")
def run_inventory_batch(batch_id: str) -> None:
    runner.run(batch_id, lambda item: CARRY_OUT[item.batch.kind](item))
