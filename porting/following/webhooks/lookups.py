"""The one porting webhook configuration of an account, as Twilio has it now (page 17)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.models import TwilioAccount
from portal.secrets import fingerprint
from portal.twilio.errors import Absent
from porting.portin import gateway

EVENTS = (
    "PortInWaitingForSignature",
    "PortInInProgress",
    "PortInCompleted",
    "PortInActionRequired",
    "PortInCanceled",
    "PortInExpired",
    "PortInPhoneNumberWaitingForSignature",
    "PortInPhoneNumberSubmitted",
    "PortInPhoneNumberPending",
    "PortInPhoneNumberCompleted",
    "PortInPhoneNumberRejected",
    "PortInPhoneNumberCanceled",
    "PortOutPhoneNumberCompleted",
)


@dataclass(frozen=True, slots=True)
class Configuration:
    """Where webhooks go; no events means all of them."""

    port_in_url: str = ""
    port_out_url: str = ""
    events: tuple[str, ...] = ()
    since: str = ""

    @property
    def is_there(self) -> bool:
        return bool(self.port_in_url or self.port_out_url)

    @property
    def mark(self) -> str:
        """The same for the same configuration: what a form was opened with."""
        return fingerprint("porting-webhook", self.port_in_url, self.port_out_url, *sorted(self.events))

    def as_detail(self) -> dict[str, Any]:
        """As an operation keeps it, so that an old one can be put back."""
        return {
            "port_in_target_url": self.port_in_url,
            "port_out_target_url": self.port_out_url,
            "notifications_of": list(self.events),
        }

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Configuration":
        """Twilio's answer. One without any address is none."""
        events = told.get("notifications_of")
        return cls(
            str(told.get("port_in_target_url") or ""),
            str(told.get("port_out_target_url") or ""),
            tuple(str(event) for event in events) if isinstance(events, list) else (),
            str(told.get("port_in_target_date_created") or ""),
        )


def fetch_configuration(account: TwilioAccount) -> Configuration:
    """An empty one where there is none: Twilio may say so by 404, or by an answer without addresses."""
    try:
        return Configuration.of(gateway.fetch_webhook(account.require_own_login()))
    except Absent:
        return Configuration()
