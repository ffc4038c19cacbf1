"""What the tests of the guided way share: drafts, and answers to the questions of their tasks."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from compliance.bundles.actions import assign_item, create_bundle
from compliance.documents.actions import upload_document
from compliance.items.actions import create_end_user
from compliance.models import Bundle, EndUser, Regulation, SupportingDocument
from inventory.addresses.actions import create_address
from inventory.models import Address
from portal.models import Purpose, Role, TwilioAccount, User
from portal.uploads.check import CheckedFile
from tests.factories import make_user
from tests.pages import Page
from tests.uploads import pdf

FIRM = "Riverside Dental"
# The documents of a German local bundle.
REGISTER = "commercial_registrar_excerpt"
NAME, PLACE = "business_name_info", "business_address_proof_info"


def reviewer(**fields: Any) -> tuple[User, Client]:
    """Somebody who makes bundles, signed in."""
    person = make_user(Role.COMPLIANCE, **fields)
    client = Client()
    client.force_login(person)
    return person, client


def make_draft(account: TwilioAccount, regulation: Regulation, person: User, **fields: Any) -> Bundle:
    values = {"friendly_name": FIRM, "email": "desk@example.com", **fields}
    bundle = create_bundle(account=account, regulation=regulation, actor=person, **values)
    return Bundle.objects.select_related("account", "regulation").get(pk=bundle.pk)


def add_end_user(bundle: Bundle, person: User, **values: Any) -> EndUser:
    made = create_end_user(
        account=bundle.account, type="business", friendly_name=FIRM,
        values={"business_name": FIRM, **values}, actor=person,
    )  # fmt: skip
    assign_item(bundle=bundle, item=made, actor=person)
    return made


def add_address(bundle: Bundle, person: User) -> Address:
    where = {"street": "Musterstr. 1", "street_secondary": "", "city": "Berlin", "region": "BE"}
    values = {"customer_name": FIRM, "friendly_name": "", "postal_code": "10117", "emergency_enabled": False}
    return create_address(
        account=bundle.account, country="DE", values={**where, **values}, auto_correct=True, actor=person
    )


def add_register(bundle: Bundle, person: User, address: Address) -> SupportingDocument:
    """The one document that proves all a German local bundle has to prove."""
    file = CheckedFile(Purpose.COMPLIANCE, "register.pdf", "application/pdf", pdf())
    made = upload_document(
        account=bundle.account, type=REGISTER, friendly_name="Register", actor=person, file=file,
        attributes={"business_name": FIRM, "address_sids": [address.pk]},
    )  # fmt: skip
    assign_item(bundle=bundle, item=made, actor=person)
    return made


def fill(bundle: Bundle, person: User) -> SupportingDocument:
    """All that a German local bundle takes."""
    add_end_user(bundle, person)
    return add_register(bundle, person, add_address(bundle, person))


def url(bundle: Bundle, rest: str = "tasks/") -> str:
    return f"/bundles/{bundle.pk}/{rest}"


def send(client: Client, where: str, **typed: Any) -> Any:
    """Send the form of a task's page with some fields typed over; None leaves one out."""
    sent: dict[str, Any] = {**Page.of(client, where).form("main form[method=post]"), **typed}
    return client.post(where, {name: value for name, value in sent.items() if value is not None})


def scan(content: bytes | None = None, name: str = "scan.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, pdf() if content is None else content)


def task_states(client: Client, bundle: Bundle) -> dict[str, str]:
    page = Page.of(client, url(bundle))
    return {
        row.all(".task__name > *")[0].text: row.one(".task__state").text for row in page.all(".tasks > li")
    }


def errors(page: Page) -> list[str]:
    """What the error summary says."""
    return [item.text for item in page.all("[data-error-summary] li")]
