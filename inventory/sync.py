"""The inventory's mirrors. Nothing else writes these columns."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.db.models import Q

from inventory import gateway
from inventory.configuration import call_route, message_route
from inventory.models import Address, Application, NumberFacet, NumberPrice, PhoneNumber
from inventory.usage import standing
from portal.mirror.engine import Tally, apply_snapshots, mark_absent, read_listing
from portal.mirror.records import decimal, rfc2822, text
from portal.mirror.resource import Facets, Payload, Resource
from portal.mirror.runs import Progress
from portal.models import Change, Operation, SyncRun, TwilioAccount
from portal.numbering import country_of, normal_type, type_of
from portal.twilio.errors import NoCredentials, TwilioFailure
from portal.twilio.login import Login
from portal.twilio.patience import IN_A_TASK
from portal.twilio.snapshots import Snapshot

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def _account_columns(payload: Payload) -> dict[str, Any]:
    return {
        "friendly_name": text(payload.get("friendly_name")),
        "status": text(payload.get("status"), 20),
        "type": text(payload.get("type"), 20),
        "owner_sid": text(payload.get("owner_account_sid"), 34),
        **_dates(payload),
    }


def _number_columns(payload: Payload) -> dict[str, Any]:
    e164 = text(payload.get("phone_number"), 20)
    capabilities = payload.get("capabilities")
    # Keys are lower case here and `Voice`, `SMS`, `MMS` elsewhere.
    can = {}
    if isinstance(capabilities, dict):
        can = {key.lower(): bool(value) for key, value in capabilities.items()}
    address, bundle, trunk = (_sid(payload, key) for key in ("address_sid", "bundle_sid", "trunk_sid"))
    voice_application = _sid(payload, "voice_application_sid")
    sms_application = _sid(payload, "sms_application_sid")
    voice_url, sms_url = text(payload.get("voice_url"), 4000), text(payload.get("sms_url"), 4000)
    return {
        "account_id": text(payload.get("account_sid"), 34),
        "phone_number": e164,
        "friendly_name": text(payload.get("friendly_name")),
        "country": country_of(e164),
        "number_type": normal_type(text(payload.get("type"), 30)) or type_of(e164),
        "voice": can.get("voice", False),
        "sms": can.get("sms", False),
        "mms": can.get("mms", False),
        "fax": can.get("fax", False),
        "beta": bool(payload.get("beta")),
        "origin": text(payload.get("origin"), 30),
        "status": text(payload.get("status"), 30),
        "address_requirements": text(payload.get("address_requirements"), 20),
        "address_id": address,
        "emergency_address_id": _sid(payload, "emergency_address_sid"),
        "emergency_status": text(payload.get("emergency_status"), 20),
        "emergency_address_status": text(payload.get("emergency_address_status"), 40),
        "bundle_sid": bundle,
        "voice_application_id": voice_application,
        "sms_application_id": sms_application,
        "trunk_sid": trunk,
        "voice_url": voice_url,
        "sms_url": sms_url,
        "has_address": address is not None,
        "has_bundle": bundle is not None,
        "call_route": call_route(trunk_sid=trunk, application=voice_application, url=voice_url).kind,
        "message_route": message_route(application=sms_application, url=sms_url).kind,
        "remote_created_at": rfc2822(payload.get("date_created")) or _LONG_AGO,  # lists are sorted by it
        "remote_updated_at": rfc2822(payload.get("date_updated")),
    }


def _address_columns(payload: Payload) -> dict[str, Any]:
    return {
        "account_id": text(payload.get("account_sid"), 34),
        "friendly_name": text(payload.get("friendly_name")),
        "customer_name": text(payload.get("customer_name")),
        "street": text(payload.get("street")),
        "street_secondary": text(payload.get("street_secondary")),
        "city": text(payload.get("city")),
        "region": text(payload.get("region")),
        "postal_code": text(payload.get("postal_code"), 50),
        "iso_country": text(payload.get("iso_country"), 2),
        "emergency_enabled": bool(payload.get("emergency_enabled")),
        "validated": bool(payload.get("validated")),
        "verified": bool(payload.get("verified")),
        **_dates(payload),
    }


def _application_columns(payload: Payload) -> dict[str, Any]:
    return {
        "account_id": text(payload.get("account_sid"), 34),
        "friendly_name": text(payload.get("friendly_name")),
        **_dates(payload),
    }


def _price_columns(payload: Payload) -> dict[str, Any]:
    return {
        "account_id": text(payload.get("account_sid"), 34),
        "iso_country": text(payload.get("iso_country"), 2),
        "country": text(payload.get("country"), 100),
        "number_type": normal_type(text(payload.get("number_type"), 30)),
        "base_price": decimal(payload.get("base_price")),
        "current_price": decimal(payload.get("current_price")),
        "currency": text(payload.get("price_unit"), 3).upper(),
    }


ACCOUNTS = Resource(
    "accounts",
    TwilioAccount,
    ("friendly_name", "status", "type", "owner_sid", "remote_created_at", "remote_updated_at"),
    _account_columns,
    scope="owner_sid",
)
NUMBERS = Resource(
    "numbers",
    PhoneNumber,
    (
        "account_id", "phone_number", "friendly_name", "country", "number_type", "voice", "sms", "mms", "fax",
        "beta", "origin", "status", "address_requirements", "address_id", "emergency_address_id",
        "emergency_status", "emergency_address_status", "bundle_sid", "voice_application_id",
        "sms_application_id", "trunk_sid", "voice_url", "sms_url", "has_address", "has_bundle", "call_route",
        "message_route", "remote_created_at", "remote_updated_at",
    ),
    _number_columns,
    facets=Facets(NumberFacet, NumberFacet.NAMES),
)  # fmt: skip
ADDRESSES = Resource(
    "addresses",
    Address,
    (
        "account_id", "friendly_name", "customer_name", "street", "street_secondary", "city", "region",
        "postal_code", "iso_country", "emergency_enabled", "validated", "verified", "remote_created_at",
        "remote_updated_at",
    ),
    _address_columns,
)  # fmt: skip
APPLICATIONS = Resource(
    "applications",
    Application,
    ("account_id", "friendly_name", "remote_created_at", "remote_updated_at"),
    _application_columns,
)
PRICES = Resource(
    "prices",
    NumberPrice,
    ("account_id", "iso_country", "country", "number_type", "base_price", "current_price", "currency"),
    _price_columns,
)


def sync_accounts(account: TwilioAccount, run: SyncRun, progress: Progress) -> Tally:
    """Read a parent account and its subaccounts, and keep the auth tokens of those we have no API key for."""
    login = account.token_login()
    if login is None:
        raise NoCredentials("There are no credentials for this account.")
    fetch = partial(gateway.fetch_account, login)

    def pages() -> Iterable[gateway.AccountPage]:
        for page in gateway.iter_account_pages(login):
            tokens.update(page.auth_tokens)
            yield page

    tokens: dict[str, str] = {}
    tally = read_listing(ACCOUNTS, account.sid, pages(), fetch=fetch, run=run, progress=progress)
    for row in TwilioAccount.objects.filter(pk__in=tokens):
        # Also one that we had: Twilio's is the one that works, should it have been changed there.
        if not row.api_key_sid and row.auth_token != tokens[row.pk]:
            row.auth_token = tokens[row.pk]
            row.save(update_fields=["auth_token"])
    if tally.changed:
        standing.refresh_accounts(TwilioAccount.objects.filter(owner_sid=account.sid))
    return tally


def sync_numbers(account: TwilioAccount, run: SyncRun, progress: Progress) -> Tally:
    login = _login(account)
    fetch = partial(gateway.fetch_number, login, patience=IN_A_TASK)
    pages = gateway.iter_number_pages(login)
    try:
        tally = read_listing(NUMBERS, account.sid, pages, fetch=fetch, run=run, progress=progress)
    except TwilioFailure:
        standing.refresh_account(account)  # the pages before stay applied, and the next run finds them so
        raise
    if tally.added or tally.changed or tally.missing:
        standing.refresh_account(account)
    return tally


def sync_addresses(account: TwilioAccount, run: SyncRun, progress: Progress) -> Tally:
    login = _login(account)
    fetch = partial(gateway.fetch_address, login)
    pages = gateway.iter_address_pages(login)
    return read_listing(ADDRESSES, account.sid, pages, fetch=fetch, run=run, progress=progress)


def sync_applications(account: TwilioAccount, run: SyncRun, progress: Progress) -> Tally:
    login = _login(account)
    fetch = partial(gateway.fetch_application, login)
    pages = gateway.iter_application_pages(login)
    return read_listing(APPLICATIONS, account.sid, pages, fetch=fetch, run=run, progress=progress)


def sync_prices(account: TwilioAccount, run: SyncRun, progress: Progress) -> Tally:
    """Prices are an account's own, and the pricing host wants that account's own credentials (page 42)."""
    login = account.own_login()
    if login is None:
        raise NoCredentials("Prices need credentials of the subaccount itself.")
    pages = gateway.iter_price_pages(login)
    tally = read_listing(PRICES, account.sid, pages, fetch=None, run=run, progress=progress)
    if tally.added or tally.changed or tally.missing:
        standing.refresh_accounts(TwilioAccount.objects.filter(Q(pk=account.pk) | Q(owner_sid=account.pk)))
    return tally


def apply_account(snapshot: Snapshot, *, source: Change.Source) -> TwilioAccount:
    """Copy one answer about an account in, and return the account as the mirror now has it."""
    apply_snapshots(ACCOUNTS, [snapshot], source=source)
    # Credentials that no key opens any more must not keep anybody from putting in new ones.
    account: TwilioAccount = TwilioAccount.objects.defer("auth_token", "api_key_secret").get(pk=snapshot.sid)
    return account


def apply_number(snapshot: Snapshot, *, source: Change.Source, operation: Operation | None = None) -> None:
    """Copy one answer about a number in."""
    if apply_snapshots(NUMBERS, [snapshot], source=source, operation=operation):
        standing.refresh_numbers([snapshot.sid])


def apply_address(snapshot: Snapshot, *, source: Change.Source, operation: Operation | None = None) -> None:
    """Copy one answer about an address in."""
    apply_snapshots(ADDRESSES, [snapshot], source=source, operation=operation)


def mark_address_absent(sid: str, *, asked_at: datetime, source: Change.Source) -> bool:
    """Note that Twilio does not have this address, or has just deleted it for us."""
    return mark_absent(ADDRESSES, sid, source=source, asked_at=asked_at)


def mark_number_absent(sid: str, *, asked_at: datetime, source: Change.Source = Change.Source.READ) -> bool:
    """Note that Twilio said it does not have this number."""
    is_marked = mark_absent(NUMBERS, sid, source=source, asked_at=asked_at)
    standing.refresh_numbers([sid])
    return is_marked


def _login(account: TwilioAccount) -> Login:
    login = account.api_login()
    if login is None:
        raise NoCredentials("There are no credentials for this account.")
    return login


def _dates(payload: Payload) -> dict[str, datetime | None]:
    return {
        "remote_created_at": rfc2822(payload.get("date_created")),
        "remote_updated_at": rfc2822(payload.get("date_updated")),
    }


def _sid(payload: Payload, key: str) -> str | None:
    """A reference to another object; Twilio writes none as null or ""."""
    value = payload.get(key)
    return str(value)[:34] if value else None
