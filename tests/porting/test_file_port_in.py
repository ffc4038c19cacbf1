"""A request is filed once, whatever becomes of the answer, and nothing that was typed stays in clear."""

import logging
from datetime import timedelta

import pytest
from celery import current_app
from django.db import connection
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError

from portal.models import Operation, StoredFile
from portal.operations import AlreadyUnderWay
from portal.sandbox.faults import Fault
from portal.twilio.errors import Rejected, Unavailable, Uncertain
from porting.features import NotAvailable
from porting.models import PortInDraft, PortInNumber, PortInRequest
from porting.portin.actions import (
    FILE_PORT_IN,
    FILING_TASK,
    SENT_AT,
    AlreadyFiled,
    AlreadyPorting,
    begin_filing,
    carry_out_filing,
    settle_port_in_operations,
    upload_bill,
)
from porting.portin.drafts import fetch_draft
from tests.mirroring import complete
from tests.porting.drafting import CUSTOMER, PERSONAL, PIN, file_port_in, filled
from tests.porting.filing import PREFIX
from tests.porting.filing import file_port_in as file_elsewhere

pytestmark = pytest.mark.django_db
CREATE = "*/PortIn"


@pytest.fixture
def draft(parent, porter) -> PortInDraft:
    return filled(parent, porter)


def later(operation_kind: str = FILE_PORT_IN) -> None:
    """What lost its answer or its process is old enough to be looked into."""
    past = timezone.now() - timedelta(minutes=3)
    for operation in Operation.objects.filter(kind=operation_kind, detail__has_key=SENT_AT):
        operation.detail[SENT_AT] = past.isoformat()
        operation.save(update_fields=["detail"])
    Operation.objects.filter(kind=operation_kind).update(started_at=past)
    Operation.objects.filter(kind=operation_kind, ended_at__isnull=False).update(ended_at=past)


def test_it_files_the_request_with_all_that_was_typed(twilio, parent, draft, porter):
    port_in = file_port_in(draft=draft, actor=porter)

    assert port_in.status == "in_review"
    assert port_in.carrier["customer_name"] == CUSTOMER
    assert port_in.carrier["address"]["state"] == "ME"
    assert port_in.notification_emails == ["desk@example.com"]
    assert [one.phone_number for one in port_in.numbers.all()] == [f"{PREFIX}10", f"{PREFIX}11"]
    draft.refresh_from_db()
    assert (draft.port_in_sid, draft.values, draft.refusals) == (port_in.pk, {}, {})
    assert draft.filed_at
    assert StoredFile.objects.get().owner_sid == port_in.pk
    operation = Operation.objects.get(kind=FILE_PORT_IN)
    assert (operation.state, operation.target) == (Operation.State.DONE, port_in.pk)


def test_the_window_is_sent_with_the_offset_of_its_day(parent, porter):
    draft = filled(
        parent, porter, target_date="2099-07-01", window_start="09:00", window_end="17:30",
        time_zone="America/New_York",
    )  # fmt: skip

    port_in = file_port_in(draft=draft, actor=porter)

    assert (port_in.window_start, port_in.window_end) == ("09:00:00-04:00", "17:30:00-04:00")


def test_filing_twice_is_filing_once(twilio, draft, porter):
    port_in = file_port_in(draft=draft, actor=porter)

    with pytest.raises(AlreadyFiled) as filed:
        file_port_in(draft=draft, actor=porter)

    assert filed.value.draft.port_in_sid == port_in.pk
    assert PortInRequest.objects.count() == 1


def test_the_same_numbers_from_another_draft_are_not_filed_again(parent, draft, porter):
    port_in = file_port_in(draft=draft, actor=porter)
    twin = filled(parent, porter)

    with pytest.raises(AlreadyPorting) as porting:
        file_port_in(draft=twin, actor=porter)

    assert {number.request_id for number in porting.value.numbers} == {port_in.pk}


def test_numbers_that_were_rejected_elsewhere_can_be_filed_again(twilio, parent, porter):
    found = file_elsewhere(parent, "10")
    complete(parent, "port_ins")
    PortInNumber.objects.update(status="port_rejected")
    draft = filled(parent, porter, "10")
    PortInDraft.objects.filter(pk=draft.pk).update(replaces=found.request.sid)

    port_in = file_port_in(draft=draft, actor=porter)

    assert port_in.replaces == found.request.sid


@pytest.mark.parametrize("kind", ["lost-answer", "truncated"])
def test_a_lost_answer_is_settled_by_looking_and_never_by_filing_again(kind, twilio, parent, draft, porter):
    twilio.faults.add(Fault(kind=kind, method="POST", path=CREATE, times=1))

    with pytest.raises(Uncertain):
        file_port_in(draft=draft, actor=porter)
    with pytest.raises(AlreadyUnderWay):
        file_port_in(draft=draft, actor=porter)
    later()
    settle_port_in_operations()

    draft.refresh_from_db()
    operation = Operation.objects.get(kind=FILE_PORT_IN)
    assert (operation.state, operation.target) == (Operation.State.DONE, draft.port_in_sid)
    assert PortInRequest.objects.count() == 1
    assert draft.values == {}


def test_a_request_that_never_arrived_can_be_filed_once_that_is_known(twilio, draft, porter):
    twilio.faults.add(Fault(kind="reset", method="POST", path=CREATE, times=1))
    with pytest.raises(Uncertain):
        file_port_in(draft=draft, actor=porter)
    later()

    settle_port_in_operations()

    assert Operation.objects.get(kind=FILE_PORT_IN).state == Operation.State.REFUSED
    draft.refresh_from_db()
    assert not draft.is_filed
    assert draft.said["customer_name"] == CUSTOMER
    assert file_port_in(draft=draft, actor=porter).pk
    assert PortInRequest.objects.count() == 1


def test_another_request_made_meanwhile_is_not_taken_for_it(twilio, parent, draft, porter):
    twilio.faults.add(Fault(kind="reset", method="POST", path=CREATE, times=1))
    with pytest.raises(Uncertain):
        file_port_in(draft=draft, actor=porter)
    file_elsewhere(parent, "12")
    later()

    settle_port_in_operations()

    draft.refresh_from_db()
    assert not draft.is_filed


def test_a_worker_that_died_after_twilio_had_it_leaves_one_request(monkeypatch, twilio, draft, porter):
    class Killed(BaseException):
        pass

    def die(*args, **kwargs):
        raise Killed

    monkeypatch.setattr("portal.creation.end_created", die)
    with pytest.raises(Killed):
        file_port_in(draft=draft, actor=porter)
    monkeypatch.undo()
    assert Operation.objects.get(kind=FILE_PORT_IN).state == Operation.State.STARTED
    with pytest.raises(AlreadyUnderWay):
        file_port_in(draft=draft, actor=porter)
    later()

    settle_port_in_operations()

    draft.refresh_from_db()
    assert draft.is_filed
    assert PortInRequest.objects.count() == 1


def test_what_no_worker_took_is_given_to_the_workers_again(monkeypatch, twilio, draft, porter):
    """The broker was away when the button was pressed, or has lost the task."""
    given = []
    monkeypatch.setattr(current_app, "send_task", lambda name, args: given.append((name, *args)))
    operation = begin_filing(draft=draft, actor=porter)
    later()

    settle_port_in_operations()

    assert given == [(FILING_TASK, str(operation.pk))] * 2
    assert carry_out_filing(operation.pk)
    assert carry_out_filing(operation.pk) is None
    assert PortInRequest.objects.count() == 1


def test_the_broker_being_away_keeps_nobody_waiting_and_loses_nothing(monkeypatch, draft, porter):
    def away(name, args):
        raise BrokerError

    monkeypatch.setattr(current_app, "send_task", away)

    operation = begin_filing(draft=draft, actor=porter)

    assert operation.state == Operation.State.STARTED
    assert carry_out_filing(operation.pk)


def test_a_worker_that_died_while_twilio_was_at_it_is_followed_by_none_that_sends_again(
    twilio, draft, porter
):
    operation = begin_filing(draft=draft, actor=porter)
    operation.detail[SENT_AT] = timezone.now().isoformat()
    operation.save(update_fields=["detail"])

    assert carry_out_filing(operation.pk) is None
    Operation.objects.update(started_at=timezone.now() - timedelta(minutes=3))
    settle_port_in_operations()

    # Twilio has a minute for its answer before anybody says that it does not have the request.
    operation.refresh_from_db()
    assert operation.state == Operation.State.STARTED
    later()
    settle_port_in_operations()
    operation.refresh_from_db()
    assert operation.state == Operation.State.REFUSED


def test_what_was_changed_after_the_button_was_pressed_is_not_filed(draft, porter):
    operation = begin_filing(draft=draft, actor=porter)
    PortInDraft.objects.update(version=draft.version + 1)  # by a change that had begun before

    assert carry_out_filing(operation.pk) is None

    operation.refresh_from_db()
    assert operation.state == Operation.State.REFUSED
    assert "changed after the button" in operation.words
    assert file_port_in(draft=draft, actor=porter)


def test_a_bill_that_twilio_does_not_take_files_nothing(twilio, draft, porter):
    twilio.faults.add(Fault(kind="lost-answer", method="POST", path="*/Documents", times=1))

    with pytest.raises(Uncertain):
        file_port_in(draft=draft, actor=porter)

    operation = Operation.objects.get(kind=FILE_PORT_IN)
    assert (operation.state, SENT_AT in operation.detail) == (Operation.State.REFUSED, False)
    assert file_port_in(draft=draft, actor=porter).pk


def test_twilio_has_a_minute_for_a_thousand_numbers(twilio, parent, porter):
    draft = filled(parent, porter)
    numbers = [f"+1207555{n:04d}" for n in range(1000)]
    PortInDraft.objects.filter(pk=draft.pk).update(numbers=numbers)
    twilio.faults.add(Fault(kind="slow", method="POST", path=CREATE, seconds=45, times=1))

    port_in = file_port_in(draft=fetch_draft(draft), actor=porter)

    assert port_in.numbers.count() == 1000


def test_while_twilio_cannot_be_asked_nothing_is_settled(twilio, draft, porter):
    twilio.faults.add(Fault(kind="lost-answer", method="POST", path=CREATE, times=1))
    with pytest.raises(Uncertain):
        file_port_in(draft=draft, actor=porter)
    later()
    twilio.faults.add(Fault(kind="status", status=503, method="GET", path="*"))

    settle_port_in_operations()

    assert Operation.objects.get(kind=FILE_PORT_IN).state == Operation.State.UNCERTAIN


def test_twilio_being_busy_files_nothing_and_it_may_be_tried_again(twilio, draft, porter):
    twilio.faults.add(Fault(kind="status", status=429, method="POST", path=CREATE, times=1))
    with pytest.raises(Unavailable):
        file_port_in(draft=draft, actor=porter)

    assert file_port_in(draft=draft, actor=porter).pk


def test_what_twilio_refuses_is_kept_by_its_field_and_the_draft_stays(twilio, parent, porter):
    draft = filled(parent, porter, target_date="2001-01-02", authorized_representative_email="nobody")

    with pytest.raises(Rejected):
        file_port_in(draft=draft, actor=porter)

    draft = fetch_draft(draft)
    assert set(draft.refusals) == {"target_date", "authorized_representative_email"}
    assert draft.said["customer_name"] == CUSTOMER
    assert not PortInRequest.objects.exists()
    operation = Operation.objects.get(kind=FILE_PORT_IN)
    assert operation.state == Operation.State.REFUSED


def test_a_bundle_that_is_not_approved_is_refused_beside_its_field(parent, porter):
    draft = filled(parent, porter, bundle_sid=f"BU{'0' * 32}")

    with pytest.raises(Rejected) as refused:
        file_port_in(draft=draft, actor=porter)

    assert refused.value.code == 22170
    assert set(fetch_draft(draft).refusals) == {"bundle_sid"}


def test_an_account_that_may_not_port_is_told_so(twilio, parent, draft, porter):
    twilio.set_account(parent.pk, porting=False)

    with pytest.raises(NotAvailable):
        file_port_in(draft=draft, actor=porter)


def test_the_bill_is_uploaded_once_and_its_document_cited(twilio, draft, porter):
    draft = upload_bill(draft=draft, actor=porter)
    sid = draft.document_sid
    assert sid.startswith("RD")

    port_in = file_port_in(draft=draft, actor=porter)

    assert port_in.document_sids == [sid]


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        (Fault(kind="status", status=503, method="POST", path="*/Documents", times=1), Uncertain),
        (Fault(kind="status", status=429, method="POST", path="*/Documents", times=1), Unavailable),
        (Fault(kind="empty-file", method="POST", path="*/Documents", times=1), Rejected),
        (Fault(kind="lost-answer", method="POST", path="*/Documents", times=1), Uncertain),
    ],
)
def test_a_bill_that_did_not_arrive_is_kept_and_uploaded_again(fault, failure, twilio, draft, porter):
    twilio.faults.add(fault)

    with pytest.raises(failure):
        upload_bill(draft=draft, actor=porter)

    draft = fetch_draft(draft)
    assert draft.bill
    assert not draft.document_sid
    assert not Operation.objects.open().exists()
    assert upload_bill(draft=draft, actor=porter).document_sid


def test_a_subaccount_without_credentials_is_filed_for_by_its_parent(twilio, parent, porter):
    complete(parent, "accounts")
    child = type(parent).objects.filter(owner_sid=parent.pk, status="active").exclude(pk=parent.pk).first()
    type(child).objects.filter(pk=child.pk).update(auth_token="", api_key_sid="", api_key_secret="")
    child.refresh_from_db()

    port_in = file_port_in(draft=filled(child, porter), actor=porter)

    assert (port_in.account_id, port_in.reader_id) == (child.pk, parent.pk)


def test_numbers_with_pins_carry_theirs_and_no_other(twilio, parent, porter):
    draft = filled(parent, porter, "50", "10", pins={f"{PREFIX}50": PIN})

    port_in = file_port_in(draft=draft, actor=porter)

    twilio.porting.review(port_in.pk)
    complete(parent, "port_ins")
    assert port_in.numbers.count() == 2


def test_nothing_that_was_typed_lies_in_clear(twilio, parent, porter, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    draft = filled(parent, porter, "50", pins={f"{PREFIX}50": PIN})
    twilio.faults.add(Fault(kind="lost-answer", method="POST", path=CREATE, times=1))
    assert_hidden()
    with pytest.raises(Uncertain):
        file_port_in(draft=draft, actor=porter)
    assert_hidden()
    later()
    settle_port_in_operations()

    assert_hidden()
    told = caplog.text + "".join(capsys.readouterr())
    assert not [value for value in PERSONAL if value in told]


def assert_hidden() -> None:
    tables = (
        "porting_portindraft", "porting_portinrequest", "porting_portinnumber", "portal_operation",
        "portal_change", "portal_storedfile", "portal_reveal", "portal_batchitem", "portal_batch",
    )  # fmt: skip
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} AS t")
            stored = "\n".join(text for (text,) in cursor.fetchall())
            for value in (*PERSONAL, "thornlea"):
                assert value not in stored, f"{value} in {table}"
