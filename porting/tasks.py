from contextlib import suppress

from celery import shared_task

from portal.batches import runner
from portal.mirror import runs
from portal.twilio.errors import TwilioFailure
from porting.checking.actions import CHECK_NUMBERS, carry_out_check
from porting.drafting.retention import purge_bills, purge_drafts
from porting.following.actions import CANCEL_NUMBERS, carry_out_cancellation
from porting.hosting import sync as hosting
from porting.hosting.ordering.actions import ORDER_NUMBERS, carry_out_order
from porting.portin import sync as portin
from porting.portin.actions import carry_out_filing
from porting.portin.actions import settle_port_in_operations as settle_port_ins

CARRY_OUT = {
    ORDER_NUMBERS: carry_out_order,
    CHECK_NUMBERS: carry_out_check,
    CANCEL_NUMBERS: carry_out_cancellation,
}


@shared_task(name="sync_port_ins")
def sync_port_ins(run_id: int) -> None:
    runs.execute(run_id, portin.sync_port_ins)


@shared_task(name="sync_hosted_orders")
def sync_hosted_orders(run_id: int) -> None:
    runs.execute(run_id, hosting.sync_hosted_orders)


@shared_task(name="sync_authorizations")
def sync_authorizations(run_id: int) -> None:
    runs.execute(run_id, hosting.sync_authorizations)


@shared_task(name="file_port_in")
def file_port_in(operation_id: str) -> None:
    """The operation keeps what Twilio refused; what lost its answer is settled later."""
    with suppress(TwilioFailure):
        carry_out_filing(operation_id)


@shared_task(name="settle_port_in_operations")
def settle_port_in_operations() -> None:
    settle_port_ins()


@shared_task(name="purge_port_in_drafts")
def purge_port_in_drafts() -> None:
    """Delete what was typed and the bills that nobody needs any more, by the rules of retention."""
    purge_bills()
    purge_drafts()


@shared_task(name="run_porting_batch")
def run_porting_batch(batch_id: str) -> None:
    runner.run(batch_id, lambda item: CARRY_OUT[item.batch.kind](item))
