"""Which numbers can be hosted: asked once, answered later, and every next step with what to do."""

import json
from datetime import timedelta

import pytest
from celery import current_app
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from portal.models import Batch, Role
from portal.sandbox.faults import Fault
from portal.sandbox.hosting.settings import HostingSettings
from porting.hosting.eligibility.intake import MOST_NUMBERS, take_in
from porting.hosting.eligibility.next_steps import (
    NEXT_STEPS,
    Kind,
    normal_value,
    read_result,
    step_of,
    support_text,
)
from porting.models import AccountFeature, EligibilityCheck
from tests.factories import make_account, make_user
from tests.mirroring import broker_away
from tests.pages import Page
from tests.porting.filing import PREFIX
from tests.porting.hosting import CHECKS, answer, ask, checked, numbers
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

# Page 10, in the order of its table.
FIFTEEN = (
    "none", "create-hosted-number-order", "edit-ineligible-number-and-run-eligibility-check-again",
    "manage-hosting-order", "recover-messaging-capability", "contact-support-ineligible-carrier",
    "contact-support-internal-transfer", "contact-support-ineligible-inventory-status",
    "number-type-cannot-be-hosted", "retry-the-eligibility-check", "update-hosting-account-sid",
    "contact-support-to-manually-host-the-number", "contact-support-missing-provider-data",
    "contact-support-for-manual-process", "contact-support-to-retire-previous-orders",
)  # fmt: skip


@pytest.mark.parametrize("value", FIFTEEN)
@pytest.mark.parametrize("spelling", ["kebab", "upper"])
def test_every_next_step_has_an_action_or_a_text(value, spelling):
    told = value if spelling == "kebab" else value.upper().replace("-", "_")

    step = NEXT_STEPS[normal_value(told)]

    assert step.title
    assert step.what
    assert (step.kind == Kind.SUPPORT) == bool(step.ask)
    if step.ask:
        text = support_text(step, account_sid="AC1", request_sid="EC1", numbers=numbers("20"))
        assert step.ask in text
        assert f"{PREFIX}20" in text
        assert "To: HostedSMS@twilio.com" in text


def test_a_next_step_that_nobody_has_heard_of_is_shown_as_it_came():
    step = step_of(normal_value("ASK_THE_STARS"))

    assert step.title == "ask-the-stars"
    assert step.kind == Kind.SUPPORT


def test_no_reason_as_text_is_none_and_an_eligible_number_can_be_ordered():
    result = read_result(
        {"eligibility_status": "ELIGIBLE", "ineligibility_reason": "None", "next_step": None}
    )

    assert result["reason"] == ""
    assert result["next_step"] == "create-hosted-number-order"


@given(st.lists(st.integers(0, 30), max_size=40))
def test_what_is_taken_in_is_unique_and_every_other_line_is_named(endings):
    pieces = [(line, f"+1 (207) 555-01{ending:02d}") for line, ending in enumerate(endings, start=1)]

    intake = take_in(pieces, "US")

    assert list(intake.lines) == [f"+120755501{ending:02d}" for ending in dict.fromkeys(endings)]
    assert len(intake.lines) + len(intake.problems) == len(endings)


def test_bad_and_duplicate_lines_are_told_at_once_and_the_rest_is_asked_about(parent, as_porter):
    text = f"{PREFIX}10\n(207) 555-0111\nreception\n{PREFIX}10\n+1207555"

    answered = ask(as_porter, parent, text=text)

    check = EligibilityCheck.objects.get()
    assert answered.status_code == 302
    assert list(check.results.values_list("phone_number", flat=True)) == [f"{PREFIX}10", "+12075550111"]
    report = Page.of(as_porter, check.get_absolute_url()).one("#not-used").text
    assert "3 lines not used" in report
    assert "Twice: it stands in line 1 already" in report


def test_nothing_usable_is_refused_with_what_is_wrong(parent, as_porter):
    answered = ask(as_porter, parent, text="reception")

    assert answered.status_code == 422
    assert "There is no number in it" in Page(answered).one("[data-error-summary]").text
    assert not EligibilityCheck.objects.exists()


def test_more_than_twilio_takes_are_refused(parent, as_porter):
    text = "\n".join(f"+1207{number:07d}" for number in range(5550000, 5550000 + MOST_NUMBERS + 1))

    answered = ask(as_porter, parent, text=text)

    assert answered.status_code == 422
    assert "more than 1,000 numbers" in Page(answered).source


def test_a_file_is_read(parent, as_porter):
    file = SimpleUploadedFile("list.csv", f"Name,Number\nDesk,{PREFIX}10\n".encode())
    form = Page.of(as_porter, CHECKS).form()

    as_porter.post(CHECKS, {**form, "account": parent.pk, "file": file})

    assert EligibilityCheck.objects.get().results.get().phone_number == f"{PREFIX}10"


def test_a_bulk_check_is_answered_later_and_grouped_by_next_step(twilio, parent, as_porter):
    ask(as_porter, parent, "10", "11", "20", "24", "51")
    check = EligibilityCheck.objects.get()
    current_app.tasks["run_eligibility_check"](str(check.pk))
    check.refresh_from_db()
    assert (check.state, check.request_sid[:2]) == ("running", "EC")
    waiting = Page.of(as_porter, check.get_absolute_url())
    assert waiting.one("#check").get("hx-trigger") == "every 2s"
    assert "0 of 5 answered" in waiting.one(".meter").text

    answer(twilio, check)

    page = Page.of(as_porter, check.get_absolute_url())
    assert page.one("#check").get("hx-trigger") == ""
    groups = [section["id"] for section in page.all("section.step")]
    assert groups == [
        "create-hosted-number-order", "retry-the-eligibility-check", "contact-support-ineligible-carrier",
        "number-type-cannot-be-hosted",
    ]  # fmt: skip
    assert "+1 207-555-0110" in page.one("#create-hosted-number-order").text
    text = page.one("#contact-support-ineligible-carrier textarea").text
    assert f"{PREFIX}20" in text
    assert "Carrier" in page.one("#contact-support-ineligible-carrier-head").text or "carrier" in text
    assert parent.pk in text


def test_one_number_is_answered_at_once(twilio, parent, as_porter):
    ask(as_porter, parent, "10")
    check = EligibilityCheck.objects.get()

    current_app.tasks["run_eligibility_check"](str(check.pk))

    check.refresh_from_db()
    assert (check.state, check.request_sid) == ("done", "")
    result = check.results.get()
    assert (result.status, result.next_step) == ("eligible", "create-hosted-number-order")


def test_a_form_that_is_sent_twice_asks_once(twilio, parent, as_porter):
    form = Page.of(as_porter, CHECKS).form() | {"account": parent.pk, "numbers": f"{PREFIX}10"}

    first, second = as_porter.post(CHECKS, form), as_porter.post(CHECKS, form)

    assert first.url == second.url
    assert EligibilityCheck.objects.count() == 1


@pytest.mark.parametrize("kind", ["lost-answer", "reset"])
def test_a_lost_answer_is_asked_for_again(kind, twilio, parent, as_porter):
    ask(as_porter, parent, "10", "11")
    check = EligibilityCheck.objects.get()
    twilio.faults.add(Fault(kind=kind, method="POST", path="*/Eligibility/Bulk", times=1))
    current_app.tasks["run_eligibility_check"](str(check.pk))
    check.refresh_from_db()
    assert check.is_unended

    answer(twilio, check)

    assert check.state == "done"
    assert set(check.results.values_list("status", flat=True)) == {"eligible"}


def test_a_check_goes_on_although_the_broker_was_away(twilio, parent, as_porter):
    with broker_away():
        ask(as_porter, parent, "10")
    check = EligibilityCheck.objects.get()
    assert check.is_unended
    EligibilityCheck.objects.update(created_at="2020-01-01T00:00:00Z")

    current_app.tasks["follow_eligibility_checks"]()
    answer(twilio, check)

    assert check.state == "done"


def test_twilios_refusal_ends_the_check_in_twilios_words(twilio, parent, as_porter):
    ask(as_porter, parent, "10", "11")
    check = EligibilityCheck.objects.get()
    twilio.faults.add(Fault(kind="status", status=400, method="POST", path="*/Eligibility/Bulk"))

    current_app.tasks["run_eligibility_check"](str(check.pk))

    check.refresh_from_db()
    assert check.state == "failed"
    assert check.words in Page.of(as_porter, check.get_absolute_url()).one(".notice--bad").text


def test_a_check_that_twilio_has_lost_keeps_the_account_from_nothing(twilio, parent, as_porter):
    twilio.hosting.set(HostingSettings(bulk=10**6))
    ask(as_porter, parent, "10", "11")
    check = EligibilityCheck.objects.get()
    current_app.tasks["run_eligibility_check"](str(check.pk))
    twilio.faults.add(Fault(kind="status", status=404, method="GET", path="*/Eligibility/Bulk/*"))

    current_app.tasks["run_eligibility_check"](str(check.pk))

    check.refresh_from_db()
    assert check.state == "failed"
    assert AccountFeature.objects.get(account=parent, feature="hosting").is_available


def test_a_check_that_twilio_never_ends_is_given_up_and_offered_again(twilio, parent, as_porter):
    twilio.hosting.set(HostingSettings(bulk=10**6))
    ask(as_porter, parent, "10", "11")
    check = EligibilityCheck.objects.get()
    current_app.tasks["run_eligibility_check"](str(check.pk))
    page = Page.of(as_porter, check.get_absolute_url())
    assert "0 of 2 answered" in page.text
    EligibilityCheck.objects.update(created_at=timezone.now() - timedelta(hours=3))

    current_app.tasks["run_eligibility_check"](str(check.pk))

    page = Page.of(as_porter, check.get_absolute_url())
    assert "Twilio has not answered for two hours." in page.text
    form = page.form("form[action$='/again/']")
    assert as_porter.post(f"{check.get_absolute_url()}again/", form).url != check.get_absolute_url()


def test_an_account_without_hosting_says_so_in_twilios_words(parent, as_porter):
    AccountFeature.objects.create(
        account=parent, feature="hosting", is_available=False, words="The requested resource was not found"
    )

    page = Page.of(as_porter, CHECKS)
    answered = ask(as_porter, parent, "10")

    assert "The requested resource was not found" in page.one(".notice").text
    assert not EligibilityCheck.objects.exists()
    assert answered.status_code == 422


def test_a_flaky_number_is_checked_again_with_one_press(twilio, parent, as_porter):
    check = checked(twilio, as_porter, parent, "10", "24")
    page = Page.of(as_porter, check.get_absolute_url())

    form = page.form("#retry-the-eligibility-check form")
    answered = as_porter.post(page.one("#retry-the-eligibility-check form")["action"], form)

    again = EligibilityCheck.objects.exclude(pk=check.pk).get()
    assert answered.url == again.get_absolute_url()
    answer(twilio, again)
    assert again.results.get().next_step == "create-hosted-number-order"


def test_the_lines_that_are_not_used_stand_nowhere_in_clear(parent, as_porter):
    ask(as_porter, parent, text=f"{PREFIX}10\nOttilie Marblethwaite")

    row = EligibilityCheck.objects.raw("SELECT id, report AS kept FROM porting_eligibilitycheck")[0]

    assert "Ottilie" not in row.kept
    assert "Ottilie" in json.dumps(row.report)


def test_others_may_look_and_not_ask(twilio, parent, as_porter, as_viewer, client):
    check = checked(twilio, as_porter, parent, "10", "20")

    assert as_viewer.get(CHECKS).status_code == 403
    page = Page.of(as_viewer, check.get_absolute_url())
    assert not page.all("form[action$='/order/']")
    assert as_viewer.get(f"{check.get_absolute_url()}export/").status_code == 403
    client.force_login(make_user(Role.PORTING, accounts=[make_account()]))
    assert client.get(check.get_absolute_url()).status_code == 404
    assert as_porter.get(f"{check.get_absolute_url()}order/").status_code == 405


def test_the_export_has_every_number(twilio, parent, as_porter):
    check = checked(twilio, as_porter, parent, "10", "20")

    lines = b"".join(as_porter.get(f"{check.get_absolute_url()}export/")).decode().splitlines()

    assert len(lines) == 3
    assert "contact-support-ineligible-carrier" in lines[2]


def test_a_check_of_many_takes_the_same_queries(twilio, parent, as_porter, address):
    check = checked(twilio, as_porter, parent, *(f"{ending:02d}" for ending in range(20)), "20", "24")
    with counted("eligibility_detail"):
        as_porter.get(check.get_absolute_url())
    with counted("eligibility_create"):
        as_porter.get(CHECKS)


def test_numbers_that_cannot_be_hosted_are_checked_for_porting_in_one_press(twilio, parent, as_porter):
    check = checked(twilio, as_porter, parent, "20", "52")
    page = Page.of(as_porter, check.get_absolute_url())
    form = page.form("#number-type-cannot-be-hosted form[action='/port-ins/checks/']")

    answered = as_porter.post("/port-ins/checks/", form)

    batch = Batch.objects.get(kind="porting.check_numbers")
    assert answered.url == f"/port-ins/checks/{batch.pk}/"
    assert list(batch.items.values_list("target", flat=True)) == numbers("52")
