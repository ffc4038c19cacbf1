"""A whole bundle, from its first field to its rejection; then every place that must not know what it says."""

import io
import json
import logging
from datetime import timedelta

import pytest
import structlog
from celery.signals import before_task_publish
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.models import F
from django.test import Client

from compliance.callbacks.tasks import receive_bundle_callback
from compliance.items.actions import settle_item_operations
from compliance.models import Bundle, EndUser, Regulation, SupportingDocument
from portal.models import Delivery, Operation, Role
from portal.sandbox.faults import Fault
from portal.sandbox.regulatory.laws import NewRegulation
from portal.sandbox.regulatory.verdicts import Verdict
from tests.compliance.guided import make_draft, reviewer, scan, send, url
from tests.factories import make_user
from tests.mirroring import complete
from tests.pages import Page

pytestmark = pytest.mark.django_db

PUBLIC = "https://numbers.example.com"
NUMBER, PAPER, BORN, PHONE = "CANARY-REG-7319", "CANARY-PAPER-7319", "1987-03-14", "+12025550173"
MAIL, REASON = "canary.desk@example.com", "Canary Jane is not the owner"
PERSONAL = (NUMBER, PAPER, BORN, PHONE, MAIL, REASON)
# Tables of others, in which nothing of ours lies.
NOT_OURS = ("django_", "auth_", "account_", "mfa_", "usersessions_")
REQUIREMENTS = {
    "end_user": [
        {
            "name": "Business",
            "type": "business",
            "requirement_name": "business_info",
            "detailed_fields": [
                {"machine_name": "business_name", "friendly_name": "Business Name"},
                {"machine_name": "business_registration_number", "friendly_name": "Registration Number"},
                {"machine_name": "owner_birth_date", "friendly_name": "Birth Date of the Owner"},
                {"machine_name": "owner_phone_number", "friendly_name": "Phone Number of the Owner"},
            ],
        }
    ],
    "supporting_document": [
        [
            {
                "name": "Business Registration",
                "type": "document",
                "requirement_name": "registration_info",
                "accepted_documents": [
                    {
                        "name": "Excerpt",
                        "type": "registry_excerpt",
                        "constraints": [{"type": "file"}],
                        "detailed_fields": [
                            {"machine_name": "document_number", "friendly_name": "Document Number"}
                        ],
                    }
                ],
            }
        ]
    ],
}


@pytest.fixture
def log():
    """What the portal writes, down to the last detail."""
    options = {**settings.LOGGING["formatters"]["lines"], "processor": structlog.processors.JSONRenderer()}
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(options.pop("()")(**options))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler.stream
    root.setLevel(level)
    root.removeHandler(handler)


@pytest.fixture
def sent_to_workers():
    """The arguments of every task that was sent."""
    sent: list[str] = []

    def noted(body=None, **kwargs):
        sent.append(json.dumps(body, default=str))

    before_task_publish.connect(noted, weak=False)
    yield sent
    before_task_publish.disconnect(noted)


@pytest.fixture
def rejected(twilio, parent, settings, log, sent_to_workers) -> tuple[Bundle, Client, list[str]]:
    """A bundle that was filled in on its pages, refused by Twilio on the way, submitted and rejected."""
    settings.PUBLIC_URL = PUBLIC
    twilio.add_regulation(
        NewRegulation(
            iso_country="LU", number_type="local", end_user_type="business", requirements=REQUIREMENTS
        )
    )
    complete(parent, "regulations")
    person, client = reviewer()
    regulation = Regulation.objects.for_group("LU", "local").get()
    bundle = make_draft(parent, regulation, person, email=MAIL, status_callback=f"{PUBLIC}/webhooks/bundles/")
    urls: list[str] = []

    def press(where: str, **typed):
        answer = send(client, where, **typed)
        urls.extend([where, answer.get("Location", "")])
        return answer

    day, month, year = "14", "3", "1987"
    said = {
        "new-business_name": "Riverside Dental",
        "new-business_registration_number": NUMBER,
        "new-owner_birth_date_day": day,
        "new-owner_birth_date_month": month,
        "new-owner_birth_date_year": year,
        "new-owner_phone_number": PHONE,
    }
    for fault in (
        Fault(kind="status", status=400, method="POST", path="*/EndUsers", times=1),
        Fault(kind="status", status=500, method="POST", path="*/EndUsers", times=1),
    ):
        twilio.faults.add(fault)
        press(url(bundle, "tasks/end-user/"), use="new", **said)
        twilio.faults.clear()
        _settle()
    press(url(bundle, "tasks/end-user/"), use="new", **said)
    paper = {
        "use": "new-registry_excerpt",
        "new-registry_excerpt-document_number": PAPER,
        "new-registry_excerpt-the-file": scan(),
    }
    press(url(bundle, "tasks/documents/registration_info/"), **paper)
    press(url(bundle, "check/"))
    twilio.judge(bundle.pk, Verdict(status="twilio-rejected", code=18008, reason=REASON))
    twilio.deliver(_arrive)
    for delivery in Delivery.objects.waiting():
        receive_bundle_callback(delivery.pk)
    bundle.refresh_from_db()
    return bundle, client, urls


def test_what_a_bundle_says_stands_in_no_log_url_task_table_or_export(rejected, log, sent_to_workers):
    bundle, client, urls = rejected
    assert bundle.status == Bundle.Status.REJECTED
    assert bundle.review_reason == REASON
    end_user = EndUser.objects.get(friendly_name="Riverside Dental")
    assert end_user.values["business_registration_number"] == NUMBER
    assert end_user.values["owner_birth_date"] == BORN
    document = SupportingDocument.objects.get(type="registry_excerpt")
    assert document.values == {"document_number": PAPER}

    exports = [
        b"".join(client.get(where)).decode()
        for where in ("/bundles/export/", "/end-users/export/", "/documents/export/")
    ]
    assert all(len(export.splitlines()) > 1 for export in exports)
    for place, said in {
        "logs": log.getvalue(),
        "URLs": "\n".join(urls),
        "task arguments": "\n".join(sent_to_workers),
        "exports": "\n".join(exports),
        "tables": _tables(),
    }.items():
        assert said
        assert not [value for value in PERSONAL if value in said], place


def test_whoever_may_only_look_sees_no_value_on_any_page(rejected):
    bundle, _, _ = rejected
    end_user = EndUser.objects.get(friendly_name="Riverside Dental")
    document = SupportingDocument.objects.get(type="registry_excerpt")
    viewer = Client()
    viewer.force_login(make_user(Role.VIEWER))

    for where in (
        "/bundles/", f"/bundles/{bundle.pk}/", "/end-users/", f"/end-users/{end_user.pk}/", "/documents/",
        f"/documents/{document.pk}/", f"/search/?q={bundle.pk}", "/", "/compliance/report/",
    ):  # fmt: skip
        page = Page.of(viewer, where, follow=True)
        # Twilio's reason is for everybody who asks why.
        assert not [value for value in PERSONAL if value in page.source and value != REASON], where


@pytest.mark.django_db(transaction=True)
def test_an_error_page_repeats_nothing_that_was_typed(rejected):
    bundle, client, _ = rejected
    client.raise_request_exception = False
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE compliance_guidedanswer RENAME TO hidden")
        try:
            answer = client.post(url(bundle, "tasks/end-user/"), {"new-business_registration_number": NUMBER})
        finally:
            cursor.execute("ALTER TABLE hidden RENAME TO compliance_guidedanswer")

    assert answer.status_code == 500
    assert NUMBER not in answer.content.decode()


def _arrive(where, headers, body):
    if not where.startswith(PUBLIC):
        return "204"
    return str(Client().generic("POST", where.removeprefix(PUBLIC), body, headers=headers).status_code)


def _settle() -> None:
    Operation.objects.filter(state="uncertain").update(ended_at=F("ended_at") - timedelta(minutes=1))
    settle_item_operations()


def _tables() -> str:
    """Everything that the database holds of ours, as text."""
    found = []
    with connection.cursor() as cursor:
        for model in apps.get_models():
            table = model._meta.db_table
            if not table.startswith(NOT_OURS):
                cursor.execute(f'SELECT to_jsonb(t)::text FROM "{table}" AS t')
                found += [text for (text,) in cursor.fetchall()]
    return "\n".join(found)
