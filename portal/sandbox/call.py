"""One request on its way through a handler, and the table rows that lead to handlers."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from portal.sandbox.clock import iso8601, rfc2822
from portal.sandbox.errors import ApiError, not_found, refusal
from portal.sandbox.resources import Account
from portal.sandbox.store import Store
from portal.sandbox.wire import Answer, Request

API = "api.twilio.com"
PRICING = "pricing.twilio.com"
PREVIEW = "preview.twilio.com"
NUMBERS = "numbers.twilio.com"
UPLOAD = "numbers-upload.twilio.com"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who authenticated: an account by its AuthToken, or by an API key of its own."""

    account: Account
    by_key: bool


@dataclass
class Call:
    """What a handler works with. `account` is the one in the path, else the caller's."""

    store: Store
    request: Request
    now: int
    caller: Caller
    account: Account
    params: dict[str, str] = field(default_factory=dict)

    @cached_property
    def query(self) -> dict[str, str]:
        return dict(self.request.query)

    @cached_property
    def form(self) -> dict[str, str]:
        return dict(self.request.form)

    @property
    def date(self) -> str:
        return rfc2822(self.now)

    @property
    def moment(self) -> str:
        """Now, as the newer hosts write it."""
        return iso8601(self.now)

    @property
    def own_url(self) -> str:
        """Where the sandbox's own pages are, as whoever asks reaches it."""
        return f"http://{self.request.headers.get('host', 'sandbox.test')}"

    def absent(self) -> ApiError:
        return not_found(self.request.path)

    def flag(self, name: str, values: dict[str, str]) -> bool | None:
        """A parameter that is `true` or `false`; None when it is missing or empty."""
        text = values.get(name, "").lower()
        if text not in ("", "true", "false"):
            raise refusal(20422, f"{name} must be true or false")
        return None if not text else text == "true"

    def new_sid(self, prefix: str) -> str:
        return self.store.new_sid(prefix)

    def schedule(self, seconds: int, action: str, sid: str, detail: str = "") -> None:
        """Have `agenda` do something to a resource once the clock has moved on."""
        self.store.schedule(self.now + seconds, action, sid, detail)


Handler = Callable[[Call], Answer]


class Route(NamedTuple):
    """`path` is a template as in the specifications: `/2010-04-01/Accounts/{AccountSid}/Calls.json`."""

    method: str
    host: str
    path: str
    handler: Handler

    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+?)", re.escape(self.path)))
