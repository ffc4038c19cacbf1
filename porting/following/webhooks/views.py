"""Where Twilio tells that a port-in request or one of its numbers has another status (page 17).

The body is JSON, signed over the URL with the body's hash in it, by the parent account for all of its
subaccounts. The number in it, and why it was rejected, are not shown in the inbox.
"""

from portal.webhooks.callbacks import Fields, sid_in
from portal.webhooks.intake import Hint, receiver


def read_port_in(fields: Fields) -> Hint | None:
    sid = sid_in(fields, "portinrequestsid", "KW")
    if not sid:
        return None
    said = {"status": fields.get("status", "")[:40], "of": "the request"}
    if fields.get("portinphonenumbersid"):
        said |= {"of": "a number", "number_sid": sid_in(fields, "portinphonenumbersid", "PU")}
    return Hint(sid, said)


porting_webhook = receiver(kind="port-in", read=read_port_in, task="receive_porting_webhook")
