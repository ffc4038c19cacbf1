"""What somebody of us can do at once about something on the board, and where. Pure."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse


@dataclass(frozen=True, slots=True)
class Step:
    label: str
    url: str


def step_of(row: Any) -> Step | None:
    """The next step of a request, an order or a letter, as far as Twilio lets us take one.

    A port's letter cannot be sent again, but its page can be given to the representative (page 14); a letter
    for hosting is revoked and issued anew (page 11).
    """
    sid: str = row.pk
    match sid[:2], row.status:
        case "KW", "waiting_for_signature" if row.signature_length:
            return Step("Page to sign", reverse("porting:port-in-reveal", args=[sid, "signature_url"]))
        case "KW", "action_required":
            return Step("Fix rejected numbers", reverse("porting:port-in-fix", args=[sid]))
        case "HR", "received" | "pending_verification":
            return Step("Open the call room", reverse("porting:hosted-order-call", args=[sid]))
        case "HR", "verified":
            return Step("Write the letter", reverse("porting:hosted-order-detail", args=[sid]))
        case "HR", "action_required":
            return Step("Text for Twilio Support", reverse("porting:hosted-order-detail", args=[sid]))
        case "HR", "pending_loa" if row.signing_document_sid:
            return _revoke(row.signing_document_sid)
        case "PX", "signing":
            return _revoke(sid)
        case "PX", "opened":
            return Step("Change and send", reverse("porting:authorization-detail", args=[sid]))
    return None


def _revoke(sid: str) -> Step:
    return Step("Revoke and send again", reverse("porting:authorization-revoke", args=[sid]))
