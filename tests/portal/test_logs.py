"""A day in the log: every event is there, and nothing that is somebody's or secret."""

import io
import json
import logging
import re
from datetime import timedelta

import pytest
import structlog
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.models.functions import Now

from compliance.models import Bundle, EndUser, SupportingDocument
from inventory import actions
from inventory.configuration import configuration_of
from inventory.models import PhoneNumber
from portal.models import Operation
from portal.sandbox.faults import Fault
from portal.twilio.client import connect, remote_call
from portal.twilio.errors import TwilioFailure
from portal.twilio.patience import IN_A_TASK
from porting.models import HostedOrder, PortInRequest
from tests.answers import Answer, answering
from tests.mirroring import complete, sync

pytestmark = pytest.mark.django_db

RENDERERS = {
    "readable": settings.LOGGING["formatters"]["lines"]["processor"],
    "JSON": structlog.processors.JSONRenderer(),
}


@pytest.fixture(params=RENDERERS)
def log(request):
    """What the portal would write, as it would write it, down to the last detail."""
    options = {**settings.LOGGING["formatters"]["lines"], "processor": RENDERERS[request.param]}
    formatter = options.pop("()")(**options)
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(formatter)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler.stream
    root.setLevel(level)
    root.removeHandler(handler)


def a_day(twilio, parent, user):
    """Syncs that work and fail, changes that work, are refused and get lost, and a fault of ours."""
    call_command("sync_twilio", stdout=io.StringIO())
    number = PhoneNumber.objects.filter(sms=True, phone_number__startswith="+1").first()
    opened_with = configuration_of(number.payload)

    def update(**wanted):
        wanted = {**opened_with, **wanted}
        actions.update_number(number=number, wanted=wanted, opened_with=opened_with, actor=user)

    update(voice_method="GET" if opened_with["voice_method"] == "POST" else "POST")
    for fault, wanted in (
        ({"kind": "slow"}, {"voice_url": "ftp://Canary-Street.example.com/"}),
        ({"kind": "lost-answer"}, {"friendly_name": "Canary Jane"}),
    ):
        twilio.faults.add(Fault(method="POST", **fault))
        with pytest.raises(TwilioFailure):
            update(**wanted)
        twilio.faults.clear()
    Operation.objects.update(ended_at=Now() - timedelta(minutes=1))
    actions.settle_number_operations()
    for fault in ({"kind": "status", "status": 401}, {"kind": "truncated"}, {"kind": "reset"}):
        twilio.faults.add(Fault(**fault))
        sync(parent)
        twilio.faults.clear()
    strange = {**number.payload, "account_sid": None}
    with answering(Answer(200, {"incoming_phone_numbers": [strange, 5], "next_page_uri": None})):
        sync(parent)
    with remote_call("number.list", patience=IN_A_TASK):
        connect(parent.token_login()).incoming_phone_numbers.list(phone_number=number.phone_number)
    return number


def test_nothing_of_a_day_in_the_log_is_secret_or_personal(twilio, parent, support, log):
    number = a_day(twilio, parent, support)
    for resource in ("end_users", "documents", "bundles", "port_ins", "hosted_orders", "authorizations"):
        complete(parent, resource)

    written = log.getvalue()
    for event in (
        "twilio.exchange", "twilio.failed", "twilio.no_answer", "sync.run", "mirror.unreadable",
    ):  # fmt: skip
        assert event in written
    assert number.pk in written, "objects are named by their sid"
    secrets = {number.phone_number, number.phone_number[1:], "Canary", support.email, "Authorization"}
    for keys in (twilio.credentials, *twilio.subaccounts):
        secrets |= {keys.auth_token, keys.api_secret}
    for name in ("friendly_name", "voice_url", "sms_url"):
        secrets |= {value for value in PhoneNumber.objects.values_list(name, flat=True) if value}
    for item in (*EndUser.objects.all(), *SupportingDocument.objects.all()):
        secrets |= {str(value) for value in item.values.values() if isinstance(value, str) and len(value) > 3}
    secrets |= {bundle.email for bundle in Bundle.objects.all()}
    for request in PortInRequest.objects.all():
        secrets |= {value for value in request.carrier.values() if isinstance(value, str) and value}
    secrets |= {order.email for order in HostedOrder.objects.all() if order.email}
    found = {secret for secret in secrets if re.search(rf"(?<!\w){re.escape(secret)}(?!\w)", written)}
    assert not found


def test_the_traceback_of_a_failure_shows_no_url(twilio, parent, log):
    twilio.faults.add(Fault(kind="reset"))
    try:
        with remote_call("number.list"):
            connect(parent.token_login()).incoming_phone_numbers.list(phone_number="+12015550123")
    except TwilioFailure:
        structlog.get_logger("test").exception("test.failed")

    assert "Traceback" in log.getvalue()
    assert "Unavailable" in log.getvalue()
    assert "2015550123" not in log.getvalue()
    assert "http://" not in log.getvalue()


@pytest.mark.django_db(transaction=True)
def test_a_fault_of_ours_is_told_with_its_place_and_without_its_values(twilio, parent, log):
    complete(parent)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE inventory_phonenumber RENAME TO hidden")
        try:
            with pytest.raises(SystemExit):
                call_command("sync_twilio", "--only", "numbers", stdout=io.StringIO())
        finally:
            cursor.execute("ALTER TABLE hidden RENAME TO inventory_phonenumber")

    written = log.getvalue()
    assert "sync.fault" in written
    assert "engine.py" in written
    cursor = connection.cursor()
    cursor.execute("SELECT phone_number, friendly_name FROM inventory_phonenumber")
    assert not [value for row in cursor.fetchall() for value in row if value in written]


def test_each_line_says_what_happened_to_which_object(twilio, parent, log):
    complete(parent)

    lines = [line for line in log.getvalue().splitlines() if "sync.run" in line]
    assert len(lines) == 1
    if lines[0].startswith("{"):
        event = json.loads(lines[0])
        assert (event["event"], event["resource"], event["account"]) == ("sync.run", "numbers", parent.pk)
        assert event["state"] == "done"
        assert event["seen"] == event["added"] == PhoneNumber.objects.count()


def test_a_refusal_is_one_line_and_a_fault_has_its_traceback(as_viewer, log):
    assert as_viewer.get("/people/").status_code == 403
    assert "/people/" in log.getvalue()
    assert "Traceback" not in log.getvalue()

    logging.getLogger("django.request").error("Internal Server Error", exc_info=ValueError("ours"))
    assert "ValueError: ours" in log.getvalue()
