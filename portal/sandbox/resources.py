"""The resources the sandbox keeps, as Twilio writes them: keys, their order, "" and null."""

import hashlib
from typing import Any, ClassVar

import msgspec

from portal.sandbox.clock import iso8601, rfc2822

API_VERSION = "2010-04-01"
ACCOUNTS = f"/{API_VERSION}/Accounts"
ACCOUNT_SUBRESOURCES = {
    "available_phone_numbers": "AvailablePhoneNumbers",
    "calls": "Calls",
    "conferences": "Conferences",
    "incoming_phone_numbers": "IncomingPhoneNumbers",
    "notifications": "Notifications",
    "outgoing_caller_ids": "OutgoingCallerIds",
    "recordings": "Recordings",
    "transcriptions": "Transcriptions",
    "addresses": "Addresses",
    "signing_keys": "SigningKeys",
    "connect_apps": "ConnectApps",
    "sip": "SIP",
    "authorized_connect_apps": "AuthorizedConnectApps",
    "usage": "Usage",
    "keys": "Keys",
    "applications": "Applications",
    "short_codes": "SMS/ShortCodes",
    "queues": "Queues",
    "messages": "Messages",
    "balance": "Balance",
}


def make_sid(prefix: str, seed: str) -> str:
    return prefix + hashlib.md5(seed.encode(), usedforsecurity=False).hexdigest()


class Resource(msgspec.Struct, kw_only=True):
    """Anything kept as a document: found by its sid, listed by the account it belongs to."""

    KIND: ClassVar[str]
    OWNER: ClassVar[str] = "account_sid"  # the attribute that names that account

    sid: str
    date_created: str
    date_updated: str

    def owner(self) -> str:
        return str(getattr(self, self.OWNER))

    def parent(self) -> str | None:
        """The resource this one belongs to, if it is listed below one."""
        return None

    def touch(self, now: int) -> None:
        self.date_updated = rfc2822(now)


class AccountResource(Resource, kw_only=True):
    """A resource below an account of api.twilio.com; `uri` is relative to that host."""

    COLLECTION: ClassVar[str]

    account_sid: str
    uri: str = ""

    def __post_init__(self) -> None:
        if not self.uri:
            self.uri = f"{ACCOUNTS}/{self.account_sid}/{self.COLLECTION}/{self.sid}.json"


class Shown(Resource, kw_only=True):
    """A resource of the newer hosts: `SHOWN` are the keys of its answer, the others stay in the sandbox."""

    SHOWN: ClassVar[tuple[str, ...]]

    account_sid: str = ""

    def touch(self, now: int) -> None:
        self.date_updated = iso8601(now)

    @classmethod
    def show(cls, body: dict[str, Any]) -> dict[str, Any]:
        """The answer, from the fields of a stored resource."""
        return {key: body[key] for key in cls.SHOWN}

    def shown(self) -> dict[str, Any]:
        return self.show(msgspec.to_builtins(self))


class Account(Resource, kw_only=True):
    OWNER: ClassVar[str] = "owner_account_sid"
    KIND: ClassVar[str] = "account"

    auth_token: str
    friendly_name: str
    owner_account_sid: str
    status: str = "active"
    subresource_uris: dict[str, str] = {}
    type: str = "Full"
    uri: str = ""

    def __post_init__(self) -> None:
        if not self.uri:
            self.uri = f"{ACCOUNTS}/{self.sid}.json"
            self.subresource_uris = {
                name: f"{ACCOUNTS}/{self.sid}/{path}.json" for name, path in ACCOUNT_SUBRESOURCES.items()
            }

    @property
    def is_parent(self) -> bool:
        return self.owner_account_sid == self.sid


class Address(AccountResource, kw_only=True):
    KIND: ClassVar[str] = "address"
    COLLECTION: ClassVar[str] = "Addresses"

    customer_name: str
    street: str
    city: str
    region: str
    postal_code: str
    iso_country: str
    friendly_name: str | None = None
    street_secondary: str | None = None
    emergency_enabled: bool = False
    validated: bool = False
    verified: bool = False


class Application(AccountResource, kw_only=True):
    KIND: ClassVar[str] = "application"
    COLLECTION: ClassVar[str] = "Applications"

    friendly_name: str
    api_version: str = API_VERSION
    message_status_callback: str | None = None
    sms_fallback_method: str = "POST"
    sms_fallback_url: str | None = None
    sms_method: str = "POST"
    sms_status_callback: str | None = None
    sms_url: str | None = None
    status_callback: str | None = None
    status_callback_method: str = "POST"
    voice_caller_id_lookup: bool = False
    voice_fallback_method: str = "POST"
    voice_fallback_url: str | None = None
    voice_method: str = "POST"
    voice_url: str | None = None
    public_application_connect_enabled: bool = False


class CallerId(AccountResource, kw_only=True):
    KIND: ClassVar[str] = "caller_id"
    COLLECTION: ClassVar[str] = "OutgoingCallerIds"

    friendly_name: str
    phone_number: str


class Capabilities(msgspec.Struct, frozen=True):
    voice: bool = False
    sms: bool = False
    mms: bool = False
    fax: bool = False


class Number(msgspec.Struct, kw_only=True):
    """An IncomingPhoneNumber (doc page 23). A value that is not set is "" or null as in the page's examples.

    `type` is the name of the sub-list the number would stand in, in lower case (local, mobile, tollfree,
    national, …): the specification has the property but no values. It comes last, because the
    sub-lists answer without it.
    """

    account_sid: str
    address_requirements: str
    address_sid: str | None = None
    api_version: str = API_VERSION
    beta: bool = False
    capabilities: Capabilities
    date_created: str
    date_updated: str
    emergency_status: str = "Inactive"
    emergency_address_sid: str | None = None
    emergency_address_status: str = "unregistered"
    friendly_name: str
    identity_sid: str | None = None
    origin: str = "twilio"
    phone_number: str
    sid: str
    sms_application_sid: str = ""
    sms_fallback_method: str | None = "POST"
    sms_fallback_url: str | None = ""
    sms_method: str | None = "POST"
    sms_url: str | None = ""
    status_callback: str | None = ""
    status_callback_method: str | None = "POST"
    trunk_sid: str | None = None
    uri: str = ""
    voice_application_sid: str = ""
    voice_caller_id_lookup: bool = False
    voice_fallback_method: str | None = "POST"
    voice_fallback_url: str | None = None
    voice_method: str | None = "POST"
    voice_url: str | None = None
    bundle_sid: str | None = None
    voice_receive_mode: str = "voice"
    status: str = "in-use"
    type: str

    def __post_init__(self) -> None:
        if not self.uri:
            self.uri = number_uri(self.account_sid, self.sid)


def number_uri(account_sid: str, sid: str) -> str:
    return f"{ACCOUNTS}/{account_sid}/IncomingPhoneNumbers/{sid}.json"
