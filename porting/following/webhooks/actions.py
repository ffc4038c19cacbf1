"""Learning what became of port-in requests: from webhooks."""

from portal.models import Change, Delivery
from porting.models import PortInRequest
from porting.portin.sync import refetch_port_in


def read_port_in(delivery: Delivery) -> str:
    """Read the request of a webhook from Twilio. Returns what the changes do not tell.

    What the webhook says of a status is never taken over, so one that is late moves nothing back.
    """
    assert delivery.account
    rows = PortInRequest.objects.select_related("account", "reader")
    known = rows.filter(pk=delivery.target).first()
    reader = known.reader if known else delivery.account
    found = refetch_port_in(known, delivery.target, reader=reader, source=Change.Source.WEBHOOK)
    if found is None:
        return "Twilio does not have this request, or not any more."
    return "" if known else "It was read for the first time."
