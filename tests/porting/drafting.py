"""Drafts as tests begin with them: empty, filled in, and the forms that a browser would send."""

from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from portal.models import Operation, Purpose, TwilioAccount, User
from portal.uploads.check import CheckedFile
from porting.drafting.actions import keep_bill
from porting.drafting.progress import ON_THE_BILL
from porting.models import PortInDraft, PortInRequest
from porting.portin.actions import FILE_PORT_IN, begin_filing, carry_out_filing
from porting.portin.drafts import create_draft
from porting.tasks import file_port_in as file_in_task
from tests.pages import Page
from tests.porting.filing import PREFIX

CUSTOMER = "Thornlea Dental"
SIGNER = "Ottilie Marblethwaite"
MAIL = "owner@thornlea.example.com"
ACCOUNT_NUMBER = "A-100-77"
STREET = "12 Sample St"
PIN = "90417"
# What may stand nowhere but encrypted.
PERSONAL = (CUSTOMER, SIGNER, MAIL, ACCOUNT_NUMBER, STREET, PIN)


def today() -> Any:
    return datetime.now(UTC).date()


def picture(color: str = "white") -> bytes:
    held = BytesIO()
    Image.new("RGB", (40, 60), color).save(held, "PNG")
    return held.getvalue()


def bill_file(color: str = "white") -> SimpleUploadedFile:
    return SimpleUploadedFile("bill of thornlea.png", picture(color), "image/png")


def day_parts(name: str, day: Any) -> dict[str, str]:
    return {f"{name}_{part}": str(getattr(day, part)) for part in ("day", "month", "year")}


def details() -> dict[str, Any]:
    """What a browser sends from the page about the losing carrier."""
    return {
        "customer_type": "Business",
        "customer_name": CUSTOMER,
        "account_number": ACCOUNT_NUMBER,
        "account_telephone_number": "(207) 555-0110",
        "authorized_representative": SIGNER,
        "authorized_representative_email": MAIL,
        "street": STREET,
        "city": "Portland",
        "state": "ME",
        "zip": "04101",
        **{f"on_bill-{name}": "same" for name in ON_THE_BILL},
    }


def answers(**changes: Any) -> dict[str, Any]:
    """What a draft keeps when all of its tasks are done."""
    typed = {name: value for name, value in details().items() if not name.startswith("on_bill-")}
    return {
        **typed,
        "matches": list(ON_THE_BILL),
        "account_telephone_number": f"{PREFIX}10",
        "country": "US",
        "bill_date": today().isoformat(),
        "target_date": (today() + timedelta(days=20)).isoformat(),
        "notification_emails": ["desk@example.com"],
        **changes,
    }


def begun(account: TwilioAccount, actor: User, *endings: str, **more: Any) -> PortInDraft:
    """A draft for numbers by their last two digits, with nothing filled in."""
    numbers = [PREFIX + ending for ending in endings or ("10", "11")]
    return create_draft(account=account, numbers=numbers, values=more.pop("values", {}), actor=actor, **more)


def filled(account: TwilioAccount, actor: User, *endings: str, **changes: Any) -> PortInDraft:
    """A draft whose tasks are done, its bill kept and not at Twilio yet."""
    draft = begun(account, actor, *endings, values=answers(**changes))
    file = CheckedFile(Purpose.UTILITY_BILL, "bill of thornlea.png", "image/png", picture())
    return keep_bill(draft=draft, file=file, actor=actor)


def file_port_in(*, draft: PortInDraft, actor: User) -> PortInRequest:
    """Press the button, and be the worker that sends the request."""
    port_in = carry_out_filing(begin_filing(draft=draft, actor=actor).pk)
    assert port_in
    return port_in


def let_workers_file() -> None:
    """What the workers do with requests that were begun."""
    for operation in Operation.objects.filter(kind=FILE_PORT_IN, state=Operation.State.STARTED):
        file_in_task(str(operation.pk))


def url_of(name: str, draft: PortInDraft) -> str:
    return reverse(f"porting:draft-{name}", args=[draft.pk])


def send(client: Client, name: str, draft: PortInDraft, values: dict[str, Any], **more: Any) -> Any:
    """Press Continue on a page that was opened just now."""
    draft.refresh_from_db()
    return client.post(url_of(name, draft), {"version": draft.version, **values, **more})


def states(client: Client, draft: PortInDraft) -> dict[str, str]:
    page = Page.of(client, url_of("tasks", draft))
    return {
        row.one(".task__name > :first-child").text: row.one(".task__state").text for row in page.all(".task")
    }
