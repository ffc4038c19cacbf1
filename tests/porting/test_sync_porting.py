"""Port-in requests, hosted orders and authorization documents against the sandbox."""

import json

import pytest
from django.db import connection

from inventory.models import Address
from portal.models import Change, SyncRun
from portal.sandbox.faults import Fault
from portal.twilio.errors import Rejected, Uncertain
from porting.hosting import gateway as hosting
from porting.models import AccountFeature, AuthorizationDocument, HostedOrder, PortInNumber, PortInRequest
from porting.portin import gateway as portin
from porting.portin.sync import refetch_port_in
from tests.mirroring import complete, sync, versions
from tests.porting.filing import LOSING_CARRIER, PREFIX, file_port_in, order_hosting

pytestmark = pytest.mark.django_db


@pytest.fixture
def filed(parent) -> PortInRequest:
    found = file_port_in(parent, "10", "11")
    complete(parent, "port_ins")
    return PortInRequest.objects.get(pk=found.request.sid)


def test_it_mirrors_requests_with_their_numbers(parent, filed):
    assert (filed.account_id, filed.reader_id, filed.status) == (parent.pk, parent.pk, "in_review")
    assert filed.carrier["customer_name"] == "Thornlea Dental"
    assert filed.notification_emails == ["desk@example.com"]
    assert (filed.numbers_requested, filed.numbers_ported) == (2, 0)
    numbers = list(filed.numbers.all())
    assert [(one.phone_number, one.country, one.status) for one in numbers] == [
        (f"{PREFIX}10", "US", "in_review"),
        (f"{PREFIX}11", "US", "in_review"),
    ]
    assert filed.status_since is not None


def test_the_losing_carriers_customer_stands_nowhere_in_clear(filed):
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(t)::text FROM porting_portinrequest AS t")
        stored = "\n".join(text for (text,) in cursor.fetchall())

    for value in ("Thornlea", "Marblethwaite", "owner@", "A-100", "desk@example.com", "12 Sample"):
        assert value not in stored


def test_a_change_is_told_and_dated_and_only_what_changed_is_read(twilio, parent, filed):
    twilio.porting.review(filed.pk)

    run = complete(parent, "port_ins")

    filed.refresh_from_db()
    assert filed.status == "waiting_for_signature"
    assert filed.signature_url.startswith("http")
    change = Change.objects.get(target=filed.pk)
    assert change.fields["port_in_request_status"] == ["In Review", "Waiting for Signature"]
    assert "http" not in json.dumps(change.fields)
    assert run.requests == -(-run.seen // 100) + 1
    before = versions(PortInRequest)
    assert complete(parent, "port_ins").changed == 0
    assert versions(PortInRequest) == before


def test_a_rejected_number_says_why_and_the_others_go_on(twilio, parent, filed):
    twilio.porting.review(filed.pk)
    twilio.porting.sign(filed.pk)
    rejected, other = filed.numbers.all()
    twilio.porting.reject(filed.pk, 22156, rejected.pk)

    refetch_port_in(filed, filed.pk, reader=parent, source=Change.Source.READ)

    filed.refresh_from_db()
    rejected.refresh_from_db()
    other.refresh_from_db()
    assert filed.status == "action_required"
    assert (rejected.status, rejected.rejection_code) == ("port_rejected", 22156)
    assert other.status == "port_submitted"


def test_every_request_of_a_list_with_many_pages_is_read(parent, monkeypatch):
    monkeypatch.setattr("porting.portin.gateway._PAGE_SIZE", 2)
    for ending in ("10", "11", "12"):
        file_port_in(parent, ending)

    complete(parent, "port_ins")

    assert PortInNumber.objects.filter(phone_number__startswith=PREFIX).count() == 3


def test_an_account_without_the_porting_api_is_noted_and_said_so(twilio, parent):
    twilio.set_account(parent.pk, porting=False)

    run = sync(parent, "port_ins")

    assert run.state == SyncRun.State.FAILED
    feature = AccountFeature.objects.get(account=parent, feature=AccountFeature.Feature.PORTING)
    assert not feature.is_available
    assert "permission" in feature.words
    twilio.set_account(parent.pk, porting=True)
    complete(parent, "port_ins")
    feature.refresh_from_db()
    assert (feature.is_available, feature.words) == (True, "")


@pytest.mark.parametrize(("fault", "failure"), [("lost-answer", Uncertain), ("truncated", Uncertain)])
def test_a_request_whose_answer_was_lost_is_uncertain_and_found_in_the_list(fault, failure, twilio, parent):
    twilio.faults.add(Fault(kind=fault, method="POST", path="*/PortIn", times=1))

    with pytest.raises(failure):
        file_port_in(parent, "10")

    complete(parent, "port_ins")
    assert PortInNumber.objects.filter(phone_number=f"{PREFIX}10").exists()


def test_a_refused_request_says_what_twilio_says(parent):
    with pytest.raises(Rejected) as refused:
        file_port_in(parent, "10", documents=[])

    assert "documents" in refused.value.words
    assert refused.value.code is None


def test_portability_is_an_answer_either_way(parent):
    login = parent.require_own_login()

    portable = portin.fetch_portability(login, f"{PREFIX}10", account_sid=parent.pk)
    assert (portable.portable, portable.country) == (True, "US")
    refused = portin.fetch_portability(login, "+573001234567")
    assert not refused.portable
    assert refused.code


def test_it_mirrors_hosted_orders_and_keeps_what_is_personal_encrypted(twilio, parent):
    complete(parent, "addresses")
    address = Address.objects.filter(account=parent, iso_country="US").first()
    sid = order_hosting(parent, "10", address.pk)

    complete(parent, "hosted_orders")

    order = HostedOrder.objects.get(pk=sid)
    assert (order.phone_number, order.country) == (f"{PREFIX}10", "US")
    assert (order.email, order.contact_title) == ("signer@example.com", "Office manager")
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(t)::text FROM porting_hostedorder AS t WHERE sid = %s", [sid])
        stored = cursor.fetchone()[0]
    for value in ("signer@", "Office manager", "+12075550199"):
        assert value not in stored


def test_it_mirrors_authorization_documents_which_do_not_say_whose_they_are(twilio, parent):
    complete(parent, "addresses")
    address = Address.objects.filter(account=parent, iso_country="US").first()
    order = order_hosting(parent, "10", address.pk)
    twilio.hosting.process(order)
    twilio.hosting.verify(order)
    document = hosting.create_document(
        parent.require_own_login(),
        {
            "HostedNumberOrderSids": [order],
            "AddressSid": address.pk,
            "Email": "signer@example.com",
            "ContactTitle": "Office manager",
            "ContactPhoneNumber": "+12075550199",
            "CcEmails": ["a@example.com", "b@example.com"],
        },
    )

    complete(parent, "authorizations")
    complete(parent, "hosted_orders")

    row = AuthorizationDocument.objects.get(pk=document.sid)
    assert (row.account_id, row.cc_emails) == (parent.pk, ["a@example.com", "b@example.com"])
    assert HostedOrder.objects.get(pk=order).signing_document_sid == row.pk


def test_what_filing_needs_is_sent_as_the_specification_says(parent):
    assert set(LOSING_CARRIER) >= {"customer_type", "customer_name", "authorized_representative_email"}
    found = file_port_in(parent, "10", target_port_in_time_range_start="10:15:00-08:00")

    assert found.request.payload["target_port_in_time_range_start"].startswith("10:15")
