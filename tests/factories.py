"""Makers of objects, with defaults for everything a test does not care about."""

import itertools
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.db.models import Q

from compliance import resources
from compliance.models import Bundle, EndUser, Evaluation, Regulation, SupportingDocument
from compliance.sync import keep_versions, note_statuses
from inventory import sync
from inventory.models import Address, Application, PhoneNumber, SenderId
from inventory.usage import standing
from portal.mirror.engine import apply_snapshots
from portal.models import Change, Membership, Role, TwilioAccount, User
from portal.twilio.snapshots import Snapshot

_count = itertools.count(1)
PASSWORD = "a-long-enough-password"


def make_sid(prefix: str) -> str:
    return f"{prefix}{next(_count):032x}"


def make_user(
    role: Role | None = None, *, accounts: list[TwilioAccount] | None = None, **fields: Any
) -> User:
    """A person with a role on all accounts, or on the given ones."""
    user = User.objects.create_user(f"person{next(_count)}@example.com", PASSWORD, **fields)
    if role:
        membership = Membership.objects.create(user=user, role=role, all_accounts=accounts is None)
        membership.accounts.set(accounts or [])
    return user


def make_account(**fields: Any) -> TwilioAccount:
    """An account in the mirror, an active parent unless it is told otherwise."""
    sid = fields.pop("sid", None) or make_sid("AC")
    payload = {
        "sid": sid,
        "friendly_name": f"Account {sid[-4:]}",
        "status": "active",
        "type": "Full",
        "owner_account_sid": fields.pop("owner_sid", sid),
        "date_created": "Mon, 02 Jan 2023 08:00:00 +0000",
        "date_updated": "Mon, 02 Jan 2023 08:00:00 +0000",
        **fields,
    }
    _mirror(sync.ACCOUNTS, payload)
    return TwilioAccount.objects.get(pk=sid)


def make_number(account: TwilioAccount, **fields: Any) -> PhoneNumber:
    """A number in the mirror. `fields` are Twilio's property names; ours (owner, tags, …) work too."""
    ours = {name: fields.pop(name) for name in ("owner", "cost_centre", "tags") if name in fields}
    count = next(_count)
    payload = {
        "sid": make_sid("PN"),
        "account_sid": account.pk,
        "phone_number": f"+1201555{count % 10000:04d}",
        "friendly_name": f"Number {count}",
        "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
        "type": "local",
        "origin": "twilio",
        "status": "in-use",
        "beta": False,
        "address_requirements": "none",
        "address_sid": None,
        "bundle_sid": None,
        "identity_sid": None,
        "emergency_status": "Inactive",
        "emergency_address_sid": None,
        "emergency_address_status": "unregistered",
        "trunk_sid": None,
        "voice_application_sid": "",
        "voice_url": "https://voice.example.com/in",
        "voice_method": "POST",
        "voice_fallback_url": "",
        "voice_fallback_method": "POST",
        "voice_caller_id_lookup": False,
        "voice_receive_mode": "voice",
        "status_callback": "",
        "status_callback_method": "POST",
        "sms_application_sid": "",
        "sms_url": "https://sms.example.com/in",
        "sms_method": "POST",
        "sms_fallback_url": "",
        "sms_fallback_method": "POST",
        "date_created": "Mon, 02 Jan 2023 08:00:00 +0000",
        "date_updated": "Mon, 02 Jan 2023 08:00:00 +0000",
        **fields,
    }
    _mirror(sync.NUMBERS, payload)
    standing.refresh_numbers([payload["sid"]])
    if ours:
        PhoneNumber.objects.filter(pk=payload["sid"]).update(**ours)
    return PhoneNumber.objects.select_related("account").get(pk=payload["sid"])


def make_address(account: TwilioAccount, **fields: Any) -> Address:
    payload = {
        "sid": make_sid("AD"),
        "account_sid": account.pk,
        "friendly_name": "",
        "customer_name": "Example Holdings",
        "street": "1 Example Street",
        "street_secondary": "",
        "city": "Springfield",
        "region": "CA",
        "postal_code": "90000",
        "iso_country": "US",
        "emergency_enabled": False,
        "validated": True,
        "verified": False,
        "date_created": "Mon, 02 Jan 2023 08:00:00 +0000",
        "date_updated": "Mon, 02 Jan 2023 08:00:00 +0000",
        **fields,
    }
    _mirror(sync.ADDRESSES, payload)
    return Address.objects.get(pk=payload["sid"])


def make_application(account: TwilioAccount, **fields: Any) -> Application:
    payload = {
        "sid": make_sid("AP"),
        "account_sid": account.pk,
        "friendly_name": "Answering machine",
        **fields,
    }
    _mirror(sync.APPLICATIONS, payload)
    return Application.objects.get(pk=payload["sid"])


def make_price(account: TwilioAccount, country: str, number_type: str, price: str, **fields: Any) -> None:
    _mirror(
        sync.PRICES,
        {
            "sid": f"{account.pk}:{country}:{number_type}",
            "account_sid": account.pk,
            "iso_country": country,
            "country": country,
            "number_type": number_type,
            "base_price": price,
            "current_price": price,
            "price_unit": "USD",
            **fields,
        },
    )


def make_sender(account: TwilioAccount, country: str, sender: str, *, is_default: bool = False) -> SenderId:
    return SenderId.objects.create(account=account, country=country, sender=sender, is_default=is_default)


def make_regulation(
    country: str = "DE", number_type: str = "local", end_user_type: str = "business", **fields: Any
) -> Regulation:
    """A regulation in the mirror, by default one that asks for a business name and an address."""
    sid = fields.pop("sid", None) or make_sid("RN")
    name = {"machine_name": "business_name", "friendly_name": "Business Name", "description": ""}
    cited = {"machine_name": "address_sids", "friendly_name": "Address sid(s)", "description": ""}
    who = {
        "name": end_user_type.capitalize(),
        "type": end_user_type,
        "requirement_name": f"{end_user_type}_info",
        "fields": ["business_name"],
        "detailed_fields": [name],
    }
    paper = {"name": "Address Validation", "type": "address", "detailed_fields": [cited]}
    proof = {
        "name": "Address",
        "type": "document",
        "requirement_name": "proof_of_address",
        "description": "",
        "accepted_documents": [paper],
    }
    payload = {
        "sid": sid,
        "friendly_name": f"{country}: {number_type} - {end_user_type}",
        "iso_country": country,
        "number_type": number_type,
        "end_user_type": end_user_type,
        "requirements": {"end_user": [who], "supporting_document": [[proof]]},
        **fields,
    }
    _mirror(resources.REGULATIONS, payload)
    keep_versions()
    return Regulation.objects.get(pk=sid)


def make_bundle(account: TwilioAccount, regulation: Regulation, **fields: Any) -> Bundle:
    """A bundle in the mirror, an approved one unless it is told otherwise."""
    payload = {
        "sid": make_sid("BU"),
        "account_sid": account.pk,
        "regulation_sid": regulation.pk,
        "friendly_name": f"Bundle {next(_count)}",
        "status": "twilio-approved",
        "valid_until": None,
        "email": "compliance@example.com",
        "status_callback": None,
        "date_created": "2024-01-02T08:00:00Z",
        "date_updated": "2024-01-03T08:00:00Z",
        **fields,
    }
    _mirror(resources.BUNDLES, payload)
    note_statuses(Q(pk=payload["sid"]))
    return Bundle.objects.select_related("account", "regulation").get(pk=payload["sid"])


def make_end_user(account: TwilioAccount, **fields: Any) -> EndUser:
    payload = {
        "sid": make_sid("IT"),
        "account_sid": account.pk,
        "friendly_name": f"End user {next(_count)}",
        "type": "business",
        "attributes": {"business_name": "Example Holdings"},
        "date_created": "2024-01-02T08:00:00Z",
        "date_updated": "2024-01-02T08:00:00Z",
        **fields,
    }
    _mirror(resources.END_USERS, payload)
    return EndUser.objects.get(pk=payload["sid"])


def make_document(account: TwilioAccount, **fields: Any) -> SupportingDocument:
    payload = {
        "sid": make_sid("RD"),
        "account_sid": account.pk,
        "friendly_name": f"Document {next(_count)}",
        "type": "business_registration",
        "status": "draft",
        "mime_type": "application/pdf",
        "failure_reason": None,
        "errors": None,
        "attributes": {},
        "date_created": "2024-01-02T08:00:00Z",
        "date_updated": "2024-01-02T08:00:00Z",
        **fields,
    }
    _mirror(resources.DOCUMENTS, payload)
    return SupportingDocument.objects.get(pk=payload["sid"])


def assign(bundle: Bundle, item: EndUser | SupportingDocument) -> None:
    _mirror(
        resources.ITEM_ASSIGNMENTS,
        {
            "sid": make_sid("BV"),
            "account_sid": bundle.account_id,
            "bundle_sid": bundle.pk,
            "object_sid": item.pk,
            "date_created": "2024-01-02T08:00:00Z",
        },
    )


def make_evaluation(bundle: Bundle, *, status: str = "compliant", **fields: Any) -> Evaluation:
    payload = {
        "sid": make_sid("EL"),
        "account_sid": bundle.account_id,
        "bundle_sid": bundle.pk,
        "regulation_sid": bundle.regulation_id,
        "status": status,
        "results": [],
        "date_created": "2024-01-02T09:00:00Z",
        **fields,
    }
    _mirror(resources.EVALUATIONS, payload)
    return Evaluation.objects.get(pk=payload["sid"])


def _mirror(resource: Any, payload: dict[str, Any]) -> None:
    snapshot = Snapshot(payload["sid"], msgspec.json.encode(payload), datetime.now(UTC))
    apply_snapshots(resource, [snapshot], source=Change.Source.SYNC)
