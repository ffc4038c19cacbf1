"""The task list, and the way through it with everything new."""

import pytest
from django.test import Client

from compliance.models import Bundle, GuidedAnswer, Regulation
from portal.models import Role
from portal.sandbox.regulatory import resources as wire
from tests.compliance.guided import begin, file, send, task_states
from tests.factories import make_user
from tests.mirroring import complete
from tests.pages import Page

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def reviewer(db):
    return make_user(Role.COMPLIANCE)


@pytest.fixture
def client(reviewer):
    client = Client()
    client.force_login(reviewer)
    return client


@pytest.fixture
def german(parent):
    complete(parent, "regulations")
    return Regulation.objects.for_group("DE", "local").get(end_user_type="business")


def test_the_whole_way_with_everything_new(client, twilio, parent, german):
    bundle = begin(client, german, parent)
    base = f"/bundles/{bundle.pk}/tasks/"
    assert task_states(client, bundle) == {
        "Say who the end user is": "Not yet started",
        "Give the address": "Not yet started",
        "Prove: Business Name": "Not yet started",
        "Prove: Business Address (Proof of Address)": "Not yet started",
        "Check contact and callback": "Completed",
        "Check and submit": "Cannot start yet",
    }
    answer = send(client, f"{base}end-user/", **{"new-business_name": "Riverside Dental"})
    assert answer.status_code == 302, Page(answer).text
    assert answer["Location"] == f"{base}address/"

    answer = send(
        client, answer["Location"], customer_name="Riverside Dental", street="Musterstr. 1", city="Berlin",
        region="BE", postal_code="10117",
    )  # fmt: skip
    assert answer.status_code == 302, Page(answer).text
    assert answer["Location"] == f"{base}documents/business_name_info/"

    page = Page.of(client, answer["Location"])
    assert page.one("#id_new-commercial_registrar_excerpt-business_name")["value"] == "Riverside Dental"
    answer = send(
        client, answer["Location"], use="new-commercial_registrar_excerpt",
        **{"new-commercial_registrar_excerpt-the-file": file()},
    )  # fmt: skip
    assert answer.status_code == 302, Page(answer).text
    assert answer["Location"] == f"{base}documents/business_address_proof_info/"

    page = Page.of(client, answer["Location"])
    document = wire_document(twilio)
    answer = send(client, answer["Location"], use=document.sid)
    assert answer.status_code == 302, Page(answer).text
    assert set(task_states(client, bundle).values()) == {"Completed", "Not yet started"}
    assert answer["Location"] == f"/bundles/{bundle.pk}/check/"

    answer = send(client, answer["Location"])
    assert answer["Location"] == f"/bundles/{bundle.pk}/submitted/"
    page = Page.of(client, answer["Location"])
    assert bundle.pk in page.text
    bundle.refresh_from_db()
    assert bundle.status == Bundle.Status.PENDING_REVIEW
    assert not GuidedAnswer.objects.exclude(task__in=("regulation", "way")).exists()


def wire_document(twilio):
    return max(twilio.store.all(wire.SupportingDocument), key=lambda one: one.date_created)
