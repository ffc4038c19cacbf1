"""Requests filed and orders made over the gateways, as tests of porting and hosting begin."""

from typing import Any

from portal.models import TwilioAccount
from porting.hosting import gateway as hosting
from porting.portin import gateway as portin

# An area code in which the sandbox's data has nothing; the last two digits tell what becomes of a number.
PREFIX = "+120755501"
BILL = b"%PDF-1.7 invented bill"
LOSING_CARRIER: dict[str, Any] = {
    "customer_type": "Business",
    "customer_name": "Thornlea Dental",
    "account_number": "A-100",
    "account_telephone_number": "+12075550100",
    "authorized_representative": "Ottilie Marblethwaite",
    "authorized_representative_email": "owner@thornlea.example.com",
    "address": {
        "street": "12 Sample St",
        "city": "Portland",
        "state": "ME",
        "zip": "04101",
        "country": "US",
    },
}


def upload_bill(account: TwilioAccount) -> str:
    document = portin.upload_document(
        account.require_own_login(),
        document_type="utility_bill",
        friendly_name="Bill",
        name="bill.pdf",
        content=BILL,
        content_type="application/pdf",
    )
    return document.sid


def file_port_in(account: TwilioAccount, *endings: str, **changes: Any) -> portin.PortInSnapshot:
    """File a request for numbers by their last two digits."""
    values = {
        "account_sid": account.pk,
        "documents": [upload_bill(account)],
        "phone_numbers": [{"phone_number": PREFIX + ending} for ending in endings],
        "losing_carrier_information": LOSING_CARRIER,
        "notification_emails": ["desk@example.com"],
        "target_port_in_date": "2099-07-01",
        **changes,
    }
    return portin.create_port_in(account.require_own_login(), values)


def order_hosting(account: TwilioAccount, ending: str, address_sid: str, **changes: Any) -> str:
    values = {
        "PhoneNumber": PREFIX + ending,
        "ContactPhoneNumber": "+12075550199",
        "ContactTitle": "Office manager",
        "AddressSid": address_sid,
        "Email": "signer@example.com",
        **changes,
    }
    return hosting.create_order(account.require_own_login(), values).sid
