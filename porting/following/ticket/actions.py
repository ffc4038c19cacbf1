from django.db import transaction

from portal import operations
from portal.models import User
from porting.models import PortInRequest

SET_TICKET = "porting.set_our_ticket"


def set_ticket(*, request: PortInRequest, ticket: str, actor: User) -> None:
    """Write down where we keep track of a request ourselves; "" for nowhere. Twilio is told nothing."""
    with transaction.atomic(durable=True):
        row = (
            PortInRequest.objects.select_for_update(of=("self",)).select_related("account").get(pk=request.pk)
        )
        if row.our_ticket == ticket:
            return
        operations.record(
            SET_TICKET, account=row.account, target=row.pk, actor=actor,
            detail={"ours": {"our_ticket": [row.our_ticket, ticket]}},
        )  # fmt: skip
        row.our_ticket = ticket
        row.save(update_fields=["our_ticket"])
