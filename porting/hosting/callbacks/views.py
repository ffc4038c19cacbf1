"""Where Twilio tells that a hosted number order has another status (page 8), by POST or by GET.

Its address is on the prepared number as well, whose calls may end up here: what names no order is ignored.
"""

from portal.webhooks.callbacks import Fields, sid_in
from portal.webhooks.intake import Hint, receiver


def read_order(fields: Fields) -> Hint | None:
    sid = sid_in(fields, "hostednumberordersid", "HR")
    return Hint(sid, {"status": fields.get("status", "")[:40]}) if sid else None


hosting_callback = receiver(
    kind="hosted-order", read=read_order, task="receive_hosting_callback", methods=("GET", "POST")
)
