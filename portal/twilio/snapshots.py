from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One object, as Twilio described it in the answer to a request made at `requested_at`."""

    sid: str
    body: bytes
    requested_at: datetime
    request_id: str = ""

    @property
    def payload(self) -> dict[str, Any]:
        return msgspec.json.decode(self.body, type=dict[str, Any])
