"""Whom a customer's note about a port-in request goes to."""

from porting.models import PortInRequest


def known_addresses(port_in: PortInRequest) -> list[str]:
    """The representative and who is notified, in clear; each once."""
    mails = port_in.notification_emails if isinstance(port_in.notification_emails, list) else []
    found = [port_in.carrier.get("authorized_representative_email"), *mails]
    return list(dict.fromkeys(str(mail).strip() for mail in found if mail))
