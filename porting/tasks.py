from celery import shared_task

from portal.mirror import runs
from porting.hosting import sync as hosting
from porting.portin import sync as portin


@shared_task(name="sync_port_ins")
def sync_port_ins(run_id: int) -> None:
    runs.execute(run_id, portin.sync_port_ins)


@shared_task(name="sync_hosted_orders")
def sync_hosted_orders(run_id: int) -> None:
    runs.execute(run_id, hosting.sync_hosted_orders)


@shared_task(name="sync_authorizations")
def sync_authorizations(run_id: int) -> None:
    runs.execute(run_id, hosting.sync_authorizations)
